/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals at any moment, in short calls, long ones, restarted ones and between them: nothing is lost or changed. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    SIGNALS = 800,
    ROUNDS = 4
};

static volatile sig_atomic_t count, in_handler;
static int ends[2];

static void note(int signal)
{
    (void)signal;
    count++;
    if (getpid() <= 0 || syscall(SYS_getppid) < 0) {
        in_handler++;
    }
}

/* A call with all registers that it must keep holding something known. */
static long call(long number, long a, long b, long c, int *errors)
{
    long result = number;
    register long r8 asm("r8") = 0x1008, r9 asm("r9") = 0x1009, r10 asm("r10") = 0x1010,
                     r12 asm("r12") = 0x1012, r13 asm("r13") = 0x1013, r14 asm("r14") = 0x1014,
                     r15 asm("r15") = 0x1015;
    long rbx = 0x1001, di = a, si = b, dx = c;
    double one = 1.5, kept = one;
    asm volatile("xchgq %%rbx, %[rbx]\nsyscall\nxchgq %%rbx, %[rbx]"
                 : "+a"(result), [rbx] "+r"(rbx), "+D"(di), "+S"(si), "+d"(dx), "+r"(r8), "+r"(r9), "+r"(r10),
                   "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15), "+x"(kept)
                 :
                 : "rcx", "r11", "memory", "cc");
    *errors += rbx != 0x1001 || di != a || si != b || dx != c || r8 != 0x1008 || r9 != 0x1009 ||
               r10 != 0x1010 || r12 != 0x1012 || r13 != 0x1013 || r14 != 0x1014 || r15 != 0x1015 ||
               kept != one;
    return result;
}

static void *worker(void *argument)
{
    int *errors = argument;
    long pid = getpid();
    unsigned long words = 0;
    struct timespec time = {.tv_nsec = 100};
    for (int round = 0; count < SIGNALS; round = (round + 1) % ROUNDS) {
        *errors += call(SYS_getpid, 1, 2, 3, errors) != pid;
        switch (round) {
        case 0:
            *errors += call(SYS_write, ends[1], (long)&pid, sizeof pid, errors) != sizeof pid;
            *errors += call(SYS_read, ends[0], (long)&words, sizeof words, errors) != sizeof words;
            *errors += words != (unsigned long)pid;
            break;
        case 1:
            *errors += call(SYS_lseek, -1, 0, 0, errors) != -9;
            break;
        case 2:
            nanosleep(&time, NULL);
            break;
        default:
            for (int i = 0; i < 100; i++) {
                *errors += call(SYS_getpid, i, 2, 3, errors) != pid;
            }
        }
    }
    return NULL;
}

int main(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    struct itimerval timer = {.it_value.tv_usec = 300, .it_interval.tv_usec = 300};
    int errors = 0, others = 0;
    pthread_t thread;
    if (pipe(ends)) {
        return 1;
    }
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    pthread_create(&thread, NULL, worker, &others);
    while (count < SIGNALS) {
        pthread_kill(thread, SIGUSR1);
        errors += call(SYS_getpid, 1, 2, 3, &errors) != getpid();
    }
    pthread_join(thread, NULL);
    printf("errors %d and %d, in handlers %d\n", errors, others, in_handler);
    return 0;
}
