/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints: senders and receivers meet here, whoever comes first waits.
 *
 * Invariant ("endpoint queues"): the queue is empty exactly if the endpoint is
 * idle; otherwise every thread in it is blocked on this endpoint, all in the
 * direction the state names.
 *
 * Manual: chapter "Message Passing (IPC)".
 */
#include "kernel/ipc.h"

#include "kernel/mcs/mcs.h"
#include "kernel/tcb_queue.h"
#include "kernel/thread.h"

static struct queue endpoint_queue(const struct endpoint *endpoint)
{
    return (struct queue){endpoint->head, endpoint->tail};
}

static void endpoint_set_queue(struct endpoint *endpoint, struct queue queue, enum endpoint_state state)
{
    endpoint->head = queue.head;
    endpoint->tail = queue.tail & LINK_MASK;
    endpoint->state = (queue.head ? state : ENDPOINT_IDLE) & 3u;
}

static void endpoint_enqueue(struct kernel *k, struct endpoint *endpoint, struct tcb *tcb, enum endpoint_state state)
{
    endpoint_set_queue(endpoint, tcb_queue_append(k, endpoint_queue(endpoint), tcb), state);
}

static void endpoint_dequeue(struct kernel *k, struct endpoint *endpoint, struct tcb *tcb)
{
    endpoint_set_queue(endpoint, tcb_queue_remove(k, endpoint_queue(endpoint), tcb), endpoint->state);
}

/* A caller waits for its reply; without a right to be answered it never runs again by itself. */
static void caller_wait(struct kernel *k, struct tcb *caller, struct tcb *receiver, bool can_be_answered,
                        bool reply_can_grant)
{
    if (can_be_answered)
        reply_setup_caller(k, caller, receiver, reply_can_grant);
    else
        thread_set_state(k, caller, THREAD_INACTIVE);
}

static void endpoint_block_sender(struct kernel *k, struct tcb *sender, struct endpoint *endpoint,
                                  struct endpoint_send how)
{
    sender->blocking_object = arena_paddr(k, endpoint);
    sender->blocking_badge = how.badge;
    sender->blocking_can_grant = how.can_grant;
    sender->blocking_can_grant_reply = how.can_grant_reply;
    sender->blocking_is_call = how.is_call;
    thread_set_state(k, sender, THREAD_BLOCKED_ON_SEND);
    endpoint_enqueue(k, endpoint, sender, ENDPOINT_SEND);
}

void endpoint_send(struct kernel *k, struct tcb *sender, struct endpoint *endpoint, struct endpoint_send how)
{
    if (endpoint->state != ENDPOINT_RECEIVE) {
        if (how.is_blocking)
            endpoint_block_sender(k, sender, endpoint, how);
        return;
    }
    struct tcb *receiver = tcb_at(k, endpoint->head);
    endpoint_dequeue(k, endpoint, receiver);
    ipc_transfer(k, sender, arena_paddr(k, endpoint), how.badge, how.can_grant, receiver);
    if (UNLIKELY(k->abi->config.is_mcs)) {
        mcs_send_complete(k, sender, receiver, how);
        return;
    }
    thread_set_state(k, receiver, THREAD_RUNNING);
    sched_possible_switch_to(k, receiver);
    if (how.is_call)
        caller_wait(k, sender, receiver, how.can_grant || how.can_grant_reply, receiver->blocking_can_grant);
}

void endpoint_block_receiver(struct kernel *k, struct tcb *receiver, struct endpoint *endpoint, bool can_grant)
{
    receiver->blocking_object = arena_paddr(k, endpoint);
    receiver->blocking_can_grant = can_grant;
    thread_set_state(k, receiver, THREAD_BLOCKED_ON_RECEIVE);
    endpoint_enqueue(k, endpoint, receiver, ENDPOINT_RECEIVE);
}

struct tcb *endpoint_take_sender(struct kernel *k, struct tcb *receiver, struct endpoint *endpoint)
{
    struct tcb *sender = tcb_at(k, endpoint->head);
    endpoint_dequeue(k, endpoint, sender);
    ipc_transfer(k, sender, arena_paddr(k, endpoint), sender->blocking_badge, sender->blocking_can_grant, receiver);
    return sender;
}

static void endpoint_receive_first(struct kernel *k, struct tcb *receiver, struct endpoint *endpoint, bool can_grant)
{
    struct tcb *sender = endpoint_take_sender(k, receiver, endpoint);
    if (sender->blocking_is_call) {
        caller_wait(k, sender, receiver, sender->blocking_can_grant || sender->blocking_can_grant_reply, can_grant);
    } else {
        thread_set_state(k, sender, THREAD_RUNNING);
        sched_possible_switch_to(k, sender);
    }
}

void endpoint_receive(struct kernel *k, struct tcb *receiver, struct cap cap, bool is_blocking)
{
    struct endpoint *endpoint = arena_at(k, cap.paddr);
    struct notification *bound = receiver->bound_notification ? arena_at(k, receiver->bound_notification) : NULL;

    if (bound && bound->state == NOTIFICATION_ACTIVE)
        notification_complete(k, bound, receiver);
    else if (endpoint->state == ENDPOINT_SEND)
        endpoint_receive_first(k, receiver, endpoint, cap.can_grant);
    else if (is_blocking)
        endpoint_block_receiver(k, receiver, endpoint, cap.can_grant);
    else
        receiver->context.reg[REG_RDI] = 0; /* badge 0: nothing was there */
}

static void waiter_restart(struct kernel *k, struct tcb *tcb)
{
    if (k->abi->config.is_mcs) {
        mcs_waiter_restart(k, tcb);
        return;
    }
    thread_set_state(k, tcb, THREAD_RESTART);
    sched_prepend(k, tcb);
}

void endpoint_cancel_all(struct kernel *k, struct endpoint *endpoint)
{
    if (endpoint->state == ENDPOINT_IDLE)
        return;
    while (endpoint->head) {
        struct tcb *tcb = tcb_at(k, endpoint->head);
        endpoint_dequeue(k, endpoint, tcb);
        waiter_restart(k, tcb);
    }
    sched_choose_new(k);
}

void endpoint_cancel_badged(struct kernel *k, struct endpoint *endpoint, uint64_t badge)
{
    if (endpoint->state != ENDPOINT_SEND)
        return;
    for (uint64_t link = endpoint->head; link;) {
        struct tcb *tcb = tcb_at(k, link);
        link = tcb->queue_next;
        if (tcb->blocking_badge == badge) {
            endpoint_dequeue(k, endpoint, tcb);
            waiter_restart(k, tcb);
        }
    }
    sched_choose_new(k);
}

/* Leave a queue without having met anyone. */
static void endpoint_leave(struct kernel *k, struct tcb *tcb)
{
    endpoint_dequeue(k, arena_at(k, tcb->blocking_object), tcb);
    thread_set_state(k, tcb, THREAD_INACTIVE);
}

void endpoint_reorder(struct kernel *k, struct tcb *tcb)
{
    struct endpoint *endpoint = arena_at(k, tcb->blocking_object);
    enum endpoint_state state = endpoint->state;
    endpoint_dequeue(k, endpoint, tcb);
    endpoint_enqueue(k, endpoint, tcb, state);
}

void ipc_cancel(struct kernel *k, struct tcb *tcb)
{
    if (k->abi->config.is_mcs)
        mcs_cancel(k, tcb);
    switch (tcb->state) {
    case THREAD_BLOCKED_ON_SEND:
    case THREAD_BLOCKED_ON_RECEIVE:
        endpoint_leave(k, tcb);
        return;
    case THREAD_BLOCKED_ON_NOTIFICATION:
        notification_leave(k, tcb);
        return;
    case THREAD_BLOCKED_ON_REPLY:
        if (k->abi->config.is_mcs)
            reply_remove_caller(k, tcb);
        else
            reply_cancel(k, tcb);
        return;
    default:
        return;
    }
}
