/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way from an idle engine to a thread's first instruction takes time. Nobody pays for it.
 */
#include "tests/kernel/mcs/mcs_rig.h"

#define US(n) ((uint64_t)(n)*NS_PER_US)

enum {
    BUDGET_US = 1000,
    PERIOD_US = 5000
};

/* The root thread has used up its budget; its next refill is due in PERIOD_US - BUDGET_US. */
static struct rig waking_open(void)
{
    struct rig rig = rig_open_mcs();
    CHECK_OK(rig_configure(&rig, ROOT_CONTEXT, BUDGET_US, PERIOD_US, 0, 0, 0));
    rig_pass(&rig, BUDGET_US);
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE);
    rig.sim->is_slow = true;
    return rig;
}

static uint64_t used_ns(const struct rig *rig)
{
    return rig->k->state->mcs.consumed_ns + rig_context(rig, ROOT_CONTEXT)->consumed_ns;
}

static void refill_come(struct rig *rig)
{
    rig->sim->now_ns += US(PERIOD_US - BUDGET_US);
    sim_tick(rig->sim);
    CHECK(rig_root_runs(rig));
}

static void test_begin(void)
{
    struct rig rig = waking_open();
    uint64_t before_ns = used_ns(&rig);
    refill_come(&rig);
    uint64_t chosen_ns = rig.sim->now_ns;
    CHECK_EQ(rig.sim->next.timer_ns, chosen_ns + US(BUDGET_US));
    rig.sim->now_ns += US(70);
    struct next next = kernel_awake(rig.k, 0);
    CHECK_EQ(next.timer_ns, chosen_ns + US(70 + BUDGET_US)); /* all of the budget is left */
    CHECK_EQ(next.tcb, rig.sim->next.tcb);
    rig.sim->now_ns += US(50);
    next = kernel_awake(rig.k, 0); /* it has begun: this is no news */
    CHECK_EQ(next.timer_ns, chosen_ns + US(70 + BUDGET_US));
    sim_interrupt(rig.sim, 1);
    CHECK_EQ(used_ns(&rig) - before_ns, US(50));
    CHECK_EQ(refill_first(rig_context(&rig, ROOT_CONTEXT))->amount_ns, US(BUDGET_US));
    rig.sim->is_slow = false;
    rig_close(&rig);
}

/* What happens before the thread begins is not its business either. */
static void test_interrupt_before(void)
{
    struct rig rig = waking_open();
    uint64_t before_ns = used_ns(&rig);
    refill_come(&rig);
    rig.sim->now_ns += US(40);
    sim_interrupt(rig.sim, 1);
    rig.sim->now_ns += US(30);
    sim_tick(rig.sim);
    CHECK(rig_root_runs(&rig));
    CHECK_EQ(used_ns(&rig), before_ns);
    (void)kernel_awake(rig.k, 0);
    rig.sim->now_ns += US(BUDGET_US - 1);
    sim_tick(rig.sim);
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE); /* less than the least budget is left */
    CHECK_EQ(used_ns(&rig) - before_ns, US(BUDGET_US - 1));
    rig.sim->is_slow = false;
    rig_close(&rig);
}

/* From thread to thread there is no idle time to end: whoever is chosen pays at once. */
static void test_switch(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 255, 0);
    rig.sim->is_slow = true;
    rig_yield(&rig);
    CHECK_EQ(rig.sim->next.tcb, rig_cap(&rig, tcb).paddr);
    rig.sim->now_ns += US(40);
    uint64_t timer_ns = rig.sim->next.timer_ns;
    CHECK_EQ(kernel_awake(rig.k, 0).timer_ns, timer_ns);
    sim_interrupt(rig.sim, 1);
    CHECK_EQ(rig.k->state->mcs.consumed_ns, US(40));
    rig.sim->is_slow = false;
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_begin), CHECK_TEST(test_interrupt_before), CHECK_TEST(test_switch))
