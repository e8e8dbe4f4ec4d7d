/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only the MCS personality has: "refills", "scheduling contexts", "release
 * queue", "reply stacks", "time".
 */
#include "check/heap.h"
#include "kernel/mcs/mcs.h"
#include "kernel/thread.h"

static const char REFILLS[] = "refills";
static const char CONTEXTS[] = "scheduling contexts";
static const char RELEASE[] = "release queue";
static const char STACKS[] = "reply stacks";
static const char TIME[] = "time";

static const struct tcb *thread_named(struct heap *heap, const char *invariant, uint64_t paddr)
{
    CHECK_NAMED(invariant, heap, paddr, paddr_map_get(&heap->thread_of, paddr) != NOT_FOUND,
                "0x%lx is no thread", paddr);
    return tcb_at(heap->k, paddr);
}

static void object_named(struct heap *heap, const char *invariant, enum cap_type type, uint64_t paddr)
{
    CHECK_NAMED(invariant, heap, paddr, heap_has_object(heap, type, paddr),
                "0x%lx is named, but there is no such object", paddr);
}

/* The budget is there, in pieces that follow each other. */
static void refills_check(const struct sched_context *sc, uint64_t paddr, unsigned size_bits)
{
    uint64_t sum_ns = 0;
    uint64_t end_ns = 0;
    CHECK_THAT(REFILLS, sc->refill_max <= refill_room(size_bits),
               "scheduling context 0x%lx has %u refills, and room for %lu", paddr, sc->refill_max,
               refill_room(size_bits));
    if (!sched_context_is_active(sc))
        return;
    CHECK_THAT(REFILLS,
               sc->refill_max >= REFILLS_MIN && sc->refill_head < sc->refill_max && sc->refill_count >= 1 &&
                   sc->refill_count <= sc->refill_max,
               "scheduling context 0x%lx uses %u of %u refills, from %u on", paddr, sc->refill_count,
               sc->refill_max, sc->refill_head);
    CHECK_THAT(REFILLS, !sched_context_is_round_robin(sc) || sc->refill_count == REFILLS_MIN,
               "scheduling context 0x%lx is round robin and has %u refills", paddr, sc->refill_count);
    for (uint32_t i = 0; i < sc->refill_count; i++) {
        const struct refill *refill = refill_at(sc, i);
        CHECK_THAT(REFILLS, sched_context_is_round_robin(sc) || refill->time_ns >= end_ns,
                   "refill %u of scheduling context 0x%lx begins before the one in front of it ends", i,
                   paddr);
        end_ns = refill->time_ns + refill->amount_ns;
        sum_ns += refill->amount_ns;
    }
    CHECK_THAT(REFILLS, sum_ns == sc->budget_ns,
               "the refills of scheduling context 0x%lx are %lu ns, not %lu", paddr, sum_ns, sc->budget_ns);
    CHECK_THAT(REFILLS, refill_at(sc, 0)->amount_ns >= MIN_BUDGET_NS,
               "the first refill of scheduling context 0x%lx is %lu ns", paddr, refill_at(sc, 0)->amount_ns);
}

static void context_check(struct heap *heap, struct cap cap)
{
    const struct kernel *k = heap->k;
    uint64_t paddr = cap.paddr;
    const struct sched_context *sc = sched_context_at(k, paddr);
    refills_check(sc, paddr, cap.sched_context_bits);
    if (sc->tcb)
        CHECK_THAT(CONTEXTS, thread_named(heap, CONTEXTS, sc->tcb)->sched_context == paddr,
                   "thread 0x%lx does not run on scheduling context 0x%lx", sc->tcb, paddr);
    if (sc->yield_from)
        CHECK_THAT(CONTEXTS, thread_named(heap, CONTEXTS, sc->yield_from)->yield_to == paddr,
                   "thread 0x%lx did not yield to scheduling context 0x%lx", sc->yield_from, paddr);
    if (sc->notification) {
        object_named(heap, CONTEXTS, CAP_NOTIFICATION, sc->notification);
        CHECK_THAT(CONTEXTS, mcs_notification_at(k, sc->notification)->sched_context == paddr,
                   "notification 0x%lx does not lend scheduling context 0x%lx", sc->notification, paddr);
    }
    if (sc->reply) {
        const struct reply_object *newest = reply_object_at(k, sc->reply);
        object_named(heap, STACKS, CAP_REPLY_OBJECT, sc->reply);
        CHECK_THAT(STACKS, newest->is_newest && newest->next == paddr,
                   "reply object 0x%lx is not the newest of scheduling context 0x%lx", sc->reply, paddr);
    }
}

static void notification_context_check(struct heap *heap, uint64_t paddr)
{
    uint64_t sc = mcs_notification_at(heap->k, paddr)->sched_context;
    if (!sc)
        return;
    object_named(heap, CONTEXTS, CAP_SCHED_CONTEXT, sc);
    CHECK_THAT(CONTEXTS, sched_context_at(heap->k, sc)->notification == paddr,
               "scheduling context 0x%lx is not lent by notification 0x%lx", sc, paddr);
}

static void reply_object_check(struct heap *heap, uint64_t paddr)
{
    const struct kernel *k = heap->k;
    const struct reply_object *reply = reply_object_at(k, paddr);
    if (reply->tcb) {
        const struct tcb *tcb = thread_named(heap, STACKS, reply->tcb);
        CHECK_THAT(STACKS, tcb->reply == paddr, "thread 0x%lx does not wait with reply object 0x%lx",
                   reply->tcb, paddr);
    }
    if (!reply->prev && !reply->next)
        return;
    CHECK_THAT(STACKS, reply->tcb && tcb_at(k, reply->tcb)->state == THREAD_BLOCKED_ON_REPLY,
               "nobody waits for the answer of reply object 0x%lx, which is on a stack", paddr);
    if (reply->prev) {
        const struct reply_object *older = reply_object_at(k, reply->prev);
        object_named(heap, STACKS, CAP_REPLY_OBJECT, reply->prev);
        CHECK_THAT(STACKS, !older->is_newest && older->next == paddr,
                   "reply object 0x%lx does not know of 0x%lx above it", reply->prev, paddr);
    }
    if (!reply->next)
        return;
    uint64_t below =
        reply->is_newest ? sched_context_at(k, reply->next)->reply : reply_object_at(k, reply->next)->prev;
    object_named(heap, STACKS, reply->is_newest ? CAP_SCHED_CONTEXT : CAP_REPLY_OBJECT, reply->next);
    CHECK_THAT(STACKS, below == paddr, "0x%lx does not know of reply object 0x%lx below it",
               (uint64_t)reply->next, paddr);
}

static void thread_time_check(struct heap *heap, uint64_t paddr)
{
    const struct kernel *k = heap->k;
    const struct tcb *tcb = tcb_at(k, paddr);
    const struct sched_context *sc = sched_context_of(k, tcb);
    if (sc) {
        object_named(heap, CONTEXTS, CAP_SCHED_CONTEXT, tcb->sched_context);
        CHECK_THAT(CONTEXTS, sc->tcb == paddr, "scheduling context 0x%lx is not that of thread 0x%lx",
                   tcb->sched_context, paddr);
    }
    bool has_time = sc && sched_context_is_active(sc) && !tcb->is_postponed;
    CHECK_THAT(CONTEXTS, tcb->has_time == has_time, "thread 0x%lx says it has time: %u", paddr,
               tcb->has_time);
    bool is_ready = tcb->is_queued || paddr == k->state->current;
    CHECK_THAT(CONTEXTS, !is_ready || (has_time && sched_context_is_released(k, sc)),
               "thread 0x%lx is ready, but its refill is not", paddr);
    CHECK_THAT(CONTEXTS, !tcb->yield_to || sched_context_at(k, tcb->yield_to)->yield_from == paddr,
               "scheduling context 0x%lx does not know that thread 0x%lx yielded to it", tcb->yield_to,
               paddr);
    if (!tcb->reply) {
        CHECK_THAT(STACKS, tcb->state != THREAD_BLOCKED_ON_REPLY,
                   "thread 0x%lx waits for an answer that nobody can give", paddr);
        return;
    }
    object_named(heap, STACKS, CAP_REPLY_OBJECT, tcb->reply);
    CHECK_THAT(STACKS, reply_object_at(k, tcb->reply)->tcb == paddr,
               "reply object 0x%lx is not that of thread 0x%lx", tcb->reply, paddr);
    CHECK_THAT(STACKS, tcb->state == THREAD_BLOCKED_ON_REPLY || tcb->state == THREAD_BLOCKED_ON_RECEIVE,
               "thread 0x%lx has a reply object in state %u", paddr, (unsigned)tcb->state);
}

static void release_check(struct heap *heap)
{
    const struct kernel *k = heap->k;
    struct queue queue = k->state->mcs.release;
    uint64_t prev = 0, time_ns = 0;
    uint32_t count = 0, postponed = 0;
    for (uint64_t at = queue.head; at; at = tcb_at(k, at)->sched_next) {
        const struct tcb *tcb = thread_named(heap, RELEASE, at);
        CHECK_THAT(RELEASE, count++ < heap->thread_count || !heap->is_whole, "the queue does not end");
        CHECK_THAT(RELEASE, tcb->is_postponed && thread_is_runnable(tcb) && !tcb->is_queued,
                   "thread 0x%lx is in the queue in state %u", at, (unsigned)tcb->state);
        CHECK_THAT(RELEASE, tcb->sched_prev == prev, "thread 0x%lx does not know what it is queued behind",
                   at);
        uint64_t next_ns = refill_at(sched_context_of(k, tcb), 0)->time_ns;
        CHECK_THAT(RELEASE, next_ns >= time_ns, "thread 0x%lx stands too late in the queue", at);
        time_ns = next_ns;
        prev = at;
    }
    CHECK_THAT(RELEASE, queue.tail == prev, "the queue ends at 0x%lx, not at 0x%lx", prev, queue.tail);
    for (uint32_t i = 0; i < heap->thread_count; i++)
        postponed += tcb_at(k, heap->slots[heap->threads[i]].slot->cap.paddr)->is_postponed;
    CHECK_THAT(RELEASE, postponed == count || !heap->is_whole, "%u threads say they are queued, %u are",
               postponed, count);
}

static void time_check(const struct heap *heap)
{
    const struct kernel *k = heap->k;
    const struct mcs_state *mcs = &k->state->mcs;
    const struct tcb *tcb = current_tcb(k);
    const struct sched_context *sc = sched_context_at(k, mcs->sched_context);
    CHECK_THAT(TIME, mcs->sched_context == (tcb ? tcb->sched_context : 0),
               "the current scheduling context 0x%lx is not that of the current thread", mcs->sched_context);
    CHECK_THAT(TIME, !sc || refill_is_sufficient(sc, mcs->consumed_ns),
               "%lu ns were consumed, more than scheduling context 0x%lx has", mcs->consumed_ns,
               mcs->sched_context);
    CHECK_THAT(TIME, !mcs->is_waking || (sc && mcs->consumed_ns == 0), "a thread pays before it begins");
    CHECK_THAT(TIME, !mcs->is_reprogramming, "the timer was not set");
}

void check_mcs(struct heap *heap)
{
    uint64_t last = 0;
    if (!heap->k->abi->config.is_mcs)
        return;
    time_check(heap);
    release_check(heap);
    for (uint32_t i = 0; i < heap->thread_count; i++)
        thread_time_check(heap, heap->slots[heap->threads[i]].slot->cap.paddr);
    for (uint32_t i = 0; i < heap->physical_count; i++) {
        struct cap cap = heap->slots[heap->physical[i]].slot->cap;
        if (cap.paddr == last)
            continue; /* checked through the first capability to it */
        if (cap.type == CAP_SCHED_CONTEXT)
            context_check(heap, cap);
        else if (cap.type == CAP_REPLY_OBJECT)
            reply_object_check(heap, cap.paddr);
        else if (cap.type == CAP_NOTIFICATION)
            notification_context_check(heap, cap.paddr);
        else
            continue;
        last = cap.paddr;
    }
}
