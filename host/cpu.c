/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pinning. Raw masks are used since the size of a cpu_set_t is not enough for every host.
 */
#define _GNU_SOURCE
#include "host/cpu.h"

#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    SLICE_SHORT_NS = 100000
};

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

void cpu_prefer_short(bool is_short)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {.size = 48};
    if (syscall(SYS_sched_getattr, 0, &attributes, 48, 0) < 0 || attributes.policy != SCHED_OTHER)
        return;
    attributes.size = 48;
    attributes.runtime = is_short ? SLICE_SHORT_NS : 0;
    (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}
