/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The release queue: threads that could run but for their budget, the first to
 * get a refill first. It links them as the ready queues do, since a thread is in
 * one of them at most.
 *
 * Invariant ("release queue"): sorted by the time of the first refill; its threads
 * are postponed, no others are.
 */
#include "kernel/mcs/sched_context.h"
#include "kernel/thread.h"

static uint64_t release_time(const struct kernel *k, const struct tcb *tcb)
{
    return refill_first(sched_context_of(k, tcb))->time_ns;
}

void release_insert(struct kernel *k, struct tcb *tcb)
{
    struct queue *queue = &k->state->mcs.release;
    uint64_t self = arena_paddr(k, tcb);
    uint64_t time_ns = release_time(k, tcb);
    struct tcb *before = tcb_at(k, queue->tail);
    ASSERT(!tcb->is_queued && !tcb->is_postponed);

    while (before && release_time(k, before) > time_ns)
        before = tcb_at(k, before->sched_prev);
    tcb->sched_prev = before ? arena_paddr(k, before) : 0;
    tcb->sched_next = before ? before->sched_next : queue->head;
    if (before)
        before->sched_next = self;
    else
        queue->head = self;
    if (tcb->sched_next)
        tcb_at(k, tcb->sched_next)->sched_prev = self;
    else
        queue->tail = self;
    tcb->is_postponed = true;
    sched_context_refresh(k, tcb);
    k->state->mcs.is_reprogramming = true;
}

void release_remove(struct kernel *k, struct tcb *tcb)
{
    struct queue *queue = &k->state->mcs.release;
    if (!tcb->is_postponed)
        return;
    if (tcb->sched_prev)
        tcb_at(k, tcb->sched_prev)->sched_next = tcb->sched_next;
    else
        queue->head = tcb->sched_next;
    if (tcb->sched_next)
        tcb_at(k, tcb->sched_next)->sched_prev = tcb->sched_prev;
    else
        queue->tail = tcb->sched_prev;
    tcb->sched_prev = tcb->sched_next = 0;
    tcb->is_postponed = false;
    sched_context_refresh(k, tcb);
    k->state->mcs.is_reprogramming = true;
}

void release_awaken(struct kernel *k)
{
    const struct queue *queue = &k->state->mcs.release;
    while (queue->head) {
        struct tcb *tcb = tcb_at(k, queue->head);
        if (!refill_is_ready(k, sched_context_of(k, tcb)))
            return;
        release_remove(k, tcb);
        sched_possible_switch_to(k, tcb);
    }
}
