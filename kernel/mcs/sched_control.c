/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The right to hand out time: configuring scheduling contexts.
 * Manual: section "Scheduling Contexts"; API reference seL4_SchedControl_ConfigureFlags.
 */
#include "kernel/mcs/mcs.h"
#include "kernel/thread.h"

enum {
    FLAG_SPORADIC = 1, /* seL4_SchedContext_Sporadic */
    MIN_BUDGET_US = MIN_BUDGET_NS / NS_PER_US
};
#define MAX_PERIOD_US (MAX_PERIOD_NS / NS_PER_US)

struct configuration {
    uint64_t budget_ns, period_ns;
    uint64_t refills;
    uint64_t badge;
    bool is_sporadic;
};

static bool time_is_in_range(uint64_t us)
{
    return us >= MIN_BUDGET_US && us <= MAX_PERIOD_US;
}

static struct result configuration_check(struct kernel *k, const struct invocation *in,
                                         struct configuration *wanted)
{
    uint64_t budget_us = invocation_word(in, 0);
    uint64_t period_us = invocation_word(in, 1);
    uint64_t extra_refills = invocation_word(in, 2);
    struct cap target = in->extra[0]->cap;

    if (!time_is_in_range(budget_us)) {
        remark(k, "SchedControl ConfigureFlags: budget out of range.");
        return fail_range(MIN_BUDGET_US, MAX_PERIOD_US);
    }
    if (!time_is_in_range(period_us)) {
        remark(k, "SchedControl ConfigureFlags: period out of range.");
        return fail_range(MIN_BUDGET_US, MAX_PERIOD_US);
    }
    if (budget_us > period_us) {
        remark(k, "SchedControl ConfigureFlags: budget must not be above the period.");
        return fail_range(MIN_BUDGET_US, period_us);
    }
    if (target.type != CAP_SCHED_CONTEXT) {
        remark(k, "SchedControl ConfigureFlags: target cap not a scheduling context.");
        return fail_invalid_capability(1);
    }
    uint64_t room = refill_room(target.sched_context_bits);
    if (extra_refills > room - REFILLS_MIN) {
        remark(k, "SchedControl ConfigureFlags: Max refills invalid, got %lu, max %lu.", extra_refills,
               room - REFILLS_MIN);
        return fail_range(0, room - REFILLS_MIN);
    }
    bool is_round_robin = budget_us == period_us;
    *wanted = (struct configuration){
        .budget_ns = budget_us * NS_PER_US,
        .period_ns = is_round_robin ? 0 : period_us * NS_PER_US,
        .refills = is_round_robin ? REFILLS_MIN : extra_refills + REFILLS_MIN,
        .badge = invocation_word(in, 3),
        .is_sporadic = invocation_word(in, 4) & FLAG_SPORADIC,
    };
    return result_ok();
}

/* Before the parameters of a thread's time change: it pays what it owes, and is in no queue. */
static void thread_settle(struct kernel *k, const struct sched_context *sc, struct tcb *tcb)
{
    if (sched_context_is_current(k, sc))
        time_commit(k);
    release_remove(k, tcb);
    sched_dequeue(k, tcb);
}

static void thread_resume(struct kernel *k, struct sched_context *sc, struct tcb *tcb)
{
    sched_context_refresh(k, tcb);
    sched_context_resume(k, sc);
    if (tcb == current_tcb(k))
        sched_choose_new(k);
    else if (thread_is_runnable(tcb))
        sched_possible_switch_to(k, tcb);
}

static void sched_context_configure(struct kernel *k, struct sched_context *sc,
                                    const struct configuration *wanted)
{
    struct tcb *tcb = tcb_at(k, sc->tcb);
    uint32_t refills = (uint32_t)wanted->refills;
    if (tcb)
        thread_settle(k, sc, tcb);
    sc->badge = wanted->badge;
    sc->is_sporadic = wanted->is_sporadic;
    if (sched_context_is_active(sc) && tcb && thread_is_runnable(tcb))
        refill_update(k, sc, wanted->budget_ns, wanted->period_ns, refills);
    else
        refill_new(k, sc, wanted->budget_ns, wanted->period_ns, refills);
    k->state->mcs.is_reprogramming = true;
    if (tcb)
        thread_resume(k, sc, tcb);
}

struct result sched_control_decode(struct kernel *k, struct invocation *in)
{
    struct configuration wanted;
    if (in->operation != OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS) {
        remark(k, "SchedControl: Illegal operation.");
        return fail_illegal_operation();
    }
    if (in->length < 5 || !in->extra[0]) {
        remark(k, "SchedControl ConfigureFlags: Truncated message.");
        return fail_truncated_message();
    }
    struct result checked = configuration_check(k, in, &wanted);
    if (result_is_ok(checked))
        sched_context_configure(k, sched_context_at(k, in->extra[0]->cap.paddr), &wanted);
    return checked;
}
