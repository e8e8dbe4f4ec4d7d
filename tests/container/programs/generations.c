/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generations chain COUNT: a process makes one, which makes one, and so on, each ending when the next one is there;
 *                          every eighth calls execve(2). Prints how far it got.
 * generations bomb:        makes processes until that fails, and prints why.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FIRST_FD = 9,
    EXEC_EACH = 8
};

static char *program;

/* What the first process reads. */
static _Noreturn void tell(const char *what, int number)
{
    dprintf(FIRST_FD, "%s %d\n", what, number);
    _exit(0);
}

static _Noreturn void generation(int left)
{
    for (; left > 0; left--) {
        pid_t parent = getpid(), pid = fork();
        if (pid < 0) {
            tell(strerrorname_np(errno), left);
        }
        if (pid > 0) {
            _exit(0);
        }
        while (getppid() == parent) { /* what it had is free then, or ours alone */
            sched_yield();
        }
        if (left % EXEC_EACH == 0) {
            char count[16];
            snprintf(count, sizeof count, "%d", left - 1);
            execl(program, program, "generation", count, (char *)NULL);
            tell(strerrorname_np(errno), left);
        }
    }
    tell("end", left);
}

static void chain(int count)
{
    char text[64] = "";
    int ends[2], status;
    if (pipe(ends) || dup2(ends[1], FIRST_FD) < 0) {
        exit(1);
    }
    close(ends[1]);
    if (fork() == 0) {
        generation(count);
    }
    close(FIRST_FD);
    ssize_t size = read(ends[0], text, sizeof text - 1);
    printf("%s", size > 0 ? text : "silence\n");
    while (wait(&status) > 0) { /* the first process gets them all */
        if (status) {
            printf("status %x\n", (unsigned)status);
        }
    }
}

static void bomb(void)
{
    int made = 0;
    pid_t pid;
    while ((pid = fork()) > 0) {
        made++;
    }
    if (pid == 0) {
        pause();
        _exit(0);
    }
    printf("%s %s\n", made > 3 ? "some" : "few", strerrorname_np(errno));
    kill(0, SIGTERM);
}

int main(int count, char **arguments)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    program = arguments[0];
    if (count > 2 && strcmp(arguments[1], "chain") == 0) {
        chain(atoi(arguments[2]));
    } else if (count > 2) {
        generation(atoi(arguments[2]));
    } else {
        bomb();
    }
    return 0;
}
