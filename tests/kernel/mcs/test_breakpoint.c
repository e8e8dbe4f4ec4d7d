/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debug exceptions of the MCS kernel: they take the way of other faults, and none is lost at the end of a budget.
 */
#include "tests/kernel/mcs/mcs_rig.h"

enum {
    STEP = 2, /* seL4_BreakpointType */
    REQUEST = 3,
    FAULT_DEBUG_LABEL = 4,
    BUDGET_US = 1000,
    PERIOD_US = 50000
};

struct debugged {
    struct rig rig;
    uint64_t endpoint, reply, tcb;
};

/* A thread in steps, that runs; the root is its equal. */
static struct debugged debugged_open(uint64_t steps, uint64_t period_us)
{
    struct debugged d = {.rig =
                             rig_open_with((struct sim_options){.is_mcs = true, .has_hardware_debug = true})};
    d.endpoint = rig_new(&d.rig, OBJECT_ENDPOINT, 0);
    d.reply = rig_new(&d.rig, OBJECT_REPLY, 0);
    d.tcb = rig_thread(&d.rig, 255, d.endpoint);
    CHECK_OK(
        rig_invoke(&d.rig, d.tcb, OPERATION_TCB_CONFIGURE_SINGLE_STEPPING, WORDS(0, steps), NO_CAPS).label);
    CHECK_OK(rig_configure(&d.rig, rig_context_of(d.tcb), BUDGET_US, period_us, 0, 0, 0));
    return d;
}

static void debug_trap(struct debugged *d)
{
    sim_trap(d->rig.sim, (struct trap){.kind = TRAP_EXCEPTION, .vector = 1, .debug_status = TRAP_DEBUG_STEP});
}

static void use_budget(struct debugged *d)
{
    d->rig.sim->now_ns += BUDGET_US * NS_PER_US;
}

static void receive(struct debugged *d)
{
    d->rig.reply = d->reply;
    rig_recv(&d->rig, d->endpoint);
}

/* A handler without time gets the thread's, and gives it back with the answer. */
static void test_fault(void)
{
    struct debugged d = debugged_open(1, BUDGET_US);
    uint64_t handler = mcs_passive_server(&d.rig, d.endpoint, d.reply);
    rig_yield_to(&d.rig, d.tcb);
    uint64_t ip = rig_tcb(&d.rig, d.tcb)->context.next_ip;
    debug_trap(&d);
    CHECK(rig_runs(&d.rig, handler));
    CHECK(mcs_has(&d.rig, handler, rig_context_of(d.tcb)));
    CHECK_ANSWER(rig_answer(&d.rig), FAULT_DEBUG_LABEL, ip, STEP);
    d.rig.reply = d.reply;
    rig_reply_recv(&d.rig, d.endpoint, 0, WORDS(1));
    CHECK(rig_runs(&d.rig, d.tcb));
    sim_exception(d.rig.sim, 3, 0);
    CHECK_ANSWER(rig_answer(&d.rig), FAULT_DEBUG_LABEL, ip, REQUEST);
    rig_close(&d.rig);
}

/* A VM fault's number is the same with and without the debug interface. */
static void test_vm_fault(void)
{
    struct debugged d = debugged_open(1, BUDGET_US);
    rig_yield_to(&d.rig, d.tcb);
    sim_vm_fault(d.rig.sim, 0x1234000, 6);
    receive(&d);
    CHECK_EQ(rig_answer(&d.rig).label, 6);
    rig_close(&d.rig);
}

/* The processor does not repeat it: the handler hears of it, and the thread waits for a refill all the same. */
static void test_end_of_budget(void)
{
    struct debugged d = debugged_open(1, PERIOD_US);
    rig_yield_to(&d.rig, d.tcb);
    uint64_t ip = rig_tcb(&d.rig, d.tcb)->context.next_ip;
    use_budget(&d);
    debug_trap(&d);
    CHECK(rig_root_runs(&d.rig));
    CHECK_EQ(rig_state(&d.rig, d.tcb), THREAD_BLOCKED_ON_SEND);
    CHECK(!rig_tcb(&d.rig, d.tcb)->is_postponed);
    receive(&d);
    CHECK_ANSWER(rig_answer(&d.rig), FAULT_DEBUG_LABEL, ip, STEP);
    rig_send(&d.rig, d.reply, 0, WORDS(1));
    CHECK(rig_tcb(&d.rig, d.tcb)->is_postponed);
    rig_pass(&d.rig, PERIOD_US);
    CHECK(!rig_tcb(&d.rig, d.tcb)->is_postponed);
    rig_close(&d.rig);
}

/* A handler that gets time without budget waits for it. */
static void test_lent_without_budget(void)
{
    struct debugged d = debugged_open(1, PERIOD_US);
    uint64_t handler = mcs_passive_server(&d.rig, d.endpoint, d.reply);
    rig_pass(&d.rig, PERIOD_US); /* a yield gives up the whole budget */
    rig_yield_to(&d.rig, d.tcb);
    use_budget(&d);
    debug_trap(&d);
    CHECK(rig_root_runs(&d.rig));
    CHECK(mcs_has(&d.rig, handler, rig_context_of(d.tcb)));
    CHECK(rig_tcb(&d.rig, handler)->is_postponed);
    rig_pass(&d.rig, PERIOD_US);
    CHECK(!rig_tcb(&d.rig, handler)->is_postponed);
    rig_close(&d.rig);
}

/* The first of two steps counts, too. */
static void test_step_at_end_of_budget(void)
{
    struct debugged d = debugged_open(2, PERIOD_US);
    rig_yield_to(&d.rig, d.tcb);
    use_budget(&d);
    debug_trap(&d);
    CHECK(rig_root_runs(&d.rig));
    CHECK(rig_tcb(&d.rig, d.tcb)->is_postponed);
    CHECK_EQ(rig_tcb(&d.rig, d.tcb)->debug.steps, 1);
    rig_pass(&d.rig, PERIOD_US);
    rig_yield_to(&d.rig, d.tcb);
    debug_trap(&d);
    CHECK_EQ(rig_state(&d.rig, d.tcb), THREAD_BLOCKED_ON_SEND);
    rig_close(&d.rig);
}

CHECK_MAIN(CHECK_TEST(test_fault), CHECK_TEST(test_vm_fault), CHECK_TEST(test_end_of_budget),
           CHECK_TEST(test_lent_without_budget), CHECK_TEST(test_step_at_end_of_budget))
