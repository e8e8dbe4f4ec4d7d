/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of a scheduling context capability.
 * Manual: API reference seL4_SchedContext_*.
 */
#include "kernel/mcs/mcs.h"
#include "kernel/thread.h"

static struct result refuse(struct kernel *k, const char *why)
{
    remark(k, "%s", why);
    return fail_illegal_operation();
}

static bool thread_is_blocked(const struct tcb *tcb)
{
    return tcb->state >= THREAD_BLOCKED_ON_RECEIVE;
}

struct result sched_context_check_thread(struct kernel *k, const struct sched_context *sc,
                                         const struct tcb *tcb)
{
    if (tcb->sched_context)
        return refuse(k, "The thread already has a scheduling context.");
    if (thread_is_blocked(tcb) && !sched_context_is_released(k, sc))
        return refuse(k, "The thread is blocked and the scheduling context has no time.");
    return result_ok();
}

static struct result bind_thread(struct kernel *k, struct sched_context *sc, struct tcb *tcb)
{
    if (sc->tcb)
        return refuse(k, "SchedContext Bind: the scheduling context is already bound to a thread.");
    struct result checked = sched_context_check_thread(k, sc, tcb);
    if (result_is_ok(checked))
        sched_context_bind_thread(k, sc, tcb);
    return checked;
}

static struct result bind_notification(struct kernel *k, struct sched_context *sc, uint64_t notification)
{
    if (sc->notification || mcs_notification_at(k, notification)->sched_context)
        return refuse(k, "SchedContext Bind: one of both is already bound to another.");
    sched_context_bind_notification(k, sc, notification);
    return result_ok();
}

static struct result decode_bind(struct kernel *k, struct invocation *in, struct sched_context *sc)
{
    if (!in->extra[0]) {
        remark(k, "SchedContext Bind: Truncated message.");
        return fail_truncated_message();
    }
    struct cap cap = in->extra[0]->cap;
    switch ((enum cap_type)cap.type) {
    case CAP_THREAD:
        return bind_thread(k, sc, tcb_at(k, cap.paddr));
    case CAP_NOTIFICATION:
        return bind_notification(k, sc, cap.paddr);
    default:
        remark(k, "SchedContext Bind: neither a thread nor a notification.");
        return fail_invalid_capability(1);
    }
}

static struct result decode_unbind_object(struct kernel *k, struct invocation *in, struct sched_context *sc)
{
    if (!in->extra[0]) {
        remark(k, "SchedContext UnbindObject: Truncated message.");
        return fail_truncated_message();
    }
    struct cap cap = in->extra[0]->cap;
    switch ((enum cap_type)cap.type) {
    case CAP_THREAD:
        if (sc->tcb != cap.paddr)
            return refuse(k, "SchedContext UnbindObject: the object is not bound.");
        if (sc->tcb == k->state->current)
            return refuse(k, "SchedContext UnbindObject: it is the current thread's.");
        sched_context_unbind_thread(k, sc);
        return result_ok();
    case CAP_NOTIFICATION:
        if (sc->notification != cap.paddr)
            return refuse(k, "SchedContext UnbindObject: the object is not bound.");
        sched_context_unbind_notification(k, sc);
        return result_ok();
    default:
        remark(k, "SchedContext UnbindObject: neither a thread nor a notification.");
        return fail_invalid_capability(1);
    }
}

static struct result decode_unbind(struct kernel *k, struct sched_context *sc)
{
    if (sc->tcb && sc->tcb == k->state->current)
        return refuse(k, "SchedContext Unbind: it is the current thread's.");
    if (sc->tcb)
        sched_context_unbind_thread(k, sc);
    sched_context_unbind_notification(k, sc);
    sched_context_unbind_reply(k, sc);
    return result_ok();
}

static struct result consumed_reply(struct kernel *k, struct invocation *in, struct sched_context *sc)
{
    uint64_t consumed_us = sched_context_take_consumed(sc);
    invocation_reply(k, in, &consumed_us, 1);
    return result_ok();
}

static struct result check_yield_to(struct kernel *k, const struct sched_context *sc,
                                    const struct tcb *caller)
{
    const struct tcb *tcb = tcb_at(k, sc->tcb);
    if (!tcb)
        return refuse(k, "SchedContext YieldTo: no thread is bound.");
    if (tcb == caller)
        return refuse(k, "SchedContext YieldTo: it is the caller's own.");
    if (tcb->priority > caller->mcp)
        return refuse(k, "SchedContext YieldTo: the thread's priority is above the caller's maximum.");
    return result_ok();
}

/* The thread becomes the next among its equals. If that makes it run now, the caller hears of its consumption later. */
static struct result decode_yield_to(struct kernel *k, struct invocation *in, struct sched_context *sc)
{
    struct tcb *caller = in->caller;
    struct result checked = check_yield_to(k, sc, caller);
    if (!result_is_ok(checked))
        return checked;
    if (sc->yield_from)
        yield_to_complete(k, tcb_at(k, sc->yield_from));
    sched_context_resume(k, sc);
    struct tcb *tcb = tcb_at(k, sc->tcb);
    if (!thread_is_schedulable(tcb))
        return consumed_reply(k, in, sc);
    sched_dequeue(k, tcb);
    if (tcb->priority < caller->priority) {
        sched_prepend(k, tcb);
        return consumed_reply(k, in, sc);
    }
    caller->yield_to = arena_paddr(k, sc);
    sc->yield_from = arena_paddr(k, caller);
    sched_prepend(k, caller);
    sched_prepend(k, tcb);
    sched_choose_new(k);
    return result_ok();
}

struct result sched_context_decode(struct kernel *k, struct invocation *in)
{
    struct sched_context *sc = sched_context_at(k, in->cap.paddr);
    switch (in->operation) {
    case OPERATION_SCHED_CONTEXT_BIND:
        return decode_bind(k, in, sc);
    case OPERATION_SCHED_CONTEXT_UNBIND_OBJECT:
        return decode_unbind_object(k, in, sc);
    case OPERATION_SCHED_CONTEXT_UNBIND:
        return decode_unbind(k, sc);
    case OPERATION_SCHED_CONTEXT_CONSUMED:
        return consumed_reply(k, in, sc);
    case OPERATION_SCHED_CONTEXT_YIELD_TO:
        return decode_yield_to(k, in, sc);
    default:
        remark(k, "SchedContext: Illegal operation.");
        return fail_illegal_operation();
    }
}
