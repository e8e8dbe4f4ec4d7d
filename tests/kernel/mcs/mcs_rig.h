/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the MCS tests do again and again: servers that wait, with or without time
 * of their own.
 */
#ifndef SELKIE_TESTS_KERNEL_MCS_RIG_H
#define SELKIE_TESTS_KERNEL_MCS_RIG_H

#include "kernel/mcs/mcs.h"
#include "kernel/state.h"
#include "tests/kernel/rig.h"

#define ROOT_CONTEXT ((uint64_t)ABI_SLOT_SCHED_CONTEXT)

static inline uint64_t mcs_context_paddr(const struct rig *rig, uint64_t context)
{
    return rig_cap(rig, context).paddr;
}

/* Does this thread run on that scheduling context? */
static inline bool mcs_has(const struct rig *rig, uint64_t tcb, uint64_t context)
{
    return rig_tcb(rig, tcb)->sched_context == mcs_context_paddr(rig, context);
}

static inline uint64_t mcs_unbind(struct rig *rig, uint64_t context)
{
    return rig_invoke(rig, context, OPERATION_SCHED_CONTEXT_UNBIND, NO_WORDS, NO_CAPS).label;
}

static inline uint64_t mcs_bind(struct rig *rig, uint64_t context, uint64_t object)
{
    return rig_invoke(rig, context, OPERATION_SCHED_CONTEXT_BIND, NO_WORDS, CAPS(object)).label;
}

/* A thread that waits on `endpoint` with `reply`, and has no time of its own. The root runs on. */
static inline uint64_t mcs_passive_server(struct rig *rig, uint64_t endpoint, uint64_t reply)
{
    uint64_t server = rig_thread(rig, 255, 0);
    rig_yield_to(rig, server);
    rig->reply = reply;
    rig_recv(rig, endpoint);
    CHECK(rig_root_runs(rig));
    CHECK_OK(mcs_unbind(rig, rig_context_of(server)));
    return server;
}

static inline uint64_t mcs_suspend(struct rig *rig, uint64_t tcb)
{
    return rig_invoke(rig, tcb, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS).label;
}

static inline uint64_t mcs_set_priority(struct rig *rig, uint64_t tcb, uint64_t priority)
{
    return rig_invoke(rig, tcb, OPERATION_TCB_SET_PRIORITY, WORDS(priority), CAPS(ABI_SLOT_TCB)).label;
}

#endif
