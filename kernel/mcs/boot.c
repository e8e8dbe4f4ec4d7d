/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The time of the initial thread: round robin, in turns of the configured length.
 * Manual: chapter "System Bootstrapping".
 */
#include "kernel/mcs/mcs.h"
#include "kernel/thread.h"

void mcs_boot_thread(struct kernel *k, struct tcb *tcb, uint64_t sched_context)
{
    struct mcs_state *mcs = &k->state->mcs;
    struct sched_context *sc = sched_context_at(k, sched_context);
    mcs->now_ns = k->machine->clock.now_ns(k->machine->clock.world);
    refill_new(k, sc, (uint64_t)k->abi->config.boot_thread_time_slice_us * NS_PER_US, 0, REFILLS_MIN);
    sc->tcb = arena_paddr(k, tcb);
    tcb->sched_context = sched_context;
    sched_context_refresh(k, tcb);
    mcs->is_reprogramming = true;
    time_leave(k);
}
