/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages and signals where time is a capability: with a call, a scheduling
 * context may go to the receiver, and comes back with the answer.
 * Manual: chapters "Message Passing (IPC)" and "Notifications", section "Passive Threads".
 */
#include "kernel/mcs/mcs.h"
#include "kernel/mcs/reply.h"
#include "kernel/thread.h"

void mcs_wake(struct kernel *k, struct tcb *tcb)
{
    struct sched_context *sc = sched_context_of(k, tcb);
    sched_context_unblock(k, sc);
    sched_context_resume(k, sc);
    sched_possible_switch_to(k, tcb);
}

static bool waits_for_answer(const struct tcb *sender, bool is_call)
{
    return is_call || sender->fault.type != FAULT_NONE;
}

void mcs_send_complete(struct kernel *k, struct tcb *sender, struct tcb *receiver, struct endpoint_send how)
{
    struct reply_object *reply = reply_object_at(k, receiver->reply);
    if (reply)
        reply_unlink(k, reply, receiver);
    if (waits_for_answer(sender, how.is_call)) {
        if (reply && (how.can_grant || how.can_grant_reply))
            reply_push(k, reply, sender, receiver, how.can_donate);
        else
            thread_set_state(k, sender, THREAD_INACTIVE);
    } else if (how.can_donate && sender->sched_context && !receiver->sched_context) {
        sched_context_donate(k, sched_context_of(k, sender), receiver);
    }
    thread_set_state(k, receiver, THREAD_RUNNING);
    mcs_wake(k, receiver);
}

/* The first waiting sender's message was taken. */
static void sender_complete(struct kernel *k, struct tcb *sender, struct tcb *receiver,
                            struct reply_object *reply)
{
    sched_context_unblock(k, sched_context_of(k, sender));
    if (!waits_for_answer(sender, sender->blocking_is_call)) {
        thread_set_state(k, sender, THREAD_RUNNING);
        mcs_wake(k, sender);
    } else if (reply && (sender->blocking_can_grant || sender->blocking_can_grant_reply)) {
        reply_push(k, reply, sender, receiver, sender->fault.type != FAULT_TIMEOUT);
        /* Time that a debug exception brings may be used up. */
        sched_context_resume(k, sched_context_of(k, receiver));
    } else {
        thread_set_state(k, sender, THREAD_INACTIVE);
    }
}

static void reply_object_free(struct kernel *k, struct reply_object *reply, const struct tcb *receiver)
{
    struct tcb *user = reply ? tcb_at(k, reply->tcb) : NULL;
    if (!user || user == receiver)
        return;
    remark(k, "Reply object already has unexecuted reply!");
    ipc_cancel(k, user);
}

void mcs_receive(struct kernel *k, struct tcb *receiver, struct cap cap, uint64_t reply_paddr,
                 bool is_blocking)
{
    struct endpoint *endpoint = arena_at(k, cap.paddr);
    struct reply_object *reply = reply_object_at(k, reply_paddr);
    struct notification *bound =
        receiver->bound_notification ? arena_at(k, receiver->bound_notification) : NULL;

    reply_object_free(k, reply, receiver);
    if (bound && bound->state == NOTIFICATION_ACTIVE) {
        notification_complete(k, bound, receiver);
        return;
    }
    if (bound && is_blocking)
        mcs_notification_take_back(k, bound, receiver);
    if (endpoint->state == ENDPOINT_SEND) {
        struct tcb *sender = endpoint_take_sender(k, receiver, endpoint);
        sender_complete(k, sender, receiver, reply);
    } else if (is_blocking) {
        if (reply)
            reply_link(k, reply, receiver);
        endpoint_block_receiver(k, receiver, endpoint, false);
    } else {
        receiver->context.reg[REG_RDI] = 0; /* badge 0: nothing was there */
    }
}

void mcs_waiter_restart(struct kernel *k, struct tcb *tcb)
{
    struct reply_object *reply = reply_object_at(k, tcb->reply);
    if (reply)
        reply_unlink(k, reply, tcb);
    if (tcb->fault.type != FAULT_NONE) {
        thread_set_state(k, tcb, THREAD_INACTIVE);
        return;
    }
    thread_set_state(k, tcb, THREAD_RESTART);
    mcs_wake(k, tcb);
}

void mcs_cancel(struct kernel *k, struct tcb *tcb)
{
    struct reply_object *reply = reply_object_at(k, tcb->reply);
    tcb->fault.type = FAULT_NONE;
    if (tcb->state != THREAD_BLOCKED_ON_RECEIVE || !reply)
        return;
    reply->tcb = 0;
    tcb->reply = 0;
}

void mcs_notification_lend(struct kernel *k, struct notification *notification, struct tcb *tcb)
{
    struct sched_context *sc =
        sched_context_at(k, mcs_notification_at(k, arena_paddr(k, notification))->sched_context);
    if (tcb->sched_context || !sc || sc->tcb)
        return;
    sched_context_donate(k, sc, tcb);
    sched_context_unblock(k, sc);
    sched_context_resume(k, sc);
}

void mcs_notification_take_back(struct kernel *k, struct notification *notification, struct tcb *tcb)
{
    uint64_t sc = mcs_notification_at(k, arena_paddr(k, notification))->sched_context;
    if (sc && sc == tcb->sched_context)
        sched_context_unbind_thread(k, sched_context_at(k, sc));
}

/* Whoever was answered and has a scheduling context without time tells its timeout handler, or waits for a refill. */
static void answered_run(struct kernel *k, struct tcb *tcb, enum fault_type fault)
{
    struct sched_context *sc = sched_context_of(k, tcb);
    if (!sc || !sched_context_is_active(sc) || !thread_is_runnable(tcb))
        return;
    if (sched_context_is_released(k, sc))
        sched_possible_switch_to(k, tcb);
    else if (timeout_has_handler(tcb) && fault != FAULT_TIMEOUT)
        timeout_raise(k, tcb, sc);
    else
        sched_context_postpone(k, sc);
}

void mcs_reply(struct kernel *k, struct tcb *sender, uint64_t reply_paddr, bool can_grant)
{
    struct reply_object *reply = reply_object_at(k, reply_paddr);
    struct tcb *receiver = tcb_at(k, reply->tcb);
    if (!receiver || receiver->state != THREAD_BLOCKED_ON_REPLY)
        return;
    enum fault_type fault = receiver->fault.type;
    reply_remove(k, reply);
    sched_context_unblock(k, sched_context_of(k, receiver));
    if (fault == FAULT_NONE) {
        ipc_transfer(k, sender, 0, 0, can_grant, receiver);
        thread_set_state(k, receiver, THREAD_RUNNING);
    } else {
        bool is_restarted = fault_answer(k, receiver, sender);
        receiver->fault.type = FAULT_NONE;
        thread_set_state(k, receiver, is_restarted ? THREAD_RESTART : THREAD_INACTIVE);
    }
    answered_run(k, receiver, fault);
}
