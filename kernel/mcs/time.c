/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who pays for the time that passes.
 *
 * The kernel looks at the clock once per entry, and at preemption points. What
 * passed since is *consumed* by the current scheduling context, but taken from
 * its refills ("committed") only when the kernel's timer has to be set anew.
 *
 * Invariant ("time"): the current scheduling context is that of the current
 * thread, none while nothing runs; its first refill suffices for what is consumed; and
 * nothing is consumed before a thread begins that runs after nobody did.
 *
 * Manual: sections "Scheduling Contexts", "Timeout Faults".
 */
#include "kernel/domain.h"
#include "kernel/mcs/mcs.h"
#include "kernel/mcs/sched_context.h"
#include "kernel/thread.h"

_Static_assert((int)KERNEL_TICK_EARLY_NS < (int)KERNEL_WCET_NS, "a tick that comes early finds refills ready");

static struct sched_context *current_context(const struct kernel *k)
{
    return sched_context_at(k, k->state->mcs.sched_context);
}

static bool domain_is_over(const struct kernel *k)
{
    return k->abi->config.domains > 1 && k->state->domain_time == 0;
}

static void domain_time_pass(struct kernel *k, uint64_t passed_ns)
{
    uint64_t *left_ns = &k->state->domain_time;
    *left_ns = passed_ns + MIN_BUDGET_NS >= *left_ns ? 0 : *left_ns - passed_ns;
}

/* What passed since the last look at the clock. The kernel's time only goes on. */
static uint64_t clock_look(struct kernel *k)
{
    struct mcs_state *mcs = &k->state->mcs;
    uint64_t now_ns = k->machine->clock.now_ns(k->machine->clock.world);
    if (now_ns < mcs->now_ns)
        return 0;
    uint64_t passed_ns = now_ns - mcs->now_ns;
    mcs->now_ns = now_ns;
    if (UNLIKELY(k->abi->config.domains > 1))
        domain_time_pass(k, passed_ns);
    return passed_ns;
}

void time_update(struct kernel *k)
{
    uint64_t passed_ns = clock_look(k);
    if (LIKELY(!k->state->mcs.is_waking))
        k->state->mcs.consumed_ns += passed_ns;
}

void time_commit(struct kernel *k)
{
    struct mcs_state *mcs = &k->state->mcs;
    struct sched_context *sc = current_context(k);
    if (sc && sched_context_is_active(sc)) {
        if (mcs->consumed_ns > 0)
            refill_use(sc, mcs->consumed_ns);
        sc->consumed_ns += mcs->consumed_ns;
    }
    mcs->consumed_ns = 0;
}

/* The current thread's turn is over: it tells its timeout handler, queues behind its equals, or waits for a refill. */
static void turn_end(struct kernel *k, struct tcb *tcb, struct sched_context *sc, bool can_time_out)
{
    if (can_time_out && !sched_context_is_round_robin(sc) && timeout_has_handler(tcb))
        timeout_raise(k, tcb, sc);
    else if (refill_is_ready(k, sc) && refill_is_sufficient(sc, 0))
        sched_append(k, tcb);
    else
        sched_context_postpone(k, sc);
}

void budget_charge(struct kernel *k, uint64_t consumed_ns, bool can_time_out)
{
    struct sched_context *sc = current_context(k);
    if (sc && sched_context_is_active(sc)) {
        if (sched_context_is_round_robin(sc))
            refill_restore(sc);
        else
            refill_use(sc, consumed_ns);
        sc->consumed_ns += consumed_ns;
    }
    k->state->mcs.consumed_ns = 0;
    struct tcb *tcb = current_tcb(k);
    if (tcb && thread_is_schedulable(tcb)) {
        turn_end(k, tcb, sched_context_of(k, tcb), can_time_out);
        sched_choose_new(k);
        k->state->mcs.is_reprogramming = true;
    }
}

bool budget_check(struct kernel *k)
{
    struct mcs_state *mcs = &k->state->mcs;
    struct sched_context *sc = current_context(k);
    if (LIKELY(!sc || refill_is_sufficient(sc, mcs->consumed_ns))) {
        if (LIKELY(!domain_is_over(k)))
            return true;
        mcs->is_reprogramming = true;
        sched_choose_new(k);
        return false;
    }
    budget_charge(k, mcs->consumed_ns, true);
    return false;
}

bool budget_check_restart(struct kernel *k)
{
    if (LIKELY(budget_check(k)))
        return true;
    struct tcb *tcb = running_tcb(k);
    if (thread_is_runnable(tcb))
        thread_set_state(k, tcb, THREAD_RESTART);
    return false;
}

void budget_preempted(struct kernel *k)
{
    const struct sched_context *sc = current_context(k);
    struct tcb *tcb = current_tcb(k);
    if (tcb && thread_is_schedulable(tcb))
        (void)budget_check(k);
    else if (sc && sched_context_is_active(sc))
        budget_charge(k, k->state->mcs.consumed_ns, false);
    else
        k->state->mcs.consumed_ns = 0;
}

bool budget_is_over(struct kernel *k)
{
    const struct sched_context *sc = current_context(k);
    time_update(k);
    bool is_left = sc && sched_context_is_active(sc) && refill_is_sufficient(sc, k->state->mcs.consumed_ns);
    return !is_left || domain_is_over(k);
}

/* Whoever runs now pays from now on; after nobody ran, from its first instruction on.
 * DIFFERS: there, it pays from when it was chosen. */
static void context_switch(struct kernel *k)
{
    struct mcs_state *mcs = &k->state->mcs;
    const struct tcb *tcb = current_tcb(k);
    uint64_t next = tcb ? tcb->sched_context : 0;
    if (mcs->sched_context != next) {
        struct sched_context *sc = sched_context_at(k, next);
        mcs->is_reprogramming = true;
        mcs->is_waking = next && !k->virtual_clock && (mcs->is_waking || !mcs->sched_context);
        if (sc && !sc->is_sporadic)
            refill_unblock(k, sc);
    }
    if (mcs->is_reprogramming)
        time_commit(k);
    mcs->sched_context = next;
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* Does the end of the domain matter? Not while nobody is ready in any. */
static bool domain_end_matters(const struct kernel *k)
{
    return k->abi->config.domains > 1 && k->state->domain_time < UINT64_MAX - k->state->mcs.now_ns &&
           (k->state->current || sched_is_anybody_ready(k));
}

/* The end of the current budget or domain, or somebody's next refill. */
static uint64_t timer_find(const struct kernel *k)
{
    const struct mcs_state *mcs = &k->state->mcs;
    struct sched_context *sc = current_context(k);
    const struct tcb *released = tcb_at(k, mcs->release.head);
    uint64_t timer_ns = UINT64_MAX;
    if (sc)
        timer_ns = mcs->now_ns + refill_first(sc)->amount_ns;
    if (released)
        timer_ns = earlier(timer_ns, refill_first(sched_context_of(k, released))->time_ns);
    if (domain_end_matters(k))
        timer_ns = earlier(timer_ns, mcs->now_ns + k->state->domain_time);
    return timer_ns;
}

void time_leave(struct kernel *k)
{
    struct mcs_state *mcs = &k->state->mcs;
    context_switch(k);
    if (!mcs->is_reprogramming && k->state->current)
        return; /* without a current thread, one of another domain may have become ready */
    mcs->timer_ns = timer_find(k);
    mcs->is_reprogramming = false;
}

void time_awake(struct kernel *k)
{
    struct mcs_state *mcs = &k->state->mcs;
    if (!mcs->is_waking)
        return;
    (void)clock_look(k);
    mcs->is_waking = false;
    mcs->timer_ns = timer_find(k);
}
