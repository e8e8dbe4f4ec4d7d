/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the personality tells the vDSO: how the processor's counter becomes time, for a short while from `tsc` on.
 * One page at a fixed address. The personality runs above the program's threads, so a reader sees a change of
 * `version` whenever it was interrupted by one.
 */
#ifndef SELKIE_LINUX_VDSO_H
#define SELKIE_LINUX_VDSO_H

#include <stdint.h>

#define VDSO_DATA   0x7d0290000000ul
#define VDSO_WINDOW (1ul << 25) /* steps of the counter for which it holds; then ask anew */
#define VDSO_SHIFT  32

struct vdso_data {
    volatile uint64_t version; /* 0: nothing is known yet */
    uint64_t tsc;
    uint64_t monotonic_ns; /* at `tsc` */
    int64_t realtime_offset_ns;
    uint64_t rate; /* nanoseconds a step, times 2^VDSO_SHIFT */
};

static inline uint64_t vdso_tsc(void)
{
    uint32_t low, high;
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

#endif
