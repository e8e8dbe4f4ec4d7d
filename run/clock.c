/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks. CPUID leaf 0x15 gives the counter's frequency as a ratio of a crystal;
 * leaf 0x40000010 is how hypervisors tell it (in kHz). Leaf 0x16 is a
 * marketing figure, off by up to one percent, so measuring comes before it.
 *
 * Source: Intel SDM volume 3, section "Time-Stamp Counter"; volume 2, CPUID.
 */
#include "run/clock.h"

#include <cpuid.h>
#include <time.h>
#include <x86intrin.h>

enum {
    NS_PER_S = 1000000000,
    CALIBRATION_NS = 5000000,
    CALIBRATION_TRIES = 5
};

static uint64_t clock_read(clockid_t id)
{
    struct timespec time;
    (void)clock_gettime(id, &time);
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

/* Counter and clock of the same moment: of several tries the one least disturbed. */
static void pair_read(uint64_t *tsc, uint64_t *raw_ns)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < CALIBRATION_TRIES; i++) {
        uint64_t before = __rdtsc();
        uint64_t now = clock_read(CLOCK_MONOTONIC_RAW);
        uint64_t after = __rdtsc();
        if (after - before < best) {
            best = after - before;
            *tsc = before + best / 2;
            *raw_ns = now;
        }
    }
}

void host_clock_start(struct host_clock *clock)
{
    clock->origin_ns = clock_read(CLOCK_MONOTONIC);
    pair_read(&clock->first_tsc, &clock->first_raw_ns);
}

uint64_t host_clock_now_ns(const struct host_clock *clock)
{
    return clock_read(CLOCK_MONOTONIC) - clock->origin_ns;
}

int64_t host_clock_unix_seconds(void)
{
    return (int64_t)time(NULL);
}

static uint64_t tsc_hz_told(void)
{
    uint32_t a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(0x15, 0, &a, &b, &c, &d) && a && b && c) {
        return (uint64_t)c * b / a;
    }
    if (__get_cpuid(1, &a, &b, &c, &d) && (c >> 31)) { /* a hypervisor is present */
        __cpuid(0x40000000, a, b, c, d);
        if (a >= 0x40000010 && a < 0x40010000) {
            __cpuid(0x40000010, a, b, c, d);
            return (uint64_t)a * 1000;
        }
    }
    return 0;
}

static uint64_t tsc_hz_measured(const struct host_clock *clock)
{
    uint64_t tsc = 0;
    uint64_t raw_ns = 0;
    do {
        pair_read(&tsc, &raw_ns);
    } while (raw_ns - clock->first_raw_ns < CALIBRATION_NS);
    /* Differences of many hours still fit: the quotient is taken in 128 bits. */
    return (uint64_t)((unsigned __int128)(tsc - clock->first_tsc) * NS_PER_S /
                      (raw_ns - clock->first_raw_ns));
}

uint32_t host_clock_tsc_mhz(const struct host_clock *clock)
{
    uint64_t hz = tsc_hz_told();
    if (hz < 100000000 || hz > 20000000000) { /* nothing told, or nonsense */
        hz = tsc_hz_measured(clock);
    }
    return (uint32_t)((hz + 500000) / 1000000);
}
