/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's clock as the machine's clock, and the frequency of its time stamp counter.
 */
#ifndef SELKIE_RUN_CLOCK_H
#define SELKIE_RUN_CLOCK_H

#include <stdint.h>

struct host_clock {
    uint64_t origin_ns;    /* CLOCK_MONOTONIC when the run began */
    uint64_t first_tsc;    /* the first pair of a calibration */
    uint64_t first_raw_ns; /* CLOCK_MONOTONIC_RAW */
};

void host_clock_start(struct host_clock *clock);

/* Nanoseconds since the start. */
uint64_t host_clock_now_ns(const struct host_clock *clock);

/* MHz, rounded. As the processor or the hypervisor tells it, else measured over at least 5 ms
 * since the start: call it late. */
uint32_t host_clock_tsc_mhz(const struct host_clock *clock);

int64_t host_clock_unix_seconds(void);

#endif
