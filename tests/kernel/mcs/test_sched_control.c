/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SchedControl_ConfigureFlags: the answers are those of a real kernel, but for the
 * longest period, which depends on a processor's clock.
 */
#include "tests/kernel/mcs/mcs_rig.h"

#define LONGEST (UINT64_MAX / 8 / NS_PER_US)

static struct answer configure(struct rig *rig, uint64_t target, uint64_t budget, uint64_t period,
                               uint64_t refills)
{
    return rig_invoke(rig, RIG_SCHED_CONTROL, OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS,
                      WORDS(budget, period, refills, 0, 0), CAPS(target));
}

static void test_errors(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t small = rig_new(&rig, OBJECT_SCHED_CONTEXT, 7), large = rig_new(&rig, OBJECT_SCHED_CONTEXT, 8);
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    CHECK_ANSWER_EMPTY(rig_invoke(&rig, RIG_SCHED_CONTROL, OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS,
                                  WORDS(1000, 1000, 0, 0), CAPS(large)),
                       ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(rig_invoke(&rig, RIG_SCHED_CONTROL, OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS,
                                  WORDS(1000, 1000, 0, 0, 0), NO_CAPS),
                       ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(rig_invoke(&rig, RIG_SCHED_CONTROL, OPERATION_SCHED_CONTEXT_BIND, NO_WORDS, NO_CAPS),
                       ABI_ILLEGAL_OPERATION);
    CHECK_ANSWER(configure(&rig, endpoint, 1000, 1000, 0), ABI_INVALID_CAPABILITY, 1);
    CHECK_ANSWER(configure(&rig, endpoint, 10, 1000, 0), ABI_RANGE_ERROR, 20, LONGEST);
    CHECK_ANSWER(configure(&rig, large, 19, 1000, 0), ABI_RANGE_ERROR, 20, LONGEST);
    CHECK_ANSWER(configure(&rig, large, UINT64_MAX, UINT64_MAX, 0), ABI_RANGE_ERROR, 20, LONGEST);
    CHECK_ANSWER(configure(&rig, large, 1000, LONGEST + 1, 0), ABI_RANGE_ERROR, 20, LONGEST);
    CHECK_ANSWER(configure(&rig, large, 20, 19, 0), ABI_RANGE_ERROR, 20, LONGEST);
    CHECK_ANSWER(configure(&rig, large, 1000, 999, 0), ABI_RANGE_ERROR, 20, 999);
    CHECK_ANSWER(configure(&rig, large, 1000, 2000, 9), ABI_RANGE_ERROR, 0, 8);
    CHECK_ANSWER(configure(&rig, large, 1000, 1000, UINT64_MAX), ABI_RANGE_ERROR, 0, 8);
    CHECK_ANSWER(configure(&rig, small, 1000, 2000, 1), ABI_RANGE_ERROR, 0, 0);
    CHECK_EQ(rig_context(&rig, large)->refill_max, 0); /* nothing happened so far */
    CHECK_OK(configure(&rig, large, 20, LONGEST, 8).label);
    CHECK_EQ(rig_context(&rig, large)->refill_max, 10);
    CHECK_OK(configure(&rig, large, LONGEST, LONGEST, 8).label);
    CHECK_EQ(rig_context(&rig, large)->refill_max, 2); /* round robin needs no more */
    CHECK_OK(configure(&rig, small, 1000, 2000, 0).label);
    rig_close(&rig);
}

static void test_retype_sizes(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t slot = rig_free_slot(&rig);
    CHECK_EQ(rig_retype(&rig, rig.untyped, OBJECT_SCHED_CONTEXT, 6, slot, 1), ABI_INVALID_ARGUMENT);
    CHECK_EQ(rig_retype(&rig, rig.untyped, OBJECT_SCHED_CONTEXT, 48, slot, 1), ABI_RANGE_ERROR);
    CHECK_OK(rig_retype(&rig, rig.untyped, OBJECT_SCHED_CONTEXT, 12, slot, 1));
    CHECK_EQ(rig_cap(&rig, slot).sched_context_bits, 12);
    CHECK_OK(configure(&rig, slot, 1000, 2000, 248).label);
    rig_close(&rig);
}

/* A thread whose scheduling context gets its first time can run. */
static void test_first_time(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 100, 0), context = rig_new(&rig, OBJECT_SCHED_CONTEXT, 8);
    CHECK_OK(mcs_unbind(&rig, rig_context_of(tcb)));
    CHECK_OK(mcs_bind(&rig, context, tcb));
    CHECK(!rig_tcb(&rig, tcb)->has_time && !rig_tcb(&rig, tcb)->is_queued);
    CHECK_OK(configure(&rig, context, 1000, 2000, 0).label);
    CHECK(rig_tcb(&rig, tcb)->is_queued);
    rig_close(&rig);
}

/* Whoever changes its own scheduling context pays what it owes first. */
static void test_own(void)
{
    struct rig rig = rig_open_mcs();
    rig.sim->now_ns += 300 * NS_PER_US;
    CHECK_OK(configure(&rig, ROOT_CONTEXT, 1000, 5000, 0).label);
    CHECK(rig_root_runs(&rig));
    struct sched_context *sc = rig_context(&rig, ROOT_CONTEXT);
    CHECK_EQ(sc->consumed_ns, 300 * NS_PER_US);
    CHECK_EQ(refill_first(sc)->amount_ns, 1000 * NS_PER_US);
    CHECK_EQ(rig.sim->next.timer_ns, rig.sim->now_ns + 1000 * NS_PER_US);
    rig_pass(&rig, 1000); /* used up: idle until the next period */
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE);
    CHECK(rig_tcb(&rig, ABI_SLOT_TCB)->is_postponed);
    rig_pass(&rig, 4000);
    CHECK(rig_root_runs(&rig));
    rig_close(&rig);
}

/* A postponed thread that gets more becomes ready. */
static void test_postponed(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 255, 0), context = rig_context_of(tcb);
    CHECK_OK(configure(&rig, context, 100, 100000, 0).label);
    rig_yield_to(&rig, tcb);
    rig_pass(&rig, 100);
    CHECK(rig_root_runs(&rig) && rig_tcb(&rig, tcb)->is_postponed);
    CHECK_OK(configure(&rig, context, 1000, 1000, 0).label);
    CHECK(rig_tcb(&rig, tcb)->is_postponed); /* not before the old period is over */
    CHECK_OK(mcs_suspend(&rig, tcb));
    CHECK(!rig_tcb(&rig, tcb)->is_postponed);
    CHECK_OK(configure(&rig, context, 1000, 1000, 0).label);
    CHECK_OK(rig_invoke(&rig, tcb, OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS).label);
    CHECK(rig_tcb(&rig, tcb)->is_queued);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_errors), CHECK_TEST(test_retype_sizes), CHECK_TEST(test_first_time),
           CHECK_TEST(test_own), CHECK_TEST(test_postponed))
