/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes as programs use them. What is printed is the same natively and in a container. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LARGE = 4 << 20,
    CHILDREN = 20
};

extern char **environ;
static volatile int *volatile bad = (volatile int *)8;
static volatile sig_atomic_t child_signals, user_signals;
static char data[100000] = "initialized";

static void status_print(const char *what, int status)
{
    if (WIFEXITED(status)) {
        printf("%s: exit %d\n", what, WEXITSTATUS(status));
    } else if (WIFSIGNALED(status)) {
        printf("%s: signal %d\n", what, WTERMSIG(status));
    } else if (WIFSTOPPED(status)) {
        printf("%s: stopped %d\n", what, WSTOPSIG(status));
    } else if (WIFCONTINUED(status)) {
        printf("%s: continued\n", what);
    }
}

static void wait_print(const char *what, pid_t pid)
{
    int status = -1;
    pid_t got = waitpid(pid, &status, 0);
    printf("%s: waitpid %s\n", what, got == pid ? "the child" : strerror(errno));
    status_print(what, status);
}

static void endings(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(42);
    }
    wait_print("exit", pid);
    if ((pid = fork()) == 0) {
        raise(SIGKILL);
    }
    wait_print("killed", pid);
    if ((pid = fork()) == 0) {
        *bad = 1;
    }
    int status;
    waitpid(pid, &status, 0);
    printf("fault: %d\n", WTERMSIG(status));
    printf("no more: %d %s\n", waitpid(-1, &status, 0), strerror(errno));
}

/* Both sides write what they have in common, and see only their own. */
static void memory(void)
{
    unsigned char *large = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned *common = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int go[2];
    if (large == MAP_FAILED || common == MAP_FAILED || pipe(go)) {
        abort();
    }
    memset(large, 1, LARGE);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        if (read(go[0], &byte, 1) != 1) {
            _exit(9);
        }
        unsigned wrong = 0;
        for (size_t i = 0; i < LARGE; i += 512) {
            wrong += large[i] != 1;
            large[i] = 3;
        }
        common[0] = wrong + 100;
        common[1024] = data[0] == 'i';
        data[0] = 'X';
        _exit(wrong != 0);
    }
    for (size_t i = 0; i < LARGE; i += 1024) {
        large[i] = 2;
    }
    if (write(go[1], "x", 1) != 1) {
        abort();
    }
    wait_print("memory", pid);
    unsigned wrong = 0;
    for (size_t i = 0; i < LARGE; i += 512) {
        wrong += large[i] != (i % 1024 ? 1 : 2);
    }
    printf("memory: %u wrong, common %u %u, %s\n", wrong, common[0], common[1024], data);
    munmap(large, LARGE);
    munmap(common, 8192);
    close(go[0]);
    close(go[1]);
}

static void pipes(void)
{
    int to[2], pair[2];
    char buffer[64] = "";
    if (pipe(to) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) {
        abort();
    }
    pid_t pid = fork();
    if (pid == 0) {
        dup2(to[1], 1);
        close(to[0]);
        close(to[1]);
        if (write(pair[1], "by socket", 9) != 9) {
            _exit(1);
        }
        execl("/bin/sh", "sh", "-c", "echo by pipe; exec 1>&-; exit 5", (char *)NULL);
        _exit(127);
    }
    close(to[1]);
    size_t size = 0;
    for (ssize_t got; (got = read(to[0], buffer + size, sizeof buffer - size)) > 0; size += (size_t)got) {
    }
    printf("pipe: %s", buffer);
    memset(buffer, 0, sizeof buffer);
    printf("socket: %zd %s\n", read(pair[0], buffer, sizeof buffer), buffer);
    wait_print("pipe", pid);
    close(to[0]);
    close(pair[0]);
    close(pair[1]);
}

static void spawning(void)
{
    pid_t pid;
    int status;
    char *words[] = {"sh", "-c", "exit 7", NULL};
    printf("spawn: %s\n", strerror(posix_spawn(&pid, "/bin/sh", NULL, NULL, words, environ)));
    wait_print("spawn", pid);
    printf("spawn nothing: %s\n", strerror(posix_spawn(&pid, "/nonexistent", NULL, NULL, words, environ)));
    printf("spawn a directory: %s\n", strerror(posix_spawn(&pid, "/etc", NULL, NULL, words, environ)));
    printf("spawn a text: %s\n", strerror(posix_spawn(&pid, "/etc/passwd", NULL, NULL, words, environ)));
    printf("no more: %d %s\n", waitpid(-1, &status, WNOHANG), strerror(errno));
    volatile int shared = 1;
    pid = vfork();
    if (pid == 0) {
        shared = 2;
        _exit(3);
    }
    wait_print("vfork", pid);
    printf("vfork: %d\n", shared);
    pid = fork();
    if (pid == 0) {
        printf("exec: %d ", execl("/nonexistent", "x", (char *)NULL));
        printf("%s\n", strerror(errno));
        fflush(stdout);
        _exit(1);
    }
    wait_print("exec", pid);
}

static void on_child(int signal)
{
    child_signals += signal == SIGCHLD;
}

static void on_user(int signal)
{
    user_signals += signal == SIGUSR1;
}

static void signalling(void)
{
    int ready[2], go[2];
    char byte;
    int status;
    signal(SIGUSR1, on_user);
    signal(SIGCHLD, on_child);
    if (pipe(ready) || pipe(go)) {
        abort();
    }
    pid_t pid = fork();
    if (pid == 0) {
        kill(getppid(), SIGUSR1);
        while (!user_signals) {
            if (write(ready[1], "x", 1) != 1) {
                _exit(1);
            }
            usleep(2000);
        }
        raise(SIGSTOP);
        _exit(read(go[0], &byte, 1) == 1 ? 6 : 7);
    }
    if (read(ready[0], &byte, 1) != 1) {
        printf("no byte\n");
    }
    kill(pid, SIGUSR1);
    while (waitpid(pid, &status, WUNTRACED) < 0 && errno == EINTR) {
    }
    status_print("signal", status);
    kill(pid, SIGCONT);
    while (waitpid(pid, &status, WCONTINUED) < 0 && errno == EINTR) {
    }
    status_print("signal", status);
    if (WIFCONTINUED(status)) {
        if (write(go[1], "x", 1) != 1) {
            abort();
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        status_print("signal", status);
    }
    printf("signal: %d from the child, children %s\n", (int)user_signals, child_signals ? "seen" : "unseen");
    signal(SIGCHLD, SIG_IGN);
    if ((pid = fork()) == 0) {
        _exit(0);
    }
    printf("ignored: %d %s\n", waitpid(pid, &status, 0), strerror(errno));
    signal(SIGCHLD, SIG_DFL);
    close(ready[0]);
    close(ready[1]);
    close(go[0]);
    close(go[1]);
}

static void families(void)
{
    pid_t children[CHILDREN], self = getpid();
    int status, ended = 0;
    printf("group: %d %d\n", getpgid(0) == getpgrp(), getpgid(1 << 21));
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            _exit(getppid() == self ? i : 99);
        }
    }
    for (int i = CHILDREN - 1; i >= 0; i--) {
        ended += waitpid(children[i], &status, 0) == children[i] && WEXITSTATUS(status) == i;
    }
    printf("children: %d\n", ended);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        printf("own group: %d\n", getpgrp() == getpid());
        fflush(stdout);
        for (int i = 0; i < 3; i++) {
            if (fork() == 0) {
                pause();
                _exit(0);
            }
        }
        signal(SIGTERM, SIG_IGN);
        kill(0, SIGTERM);
        for (int i = 0; i < 3; i++) {
            wait(&status);
            status_print("of the group", status);
        }
        fflush(stdout);
        _exit(setsid() == -1 ? 4 : 5);
    }
    wait_print("family", pid);
    pid = fork();
    if (pid == 0) {
        printf("session: %d\n", setsid() == getpid() && getsid(0) == getpid());
        fflush(stdout);
        _exit(0);
    }
    wait_print("session", pid);
    siginfo_t info = {0};
    if ((pid = fork()) == 0) {
        _exit(8);
    }
    printf("waitid: %d", waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    printf(" %d %d %d\n", info.si_pid == pid, info.si_code == CLD_EXITED, info.si_status);
    wait_print("waitid", pid);
    printf("kill nobody: %d %s\n", kill(1 << 21, 0), strerror(errno));
}

/* A mutex and a condition that two processes share. */
static void common(void)
{
    struct shared {
        pthread_mutex_t mutex;
        pthread_cond_t turn;
        int count;
    } *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t mutex;
    pthread_condattr_t condition;
    if (shared == MAP_FAILED) {
        abort();
    }
    pthread_mutexattr_init(&mutex);
    pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->mutex, &mutex);
    pthread_condattr_init(&condition);
    pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&shared->turn, &condition);
    pid_t pid = fork();
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&shared->mutex);
        while (shared->count % 2 != (pid == 0)) {
            pthread_cond_wait(&shared->turn, &shared->mutex);
        }
        shared->count++;
        pthread_cond_signal(&shared->turn);
        pthread_mutex_unlock(&shared->mutex);
    }
    if (pid == 0) {
        _exit(0);
    }
    wait_print("common", pid);
    printf("common: %d\n", shared->count);
}

static void *thread_main(void *argument)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(getpid() == gettid() ? 11 : 12);
    }
    wait_print("thread", pid);
    return argument;
}

static void descriptors(void)
{
    int file = open("/etc/passwd", O_RDONLY), kept = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    char byte[8], command[100];
    pid_t pid = fork();
    if (pid == 0) {
        _exit(read(file, byte, 4) != 4);
    }
    wait_print("offset", pid);
    printf("offset: %ld\n", (long)lseek(file, 0, SEEK_CUR));
    (void)snprintf(command, sizeof command,
                   "test -e /proc/self/fd/%d; echo $?; test -e /proc/self/fd/%d; echo $?", file, kept);
    fflush(stdout);
    if (system(command)) {
        printf("system failed\n");
    }
}

int main(void)
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    void (*const parts[])(void) = {endings, memory, pipes, spawning, signalling, families, descriptors, common};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        fflush(stdout);
        parts[i]();
    }
    fflush(stdout);
    pthread_t thread;
    pthread_create(&thread, NULL, thread_main, NULL);
    pthread_join(thread, NULL);
    return 0;
}
