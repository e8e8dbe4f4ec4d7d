/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arithmetic of refills: a sporadic server within a bounded number of
 * pieces. Nothing here looks at threads.
 *
 * Manual: section "Scheduling Contexts"; the algorithm is the one of
 * "Scheduling-context capabilities" (Lyons et al., EuroSys 2018), with its later corrections.
 */
#include "kernel/mcs/sched_context.h"

static struct refill *refill_last(struct sched_context *sc)
{
    return &sc->refill[(sc->refill_head + sc->refill_count - 1) % sc->refill_max];
}

static void refill_append(struct sched_context *sc, struct refill refill)
{
    ASSERT(sc->refill_count < sc->refill_max);
    sc->refill_count++;
    *refill_last(sc) = refill;
}

static struct refill refill_pop(struct sched_context *sc)
{
    struct refill first = *refill_first(sc);
    ASSERT(sc->refill_count > 1);
    sc->refill_head = (sc->refill_head + 1) % sc->refill_max;
    sc->refill_count--;
    return first;
}

/* Round robin counts in its second refill what was used. */
static void refill_add_used(struct sched_context *sc)
{
    if (sched_context_is_round_robin(sc))
        refill_append(sc, (struct refill){.time_ns = refill_first(sc)->time_ns});
}

/* Behind all others; where there is no room, or no gap, it becomes part of the last, which then comes later. */
static void refill_schedule(struct sched_context *sc, struct refill refill)
{
    struct refill *last = refill_last(sc);
    if (last->time_ns + last->amount_ns >= refill.time_ns) {
        last->amount_ns += refill.amount_ns;
    } else if (sc->refill_count < sc->refill_max) {
        refill_append(sc, refill);
    } else {
        last->time_ns = refill.time_ns - last->amount_ns;
        last->amount_ns += refill.amount_ns;
    }
}

static void refill_configure(struct sched_context *sc, uint64_t budget_ns, uint64_t period_ns,
                             uint32_t refills)
{
    sc->budget_ns = budget_ns;
    sc->period_ns = period_ns;
    sc->refill_max = refills;
    sc->refill_head = 0;
    sc->refill_count = 1;
}

void refill_new(struct kernel *k, struct sched_context *sc, uint64_t budget_ns, uint64_t period_ns,
                uint32_t refills)
{
    refill_configure(sc, budget_ns, period_ns, refills);
    *refill_first(sc) = (struct refill){.time_ns = k->state->mcs.now_ns, .amount_ns = budget_ns};
    refill_add_used(sc);
}

void refill_update(struct kernel *k, struct sched_context *sc, uint64_t budget_ns, uint64_t period_ns,
                   uint32_t refills)
{
    struct refill first = *refill_first(sc);
    if (refill_is_ready(k, sc))
        first.time_ns = k->state->mcs.now_ns;
    refill_configure(sc, budget_ns, period_ns, refills);
    if (first.amount_ns >= budget_ns) {
        first.amount_ns = budget_ns;
        *refill_first(sc) = first;
        refill_add_used(sc);
    } else {
        *refill_first(sc) = first;
        refill_append(sc, (struct refill){.time_ns = first.time_ns + period_ns,
                                          .amount_ns = budget_ns - first.amount_ns});
    }
}

/* All of the first refill is used. */
static void refill_use_first(struct sched_context *sc)
{
    if (sc->refill_count == 1) {
        refill_first(sc)->time_ns += sc->period_ns;
        return;
    }
    struct refill used = refill_pop(sc);
    used.time_ns += sc->period_ns;
    refill_schedule(sc, used);
}

/* A first refill too small to be worth a switch is merged into the next, which therefore begins earlier. */
static void refill_merge_small(struct sched_context *sc)
{
    while (refill_first(sc)->amount_ns < MIN_BUDGET_NS && sc->refill_count > 1) {
        struct refill small = refill_pop(sc);
        refill_first(sc)->amount_ns += small.amount_ns;
        refill_first(sc)->time_ns -= small.amount_ns;
    }
}

static void refill_use_round_robin(struct sched_context *sc, uint64_t used_ns)
{
    struct refill *left = refill_first(sc);
    if (used_ns > left->amount_ns)
        used_ns = left->amount_ns;
    left->amount_ns -= used_ns;
    refill_last(sc)->amount_ns += used_ns;
}

void refill_restore(struct sched_context *sc)
{
    refill_first(sc)->amount_ns += refill_last(sc)->amount_ns;
    refill_last(sc)->amount_ns = 0;
}

void refill_use(struct sched_context *sc, uint64_t used_ns)
{
    struct refill *first = refill_first(sc);
    if (sched_context_is_round_robin(sc)) {
        refill_use_round_robin(sc, used_ns);
        return;
    }
    while (first->amount_ns <= used_ns && first->time_ns < MAX_RELEASE_NS) {
        used_ns -= first->amount_ns;
        refill_use_first(sc);
        first = refill_first(sc);
    }
    if (used_ns > 0 && first->time_ns < MAX_RELEASE_NS) {
        struct refill used = {.time_ns = first->time_ns + sc->period_ns, .amount_ns = used_ns};
        first->amount_ns -= used_ns;
        first->time_ns += used_ns;
        refill_schedule(sc, used);
    }
    refill_merge_small(sc);
}

void refill_unblock(struct kernel *k, struct sched_context *sc)
{
    uint64_t now_ns = k->state->mcs.now_ns;
    if (sched_context_is_round_robin(sc))
        return;
    k->state->mcs.is_reprogramming = true;
    if (!refill_is_ready(k, sc))
        return;
    refill_first(sc)->time_ns = now_ns;
    while (sc->refill_count > 1 && refill_at(sc, 1)->time_ns <= now_ns + refill_first(sc)->amount_ns) {
        struct refill first = refill_pop(sc);
        refill_first(sc)->amount_ns += first.amount_ns;
        refill_first(sc)->time_ns = now_ns;
    }
}
