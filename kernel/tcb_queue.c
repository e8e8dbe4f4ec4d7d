/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues of threads that wait for an object.
 */
#include "kernel/tcb_queue.h"

/* MCS: behind everybody of at least its priority. */
OUT_OF_LINE static struct queue tcb_queue_insert(struct kernel *k, struct queue queue, struct tcb *tcb)
{
    uint64_t self = arena_paddr(k, tcb);
    struct tcb *before = tcb_at(k, queue.tail);
    while (before && before->priority < tcb->priority)
        before = tcb_at(k, before->queue_prev);
    tcb->queue_prev = before ? arena_paddr(k, before) : 0;
    tcb->queue_next = before ? before->queue_next : queue.head;
    if (before)
        before->queue_next = self;
    else
        queue.head = self;
    if (tcb->queue_next)
        tcb_at(k, tcb->queue_next)->queue_prev = self;
    else
        queue.tail = self;
    return queue;
}

struct queue tcb_queue_append(struct kernel *k, struct queue queue, struct tcb *tcb)
{
    if (UNLIKELY(queue.tail && k->abi->config.is_mcs))
        return tcb_queue_insert(k, queue, tcb);
    uint64_t self = arena_paddr(k, tcb);
    tcb->queue_prev = queue.tail;
    tcb->queue_next = 0;
    if (queue.tail)
        tcb_at(k, queue.tail)->queue_next = self;
    else
        queue.head = self;
    queue.tail = self;
    return queue;
}

struct queue tcb_queue_remove(struct kernel *k, struct queue queue, struct tcb *tcb)
{
    if (tcb->queue_prev)
        tcb_at(k, tcb->queue_prev)->queue_next = tcb->queue_next;
    else
        queue.head = tcb->queue_next;
    if (tcb->queue_next)
        tcb_at(k, tcb->queue_next)->queue_prev = tcb->queue_prev;
    else
        queue.tail = tcb->queue_prev;
    tcb->queue_prev = tcb->queue_next = 0;
    return queue;
}
