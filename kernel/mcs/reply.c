/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack of calls that lent a scheduling context (see reply.h).
 */
#include "kernel/mcs/reply.h"

#include "kernel/mcs/mcs.h"
#include "kernel/thread.h"

void reply_link(struct kernel *k, struct reply_object *reply, struct tcb *tcb)
{
    reply->tcb = arena_paddr(k, tcb);
    tcb->reply = arena_paddr(k, reply);
}

void reply_unlink(struct kernel *k, struct reply_object *reply, struct tcb *tcb)
{
    reply->tcb = 0;
    tcb->reply = 0;
    thread_set_state(k, tcb, THREAD_INACTIVE);
}

void reply_push(struct kernel *k, struct reply_object *reply, struct tcb *caller, struct tcb *callee,
                bool can_donate)
{
    struct sched_context *sc = sched_context_of(k, caller);
    ASSERT(!reply->tcb && !reply->next && !reply->prev);
    reply_link(k, reply, caller);
    thread_set_state(k, caller, THREAD_BLOCKED_ON_REPLY);
    if (!sc || callee->sched_context || !can_donate)
        return;
    struct reply_object *older = reply_object_at(k, sc->reply);
    uint64_t self = arena_paddr(k, reply);
    if (older) {
        older->next = self & INT64_MAX;
        older->is_newest = false;
    }
    reply->prev = sc->reply;
    reply->next = arena_paddr(k, sc) & INT64_MAX;
    reply->is_newest = true;
    sc->reply = self;
    sched_context_donate(k, sc, callee);
}

/* Take the newest reply object off the stack; the one before becomes the newest. */
static struct sched_context *stack_pop(struct kernel *k, struct reply_object *reply)
{
    struct sched_context *sc = sched_context_at(k, reply->next);
    struct reply_object *older = reply_object_at(k, reply->prev);
    sc->reply = reply->prev;
    if (older) {
        older->next = reply->next;
        older->is_newest = true;
    }
    return sc;
}

/* Take a reply object out of the middle: there the stack falls in two. */
static void stack_break(struct kernel *k, struct reply_object *reply)
{
    struct reply_object *older = reply_object_at(k, reply->prev);
    if (reply->is_newest)
        sched_context_at(k, reply->next)->reply = 0;
    else if (reply->next)
        reply_object_at(k, reply->next)->prev = 0;
    if (older)
        older->next = 0;
}

static void stack_forget(struct reply_object *reply)
{
    reply->prev = reply->next = 0;
    reply->is_newest = false;
}

void reply_remove(struct kernel *k, struct reply_object *reply)
{
    struct tcb *caller = tcb_at(k, reply->tcb);
    if (reply->is_newest) {
        struct sched_context *sc = stack_pop(k, reply);
        if (!caller->sched_context)
            sched_context_donate(k, sc, caller);
    } else {
        stack_break(k, reply);
    }
    stack_forget(reply);
    reply_unlink(k, reply, caller);
}

void reply_remove_caller(struct kernel *k, struct tcb *caller)
{
    struct reply_object *reply = reply_object_at(k, caller->reply);
    stack_break(k, reply);
    stack_forget(reply);
    reply_unlink(k, reply, caller);
}

void reply_object_finalise(struct kernel *k, uint64_t paddr)
{
    struct reply_object *reply = reply_object_at(k, paddr);
    struct tcb *tcb = tcb_at(k, reply->tcb);
    if (!tcb)
        return;
    if (tcb->state == THREAD_BLOCKED_ON_REPLY)
        reply_remove(k, reply);
    else
        ipc_cancel(k, tcb);
}
