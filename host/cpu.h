/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which processor the calling thread runs on.
 */
#ifndef SELKIE_HOST_CPU_H
#define SELKIE_HOST_CPU_H

#include <stdbool.h>

/* Room for an affinity mask of 8192 processors, without needing GNU declarations here. */
struct cpu_pin {
    bool is_pinned;
    unsigned long before[128];
    int cpu; /* -1: not chosen yet */
};

/* Keep the calling thread, and what it forks, on one processor: `pin->cpu`, or where it is now. What the
 * host does not allow is not done: pinning is for speed alone. */
void cpu_pin(struct cpu_pin *pin);

/* Ask for the processor soon rather than long: of several that want it, hosts with deadlines (Linux 6.12) let
 * those with short slices go first. For the calling thread and what it forks; others ignore it. */
void cpu_prefer_short(bool is_short);

/* Give the calling thread its processors back. */
void cpu_unpin(struct cpu_pin *pin);

#endif
