/* SPDX-License-Identifier: BSD-2-Clause */
/* getrusage(2), times(2), clocks of processor time: what computing and sleeping cost, oneself and in children. */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <sys/wait.h>

#include "tell.h"

static long clock_ms(clockid_t clock)
{
    struct timespec time;
    return clock_gettime(clock, &time) ? -1 : time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static long usage_ms(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* Until so much is told to have been used, which must not take for ever. */
static void compute(long ms)
{
    long end = clock_ms(CLOCK_THREAD_CPUTIME_ID) + ms, last = milliseconds() + 20000;
    while (clock_ms(CLOCK_THREAD_CPUTIME_ID) < end && milliseconds() < last) {
    }
}

/* What others do with the processor meanwhile may count here, but there are limits. */
static int is_about(long got, long ms)
{
    return got >= ms - 20 && got <= ms + 1000;
}

static void *thread_main(void *argument)
{
    long before = clock_ms(CLOCK_THREAD_CPUTIME_ID);
    compute(60);
    TELL(is_about(clock_ms(CLOCK_THREAD_CPUTIME_ID) - before, 60));
    TELL(is_about(usage_ms(RUSAGE_THREAD), 60));
    return argument;
}

static void children(void)
{
    struct rusage usage;
    struct tms ticks;
    int status;
    TELL(usage_ms(RUSAGE_CHILDREN));
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        TELL(usage_ms(RUSAGE_SELF) < 1000);
        if (fork() == 0) {
            compute(100);
            _exit(0);
        }
        wait(NULL);
        _exit(3);
    }
    TELL(wait4(pid, &status, 0, &usage) == pid);
    TELL(WEXITSTATUS(status));
    TELL(is_about((usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000, 100));
    TELL(is_about(usage_ms(RUSAGE_CHILDREN), 100));
    times(&ticks);
    TELL(is_about((ticks.tms_cutime + ticks.tms_cstime) * 10, 100));
}

int main(void)
{
    long start = clock_ms(CLOCK_PROCESS_CPUTIME_ID), wall = milliseconds();
    clockid_t clock;
    TELL(start >= 0 && start < 2000);
    compute(100);
    long used = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - start;
    TELL(is_about(used, 100));
    TELL(labs(usage_ms(RUSAGE_SELF) - clock_ms(CLOCK_PROCESS_CPUTIME_ID)) < 200);
    long before = usage_ms(RUSAGE_SELF);
    usleep(150000);
    TELL(usage_ms(RUSAGE_SELF) - before < 140);
    TELL(usage_ms(RUSAGE_SELF) <= milliseconds() - wall + 1000);
    TELL(clock_getcpuclockid(0, &clock));
    TELL(labs(clock_ms(clock) - clock_ms(CLOCK_PROCESS_CPUTIME_ID)) < 200);
    pthread_t thread;
    pthread_create(&thread, NULL, thread_main, NULL);
    pthread_join(thread, NULL);
    TELL(clock_ms(CLOCK_THREAD_CPUTIME_ID) <= clock_ms(CLOCK_PROCESS_CPUTIME_ID));
    children();
    TELL(getrusage(77, NOWHERE));
    TELL(getrusage(RUSAGE_SELF, NOWHERE));
    TELL(syscall(SYS_times, NOWHERE));
    return 0;
}
