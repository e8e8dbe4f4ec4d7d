/* SPDX-License-Identifier: BSD-2-Clause */
/* signal_end HOW: what ends a program, and what does not. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void tell(int signal)
{
    printf("got %d\n", signal);
    fflush(stdout);
}

static void *spin(void *argument)
{
    for (volatile unsigned long *count = argument;; (*count)++) {
    }
    return NULL;
}

static void *raise_later(void *argument)
{
    (void)argument;
    usleep(20000);
    kill(getpid(), SIGTERM);
    return NULL;
}

static void in_time(const char *how)
{
    pthread_t thread;
    unsigned long count = 0;
    if (!strcmp(how, "spin")) { /* the process computes in all its threads */
        alarm(1);
        pthread_create(&thread, NULL, spin, &count);
        spin(&count);
    } else if (!strcmp(how, "wait")) {
        pthread_create(&thread, NULL, raise_later, NULL);
        pause();
    } else if (!strcmp(how, "stopped")) { /* continued, and then ended */
        signal(SIGCONT, tell);
        alarm(1);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTSTP);
        sigprocmask(SIG_BLOCK, &set, NULL);
        kill(getpid(), SIGTSTP);
        kill(getpid(), SIGCONT); /* takes the other one away */
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        pause();
    }
}

static void fault(void)
{
    asm volatile("movq %%rax, 8" ::: "memory");
}

int main(int count, char **argument)
{
    const char *how = count > 1 ? argument[1] : "";
    in_time(how);
    if (!strcmp(how, "blocked")) { /* a fault cannot be blocked */
        sigset_t all;
        sigfillset(&all);
        signal(SIGSEGV, tell);
        sigprocmask(SIG_BLOCK, &all, NULL);
        fault();
    } else if (!strcmp(how, "ignored")) {
        signal(SIGSEGV, SIG_IGN);
        fault();
    } else if (!strcmp(how, "again")) { /* a fault within its own handler */
        struct sigaction action = {.sa_handler = (void (*)(int))16};
        sigaction(SIGSEGV, &action, NULL);
        fault();
    } else if (!strcmp(how, "stack")) { /* no room for a frame */
        signal(SIGUSR1, tell);
        asm volatile("movq %0, %%rsp\nsyscall" : : "r"(4096ul), "a"(62), "D"(getpid()), "S"(SIGUSR1));
    } else if (!strcmp(how, "frame")) { /* a frame that is none */
        asm volatile("movq %0, %%rsp\nsyscall" : : "r"(4096ul), "a"(15));
    } else if (!strcmp(how, "abort")) {
        signal(SIGABRT, tell);
        abort();
    } else {
        raise(atoi(how));
    }
    printf("still there\n");
    return 5;
}
