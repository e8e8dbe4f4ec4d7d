/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads of the MCS kernel: their priority orders the queues they wait in, and
 * stopping one takes it out of the release queue, too.
 * Manual: section "Scheduling".
 */
#include "kernel/mcs/mcs.h"
#include "kernel/thread.h"

void mcs_thread_stop(struct kernel *k, struct tcb *tcb)
{
    release_remove(k, tcb);
    yield_to_cancel(k, tcb);
}

static void set_runnable_priority(struct kernel *k, struct tcb *tcb, uint8_t priority)
{
    if (!tcb->is_queued && tcb != current_tcb(k)) {
        tcb->priority = priority;
        return;
    }
    sched_dequeue(k, tcb);
    tcb->priority = priority;
    if (thread_is_schedulable(tcb))
        sched_prepend(k, tcb);
    sched_choose_new(k);
}

void mcs_thread_set_priority(struct kernel *k, struct tcb *tcb, uint8_t priority)
{
    switch (tcb->state) {
    case THREAD_RUNNING:
    case THREAD_RESTART:
        set_runnable_priority(k, tcb, priority);
        return;
    case THREAD_BLOCKED_ON_RECEIVE:
    case THREAD_BLOCKED_ON_SEND:
        tcb->priority = priority;
        endpoint_reorder(k, tcb);
        return;
    case THREAD_BLOCKED_ON_NOTIFICATION:
        tcb->priority = priority;
        notification_reorder(k, tcb);
        return;
    default:
        tcb->priority = priority;
    }
}
