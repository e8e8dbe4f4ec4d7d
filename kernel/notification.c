/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications: a word of signals that somebody waits for or finds.
 *
 * Invariant ("notification queues"): threads are queued exactly while the state
 * is WAITING; a bound thread and its notification name each other.
 *
 * Delivery changes the receiver's badge register only: the message info is
 * whatever the receiver had there.
 *
 * Manual: chapter "Notifications".
 */
#include "kernel/ipc.h"

#include "kernel/mcs/mcs.h"
#include "kernel/tcb_queue.h"
#include "kernel/thread.h"

static void notification_set_queue(struct notification *notification, struct queue queue)
{
    notification->head = queue.head;
    notification->tail = queue.tail & LINK_MASK;
    notification->state = queue.head ? NOTIFICATION_WAITING : NOTIFICATION_IDLE;
}

static void notification_dequeue(struct kernel *k, struct notification *notification, struct tcb *tcb)
{
    struct queue queue = {notification->head, notification->tail};
    notification_set_queue(notification, tcb_queue_remove(k, queue, tcb));
}

static void notification_enqueue(struct kernel *k, struct notification *notification, struct tcb *tcb)
{
    struct queue queue = {notification->head, notification->tail};
    notification_set_queue(notification, tcb_queue_append(k, queue, tcb));
}

static void notification_deliver(struct kernel *k, struct notification *notification, struct tcb *tcb,
                                 uint64_t badge)
{
    thread_set_state(k, tcb, THREAD_RUNNING);
    tcb->context.reg[REG_RDI] = badge;
    if (UNLIKELY(k->abi->config.is_mcs)) {
        mcs_notification_lend(k, notification, tcb);
        mcs_wake(k, tcb);
        return;
    }
    sched_possible_switch_to(k, tcb);
}

static void notification_activate(struct notification *notification, uint64_t badge)
{
    notification->state = NOTIFICATION_ACTIVE;
    notification->badge = badge;
}

void notification_signal(struct kernel *k, struct notification *notification, uint64_t badge)
{
    struct tcb *tcb;
    switch ((enum notification_state)notification->state) {
    case NOTIFICATION_IDLE:
        tcb = tcb_at(k, notification->bound);
        if (tcb && tcb->state == THREAD_BLOCKED_ON_RECEIVE) {
            ipc_cancel(k, tcb);
            notification_deliver(k, notification, tcb, badge);
        } else {
            notification_activate(notification, badge);
        }
        return;
    case NOTIFICATION_WAITING:
        tcb = tcb_at(k, notification->head);
        notification_dequeue(k, notification, tcb);
        notification_deliver(k, notification, tcb, badge);
        return;
    case NOTIFICATION_ACTIVE:
        notification->badge |= badge;
        return;
    }
}

void notification_complete(struct kernel *k, struct notification *notification, struct tcb *tcb)
{
    tcb->context.reg[REG_RDI] = notification->badge;
    notification->badge = 0;
    notification->state = NOTIFICATION_IDLE;
    if (UNLIKELY(k->abi->config.is_mcs))
        mcs_notification_lend(k, notification, tcb);
}

OUT_OF_LINE static void notification_wait(struct kernel *k, struct notification *notification, struct tcb *tcb)
{
    tcb->blocking_object = arena_paddr(k, notification);
    thread_set_state(k, tcb, THREAD_BLOCKED_ON_NOTIFICATION);
    if (UNLIKELY(k->abi->config.is_mcs))
        mcs_notification_take_back(k, notification, tcb);
    notification_enqueue(k, notification, tcb);
}

void notification_receive(struct kernel *k, struct tcb *receiver, struct cap cap, bool is_blocking)
{
    struct notification *notification = arena_at(k, cap.paddr);
    if (notification->state == NOTIFICATION_ACTIVE) {
        notification_complete(k, notification, receiver);
    } else if (is_blocking) {
        notification_wait(k, notification, receiver);
    } else {
        receiver->context.reg[REG_RDI] = 0;
    }
}

void notification_reorder(struct kernel *k, struct tcb *tcb)
{
    struct notification *notification = arena_at(k, tcb->blocking_object);
    notification_dequeue(k, notification, tcb);
    notification_enqueue(k, notification, tcb);
}

void notification_leave(struct kernel *k, struct tcb *tcb)
{
    notification_dequeue(k, arena_at(k, tcb->blocking_object), tcb);
    thread_set_state(k, tcb, THREAD_INACTIVE);
}

void notification_cancel_all(struct kernel *k, struct notification *notification)
{
    if (notification->state != NOTIFICATION_WAITING)
        return;
    while (notification->head) {
        struct tcb *tcb = tcb_at(k, notification->head);
        notification_dequeue(k, notification, tcb);
        if (k->abi->config.is_mcs) {
            mcs_waiter_restart(k, tcb);
            continue;
        }
        thread_set_state(k, tcb, THREAD_RESTART);
        sched_prepend(k, tcb);
    }
    sched_choose_new(k);
}

void notification_bind(struct kernel *k, struct tcb *tcb, struct notification *notification)
{
    notification->bound = arena_paddr(k, tcb);
    tcb->bound_notification = arena_paddr(k, notification);
}

static void notification_part(struct tcb *tcb, struct notification *notification)
{
    notification->bound = 0;
    tcb->bound_notification = 0;
}

void notification_unbind(struct kernel *k, struct tcb *tcb)
{
    if (tcb->bound_notification)
        notification_part(tcb, arena_at(k, tcb->bound_notification));
}

void notification_unbind_any(struct kernel *k, struct notification *notification)
{
    if (notification->bound)
        notification_part(tcb_at(k, notification->bound), notification);
}
