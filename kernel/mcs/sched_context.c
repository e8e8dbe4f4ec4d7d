/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling contexts and those who have them: a thread, a notification that
 * lends it to whoever it wakes, callers that lend it to their server.
 *
 * Invariant ("scheduling contexts"): a thread and its scheduling context name each
 * other, so do a notification and the one it lends; has_time says that a
 * thread has a configured one and is not postponed.
 *
 * Manual: sections "Scheduling Contexts", "Passive Threads", "Bound Scheduling Contexts".
 */
#include "kernel/mcs/sched_context.h"

#include "kernel/mcs/mcs.h"
#include "kernel/mcs/reply.h"
#include "kernel/message.h"
#include "kernel/thread.h"

void sched_context_refresh(const struct kernel *k, struct tcb *tcb)
{
    const struct sched_context *sc = sched_context_of(k, tcb);
    tcb->has_time = sc && sched_context_is_active(sc) && !tcb->is_postponed;
}

void sched_context_postpone(struct kernel *k, struct sched_context *sc)
{
    struct tcb *tcb = tcb_at(k, sc->tcb);
    sched_dequeue(k, tcb);
    release_insert(k, tcb);
}

void sched_context_resume(struct kernel *k, struct sched_context *sc)
{
    if (!sc || !sc->tcb || !thread_is_schedulable(tcb_at(k, sc->tcb)))
        return;
    if (!sched_context_is_released(k, sc))
        sched_context_postpone(k, sc);
}

void sched_context_unblock(struct kernel *k, struct sched_context *sc)
{
    if (sc && sched_context_is_active(sc) && sc->is_sporadic && !sched_context_is_current(k, sc))
        refill_unblock(k, sc);
}

static void context_join(const struct kernel *k, struct sched_context *sc, struct tcb *tcb)
{
    sc->tcb = arena_paddr(k, tcb);
    tcb->sched_context = arena_paddr(k, sc);
    sched_context_refresh(k, tcb);
}

static void context_part(struct kernel *k, struct sched_context *sc, struct tcb *tcb)
{
    sched_dequeue(k, tcb);
    release_remove(k, tcb);
    sc->tcb = 0;
    tcb->sched_context = 0;
    sched_context_refresh(k, tcb);
}

void sched_context_bind_thread(struct kernel *k, struct sched_context *sc, struct tcb *tcb)
{
    context_join(k, sc, tcb);
    sched_context_unblock(k, sc);
    sched_context_resume(k, sc);
    if (thread_is_schedulable(tcb)) {
        sched_prepend(k, tcb);
        sched_choose_new(k);
    }
}

void sched_context_unbind_thread(struct kernel *k, struct sched_context *sc)
{
    struct tcb *tcb = tcb_at(k, sc->tcb);
    context_part(k, sc, tcb);
    if (tcb == current_tcb(k))
        sched_choose_new(k);
}

void sched_context_bind_notification(struct kernel *k, struct sched_context *sc, uint64_t notification)
{
    sc->notification = notification;
    mcs_notification_at(k, notification)->sched_context = arena_paddr(k, sc);
}

void sched_context_unbind_notification(struct kernel *k, struct sched_context *sc)
{
    if (sc->notification)
        mcs_notification_at(k, sc->notification)->sched_context = 0;
    sc->notification = 0;
}

void sched_context_unbind_reply(struct kernel *k, struct sched_context *sc)
{
    struct reply_object *newest = reply_object_at(k, sc->reply);
    if (!newest)
        return;
    newest->next = 0;
    newest->is_newest = false;
    sc->reply = 0;
}

void sched_context_donate(struct kernel *k, struct sched_context *sc, struct tcb *to)
{
    struct tcb *from = tcb_at(k, sc->tcb);
    ASSERT(!to->sched_context);
    if (from) {
        context_part(k, sc, from);
        if (from == current_tcb(k) || from == tcb_at(k, k->state->sched_candidate))
            sched_choose_new(k);
    }
    context_join(k, sc, to);
}

uint64_t sched_context_take_consumed(struct sched_context *sc)
{
    uint64_t consumed_us = sc->consumed_ns / NS_PER_US;
    sc->consumed_ns = 0;
    return consumed_us;
}

void yield_to_cancel(struct kernel *k, struct tcb *tcb)
{
    if (!tcb->yield_to)
        return;
    sched_context_at(k, tcb->yield_to)->yield_from = 0;
    tcb->yield_to = 0;
}

void yield_to_complete(struct kernel *k, struct tcb *tcb)
{
    if (!tcb->yield_to)
        return;
    uint64_t consumed_us = sched_context_take_consumed(sched_context_at(k, tcb->yield_to));
    struct message_info info = {.length = message_set(tcb, NULL, 0, consumed_us)};
    tcb->context.reg[REG_RSI] = message_info_to_word(info);
    yield_to_cancel(k, tcb);
}

/* Who yielded to the thread of `sc` gets its answer. */
static void yield_from_complete(struct kernel *k, const struct sched_context *sc)
{
    if (sc->yield_from)
        yield_to_complete(k, tcb_at(k, sc->yield_from));
}

void mcs_notification_unbind(struct kernel *k, struct notification *notification)
{
    uint64_t sc = mcs_notification_at(k, arena_paddr(k, notification))->sched_context;
    if (sc)
        sched_context_unbind_notification(k, sched_context_at(k, sc));
}

void mcs_thread_finalise(struct kernel *k, struct tcb *tcb)
{
    struct sched_context *sc = sched_context_of(k, tcb);
    if (!sc)
        return;
    yield_from_complete(k, sc);
    sched_context_unbind_thread(k, sc);
}

void sched_context_finalise(struct kernel *k, uint64_t paddr)
{
    struct sched_context *sc = sched_context_at(k, paddr);
    yield_from_complete(k, sc);
    if (sc->tcb)
        sched_context_unbind_thread(k, sc);
    sched_context_unbind_notification(k, sc);
    sched_context_unbind_reply(k, sc);
    sc->refill_max = 0;
    sc->is_sporadic = false;
}
