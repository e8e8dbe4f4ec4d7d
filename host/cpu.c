/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pinning. Raw masks are used since the size of a cpu_set_t is not enough for every host.
 */
#define _GNU_SOURCE
#include "host/cpu.h"

#include <sched.h>
#include <string.h>

void cpu_pin(struct cpu_pin *pin)
{
    cpu_set_t *before = (cpu_set_t *)(void *)pin->before;
    if (pin->is_pinned || sched_getaffinity(0, sizeof(pin->before), before) < 0)
        return;
    int cpu = pin->cpu >= 0 ? pin->cpu : sched_getcpu();
    unsigned long mask[sizeof(pin->before) / sizeof(unsigned long)] = {0};
    if (cpu < 0 || (size_t)cpu >= sizeof(mask) * 8)
        return;
    CPU_SET_S((size_t)cpu, sizeof(mask), (cpu_set_t *)(void *)mask);
    if (sched_setaffinity(0, sizeof(mask), (cpu_set_t *)(void *)mask) < 0)
        return;
    pin->cpu = cpu;
    pin->is_pinned = true;
}

void cpu_unpin(struct cpu_pin *pin)
{
    if (!pin->is_pinned)
        return;
    sched_setaffinity(0, sizeof(pin->before), (cpu_set_t *)(void *)pin->before);
    pin->is_pinned = false;
}
