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

static void notification_deliver(struct kernel *k, struct tcb *tcb, uint64_t badge)
{
    thread_set_state(k, tcb, THREAD_RUNNING);
    tcb->context.reg[REG_RDI] = badge;
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
            notification_deliver(k, tcb, badge);
        } else {
            notification_activate(notification, badge);
        }
        return;
    case NOTIFICATION_WAITING:
        tcb = tcb_at(k, notification->head);
        notification_dequeue(k, notification, tcb);
        notification_deliver(k, tcb, badge);
        return;
    case NOTIFICATION_ACTIVE:
        notification->badge |= badge;
        return;
    }
}

void notification_complete(struct kernel *k, struct notification *notification, struct tcb *tcb)
{
    (void)k;
    tcb->context.reg[REG_RDI] = notification->badge;
    notification->badge = 0;
    notification->state = NOTIFICATION_IDLE;
}

void notification_receive(struct kernel *k, struct tcb *receiver, struct cap cap, bool is_blocking)
{
    struct notification *notification = arena_at(k, cap.paddr);
    if (notification->state == NOTIFICATION_ACTIVE) {
        notification_complete(k, notification, receiver);
    } else if (is_blocking) {
        struct queue queue = {notification->head, notification->tail};
        receiver->blocking_object = cap.paddr;
        thread_set_state(k, receiver, THREAD_BLOCKED_ON_NOTIFICATION);
        notification_set_queue(notification, tcb_queue_append(k, queue, receiver));
    } else {
        receiver->context.reg[REG_RDI] = 0;
    }
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
