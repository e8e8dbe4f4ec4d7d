/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals between processes: SIGCHLD, groups, stop and continue, what a fork and a new program keep. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t count, last;
static siginfo_t seen;

static void note(int signal, siginfo_t *info, void *context)
{
    (void)context;
    count++;
    last = signal;
    seen = *info;
}

static void handle(int signal, int flags)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = flags | SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

static void block(int how, int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(how, &set, NULL);
}

static void wait_for(volatile sig_atomic_t *what, int least)
{
    for (int i = 0; i < 5000 && *what < least; i++) {
        usleep(1000);
    }
}

static void children(void)
{
    int status;
    handle(SIGCHLD, SA_RESTART);
    pid_t child = fork();
    if (!child) {
        _exit(3);
    }
    pid_t got = waitpid(child, &status, 0);
    wait_for(&count, 1);
    printf("exited: %d status %x signals %d code %d pid %d status %d\n", got == child, status, count,
           seen.si_code, seen.si_pid == child, seen.si_status);
    count = 0;
    child = fork();
    if (!child) {
        for (;;) {
            pause();
        }
    }
    kill(child, SIGTERM);
    got = waitpid(child, &status, 0);
    wait_for(&count, 1);
    printf("killed: %d status %x code %d status %d\n", got == child, status, seen.si_code, seen.si_status);
    signal(SIGCHLD, SIG_DFL);
}

static void spinning(void)
{
    int status;
    pid_t child = fork();
    if (!child) {
        for (volatile unsigned long i = 0;; i++) {
        }
    }
    usleep(20000);
    kill(child, SIGUSR1);
    printf("a child that computes: %d", waitpid(child, &status, 0) == child);
    printf(" %x\n", status);
}

static void ping_pong(void)
{
    pid_t parent = getpid();
    handle(SIGUSR1, 0);
    block(SIG_BLOCK, SIGUSR1);
    sigset_t none;
    sigemptyset(&none);
    count = 0;
    pid_t child = fork();
    if (!child) {
        for (int i = 0; i < 50; i++) {
            sigsuspend(&none);
            kill(parent, SIGUSR1);
        }
        _exit(count);
    }
    for (int i = 0; i < 50; i++) {
        kill(child, SIGUSR1);
        sigsuspend(&none);
    }
    int status;
    waitpid(child, &status, 0);
    printf("ping-pong: %d and %d, from the child %d\n", count, WEXITSTATUS(status), seen.si_pid == child);
    block(SIG_UNBLOCK, SIGUSR1);
    child = fork();
    if (!child) {
        sigqueue(parent, SIGUSR1, (union sigval){.sival_int = 99});
        _exit(0);
    }
    waitpid(child, &status, 0);
    wait_for(&count, 51);
    printf("queued: code %d value %d\n", seen.si_code, seen.si_value.sival_int);
}

static void stopping(void)
{
    int status, ends[2];
    char byte = 0;
    if (pipe(ends)) {
        return;
    }
    count = 0;
    pid_t child = fork();
    if (!child) {
        setpgid(0, 0); /* in our group, of which nobody outside is in this session, SIGTSTP would not stop it */
        handle(SIGCONT, SA_RESTART);
        byte = 'r';
        (void)!write(ends[1], &byte, 1);
        raise(SIGSTOP);
        byte = 'c';
        (void)!write(ends[1], &byte, 1);
        while (count < 2) {
            pause();
        }
        _exit(count);
    }
    (void)!read(ends[0], &byte, 1);
    pid_t got = waitpid(child, &status, WUNTRACED);
    printf("stopped: %d %d by %d, ran to %c\n", got == child, WIFSTOPPED(status), WSTOPSIG(status), byte);
    printf("nothing else: %d\n", waitpid(child, &status, WNOHANG | WUNTRACED));
    kill(child, SIGCONT);
    got = waitpid(child, &status, WCONTINUED);
    printf("continued: %d %d\n", got == child, WIFCONTINUED(status));
    (void)!read(ends[0], &byte, 1);
    kill(child, SIGTSTP);
    got = waitpid(child, &status, WUNTRACED);
    printf("stopped again: %d by %d after %c\n", got == child, WSTOPSIG(status), byte);
    kill(child, SIGCONT);
    got = waitpid(child, &status, 0);
    printf("ended: %d exit %d\n", got == child, WEXITSTATUS(status));
    child = fork();
    if (!child) {
        for (volatile unsigned long i = 0;; i++) {
        }
    }
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    kill(child, SIGTERM);
    printf("a stopped one does not end: %d", waitpid(child, &status, WNOHANG));
    kill(child, SIGCONT);
    printf(" %d", waitpid(child, &status, 0) == child);
    printf(" %x\n", status);
    child = fork();
    if (!child) {
        (void)!read(ends[0], &byte, 1); /* stopped while it waits, it must not read */
        _exit(byte);
    }
    usleep(20000);
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    (void)!write(ends[1], "a", 1);
    usleep(20000);
    (void)!read(ends[0], &byte, 1);
    kill(child, SIGCONT);
    (void)!write(ends[1], "b", 1);
    waitpid(child, &status, 0);
    printf("read here %c, there %c\n", byte, WEXITSTATUS(status));
}

static void groups(void)
{
    pid_t child[3];
    int status, ended = 0;
    for (int i = 0; i < 3; i++) {
        child[i] = fork();
        if (!child[i]) {
            for (;;) {
                pause();
            }
        }
        setpgid(child[i], child[0]);
    }
    printf("group: %d", getpgid(child[2]) == child[0]);
    printf(" kill %d", kill(-child[0], SIGUSR2));
    for (int i = 0; i < 3; i++) {
        ended += waitpid(-child[0], &status, 0) > 0 && WTERMSIG(status) == SIGUSR2;
    }
    printf(" ended %d", ended);
    printf(" again %d", kill(-child[0], SIGUSR2));
    printf(" %d\n", errno);
    pid_t leader = fork();
    if (!leader) { /* kill(0) reaches the sender, too, before it returns */
        setpgid(0, 0);
        handle(SIGUSR1, 0);
        count = 0;
        kill(0, SIGUSR1);
        _exit(count);
    }
    waitpid(leader, &status, 0);
    printf("own group: %d\n", WEXITSTATUS(status));
}

static void kept(void)
{
    int status;
    block(SIG_BLOCK, SIGUSR2);
    raise(SIGUSR2);
    alarm(100);
    pid_t child = fork();
    if (!child) {
        sigset_t pending, mask;
        sigpending(&pending);
        sigprocmask(SIG_BLOCK, NULL, &mask);
        _exit(sigismember(&pending, SIGUSR2) | sigismember(&mask, SIGUSR2) << 1 | (alarm(0) != 0) << 2);
    }
    waitpid(child, &status, 0);
    printf("a fork keeps %d", WEXITSTATUS(status));
    printf(" alarm here %d\n", alarm(0) != 0);
    signal(SIGUSR2, SIG_DFL);
    block(SIG_UNBLOCK, SIGHUP);
}

/* After exec: what is left of handlers, masks and pending signals. */
static void tell(void)
{
    struct sigaction caught, ignored;
    sigset_t pending, mask;
    sigaction(SIGUSR1, NULL, &caught);
    sigaction(SIGINT, NULL, &ignored);
    sigpending(&pending);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf("a new program: caught %d ignored %d pending %d blocked %d alarm %d\n",
           caught.sa_handler == SIG_DFL, ignored.sa_handler == SIG_IGN, sigismember(&pending, SIGUSR2),
           sigismember(&mask, SIGUSR2), alarm(0) != 0);
}

int main(int argument_count, char **argument)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argument_count > 1 && !strcmp(argument[1], "tell")) {
        tell();
        return 0;
    }
    children();
    spinning();
    ping_pong();
    stopping();
    groups();
    kept();
    handle(SIGUSR1, 0);
    signal(SIGINT, SIG_IGN);
    block(SIG_BLOCK, SIGUSR2);
    alarm(100);
    pid_t child = fork();
    if (!child) {
        raise(SIGUSR2);
        alarm(100);
        execl("/proc/self/exe", argument[0], "tell", (char *)NULL);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    printf("status %x\n", status);
    return 0;
}
