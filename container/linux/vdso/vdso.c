/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shared object that every program finds in its address space: clocks without a system call. vdso(7).
 * Runs on the program's stack and needs nothing; what it cannot answer it asks as anybody would.
 */
#include "vdso.h"

enum {
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 1,
    CLOCK_MONOTONIC_RAW = 4,
    CLOCK_REALTIME_COARSE = 5,
    CLOCK_MONOTONIC_COARSE = 6,
    SECOND_NS = 1000000000,
    CALL_GETTIMEOFDAY = 96,
    CALL_TIME = 201,
    CALL_CLOCK_GETTIME = 228,
    CALL_CLOCK_GETRES = 229,
    CALL_GETCPU = 309
};

struct pair {
    int64_t seconds, fraction;
};

long __vdso_clock_gettime(int clock, struct pair *time);
long __vdso_gettimeofday(struct pair *time, int *zone);
int64_t __vdso_time(int64_t *time);
long __vdso_clock_getres(int clock, struct pair *resolution);
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

static long call(long number, long a, long b)
{
    long result;
    asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
    return result;
}

/* Nanoseconds, or -1 when the personality has to be asked. */
static int64_t time_ns(int is_realtime)
{
    const struct vdso_data *data = (const struct vdso_data *)VDSO_DATA;
    for (;;) {
        uint64_t version = data->version, steps = vdso_tsc() - data->tsc;
        if (version == 0 || steps > VDSO_WINDOW) {
            return -1;
        }
        int64_t ns = (int64_t)(data->monotonic_ns + (steps * data->rate >> VDSO_SHIFT));
        ns += is_realtime ? data->realtime_offset_ns : 0;
        asm volatile("" : : : "memory");
        if (data->version == version) {
            return ns;
        }
    }
}

long __vdso_clock_gettime(int clock, struct pair *time)
{
    int64_t ns = -1;
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        ns = time_ns(1);
        break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
        ns = time_ns(0);
        break;
    default:
        break;
    }
    if (ns < 0) {
        return call(CALL_CLOCK_GETTIME, clock, (long)time);
    }
    *time = (struct pair){ns / SECOND_NS, ns % SECOND_NS};
    return 0;
}

long __vdso_gettimeofday(struct pair *time, int *zone)
{
    int64_t ns = time_ns(1);
    if (ns < 0 || zone) {
        return call(CALL_GETTIMEOFDAY, (long)time, (long)zone);
    }
    if (time) {
        *time = (struct pair){ns / SECOND_NS, ns % SECOND_NS / 1000};
    }
    return 0;
}

int64_t __vdso_time(int64_t *time)
{
    int64_t ns = time_ns(1);
    if (ns < 0) {
        return call(CALL_TIME, (long)time, 0);
    }
    if (time) {
        *time = ns / SECOND_NS;
    }
    return ns / SECOND_NS;
}

long __vdso_clock_getres(int clock, struct pair *resolution)
{
    return call(CALL_CLOCK_GETRES, clock, (long)resolution);
}

long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
    (void)unused;
    if (cpu) {
        *cpu = 0;
    }
    if (node) {
        *node = 0;
    }
    return 0;
}
