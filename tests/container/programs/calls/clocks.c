/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks, sleeping, and limits of time. */
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>

#include "tell.h"

static void reading(void)
{
    const int clocks[] = {CLOCK_REALTIME,
                          CLOCK_MONOTONIC,
                          CLOCK_PROCESS_CPUTIME_ID,
                          CLOCK_THREAD_CPUTIME_ID,
                          CLOCK_MONOTONIC_RAW,
                          CLOCK_REALTIME_COARSE,
                          CLOCK_MONOTONIC_COARSE,
                          CLOCK_BOOTTIME,
                          CLOCK_TAI,
                          77};
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        struct timespec a, b;
        int first = clock_gettime(clocks[i], &a), second = clock_gettime(clocks[i], &b);
        printf("clock %d: %d %d forward %d\n", clocks[i], first, second,
               first || b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
        printf("system call: %ld, resolution %d\n", syscall(SYS_clock_gettime, clocks[i], &a),
               clock_getres(clocks[i], NULL));
    }
    struct timeval now;
    struct timezone zone;
    struct timespec real;
    TELL(gettimeofday(&now, NULL));
    TELL(clock_gettime(CLOCK_REALTIME, &real));
    TELL(real.tv_sec - now.tv_sec <= 1);
    TELL(syscall(SYS_gettimeofday, &now, &zone));
    TELL(time(NULL) - now.tv_sec <= 1);
    TELL(syscall(SYS_time, NOWHERE));
    TELL(syscall(SYS_clock_gettime, CLOCK_REALTIME, NOWHERE));
    TELL(syscall(SYS_clock_getres, CLOCK_MONOTONIC, &real));
    TELL(real.tv_sec * 1000000000 + real.tv_nsec);
}

static void sleeping(void)
{
    struct timespec brief = {0, 20000000}, rest, until;
    long start = milliseconds();
    TELL(nanosleep(&brief, &rest));
    TELL(milliseconds() - start >= 19);
    TELL(nanosleep(&(struct timespec){0, -1}, NULL));
    TELL(nanosleep(&(struct timespec){0, 1000000000}, NULL));
    TELL(nanosleep(&(struct timespec){-1, 0}, NULL));
    TELL(nanosleep(NOWHERE, NULL));
    TELL(clock_nanosleep(CLOCK_MONOTONIC, 0, &brief, NULL));
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 20000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    start = milliseconds();
    TELL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
    TELL(milliseconds() - start >= 15);
    TELL(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &(struct timespec){1, 0}, NULL));
    TELL(clock_nanosleep(77, 0, &brief, NULL));
    TELL(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &brief, NULL));
    TELL(usleep(1000));
}

static void usage(void)
{
    struct rusage use;
    struct tms parts;
    struct sysinfo info;
    struct utsname name;
    TELL(getrusage(RUSAGE_SELF, &use));
    TELL(use.ru_maxrss > 0);
    TELL(getrusage(RUSAGE_CHILDREN, &use));
    TELL(use.ru_utime.tv_sec);
    TELL(getrusage(RUSAGE_THREAD, &use));
    TELL(getrusage(77, &use));
    TELL(getrusage(RUSAGE_SELF, NOWHERE));
    TELL(times(&parts) > 0);
    TELL(sysinfo(&info));
    TELL(info.totalram * info.mem_unit > 1 << 20);
    TELL(uname(&name));
    puts(name.sysname);
    puts(name.machine);
    TELL(uname(NOWHERE));
    TELL(sysconf(_SC_CLK_TCK));
    TELL(sysconf(_SC_PAGESIZE));
    TELL(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
}

int main(void)
{
    reading();
    sleeping();
    usage();
    return 0;
}
