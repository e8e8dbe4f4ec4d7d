/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hardware debug API: what a thread's debug registers are to hold, and what debug exceptions become.
 * Manual: section "Debug Exception: Breakpoints and Watchpoints".
 */
#include "kernel/state.h"
#include "tests/kernel/rig.h"

enum {
    DATA,
    INSTRUCTION,
    STEP,
    REQUEST
};

enum {
    READ,
    WRITE,
    READ_WRITE,
    FLAG_TRAP = 0x100
};

struct debugged {
    struct rig rig;
    uint64_t endpoint, tcb;
};

static struct debugged debugged_open(void)
{
    struct debugged d = {.rig = rig_open_with((struct sim_options){.has_hardware_debug = true})};
    d.endpoint = rig_new(&d.rig, OBJECT_ENDPOINT, 0);
    d.tcb = rig_thread(&d.rig, 255, d.endpoint);
    return d;
}

static struct next debug_trap(struct debugged *d, uint32_t status)
{
    return sim_trap(d->rig.sim, (struct trap){.kind = TRAP_EXCEPTION, .vector = 1, .debug_status = status});
}

static void test_registers(void)
{
    struct debugged d = debugged_open();
    CHECK(kernel_next(d.rig.k, 0).breakpoints == NULL);
    rig_yield_to(&d.rig, d.tcb);
    CHECK(kernel_next(d.rig.k, 0).breakpoints == NULL); /* none are set: engines need not do anything */
    rig_yield_to_root(&d.rig);
    CHECK_OK(rig_invoke(&d.rig, d.tcb, OPERATION_TCB_CONFIGURE_SINGLE_STEPPING, WORDS(0, 3), NO_CAPS).label);
    rig_yield_to(&d.rig, d.tcb);
    struct next next = kernel_next(d.rig.k, 0);
    CHECK(next.breakpoints == NULL);
    CHECK_EQ(next.context->reg[REG_RFLAGS] & FLAG_TRAP, FLAG_TRAP);
    rig_close(&d.rig);
}

static void test_breakpoint(void)
{
    struct debugged d = debugged_open();
    struct tcb *tcb = rig_tcb(&d.rig, d.tcb);
    CHECK_OK(rig_invoke(&d.rig, d.tcb, OPERATION_TCB_SET_BREAKPOINT, WORDS(2, 0x500000, INSTRUCTION, 0, READ),
                        NO_CAPS)
                 .label);
    CHECK_ANSWER(rig_invoke(&d.rig, d.tcb, OPERATION_TCB_GET_BREAKPOINT, WORDS(2), NO_CAPS), 0, 0x500000,
                 INSTRUCTION, 0, READ, 1);
    rig_yield_to(&d.rig, d.tcb);
    struct next next = kernel_next(d.rig.k, 0);
    CHECK(next.breakpoints != NULL);
    CHECK_EQ(next.breakpoints->address[2], 0x500000);
    CHECK_EQ(next.breakpoints->control, 1 << 4);
    uint64_t ip = next.context->next_ip;
    debug_trap(&d, 1 << 2);
    rig_recv(&d.rig, d.endpoint);
    CHECK_ANSWER(rig_answer(&d.rig), 4, ip, INSTRUCTION, 0x500000, 2);
    CHECK_OK(rig_invoke(&d.rig, d.tcb, OPERATION_TCB_UNSET_BREAKPOINT, WORDS(2), NO_CAPS).label);
    CHECK_EQ(tcb->debug.is_used, false);
    rig_reply(&d.rig, 0, WORDS(5));
    rig_yield_to(&d.rig, d.tcb);
    CHECK(kernel_next(d.rig.k, 0).breakpoints == NULL);
    rig_close(&d.rig);
}

static void test_steps(void)
{
    struct debugged d = debugged_open();
    CHECK_OK(rig_invoke(&d.rig, d.tcb, OPERATION_TCB_CONFIGURE_SINGLE_STEPPING, WORDS(0, 2), NO_CAPS).label);
    rig_yield_to(&d.rig, d.tcb);
    debug_trap(&d, TRAP_DEBUG_STEP);
    CHECK(rig_runs(&d.rig, d.tcb)); /* the first of two */
    uint64_t ip = kernel_next(d.rig.k, 0).context->next_ip;
    debug_trap(&d, TRAP_DEBUG_STEP);
    rig_recv(&d.rig, d.endpoint);
    CHECK_ANSWER(rig_answer(&d.rig), 4, ip, STEP);
    rig_reply(&d.rig, 0, WORDS(0)); /* no more steps */
    rig_yield_to(&d.rig, d.tcb);
    CHECK_EQ(kernel_next(d.rig.k, 0).context->reg[REG_RFLAGS] & FLAG_TRAP, 0);
    rig_close(&d.rig);
}

static void test_request(void)
{
    struct debugged d = debugged_open();
    rig_yield_to(&d.rig, d.tcb);
    uint64_t ip = kernel_next(d.rig.k, 0).context->next_ip;
    sim_exception(d.rig.sim, 3, 0);
    rig_recv(&d.rig, d.endpoint);
    CHECK_ANSWER(rig_answer(&d.rig), 4, ip, REQUEST);
    rig_close(&d.rig);
}

/* A kernel that was not configured so: the processor's exceptions. */
static void test_without(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t tcb = rig_thread(&rig, 255, endpoint);
    rig_yield_to(&rig, tcb);
    sim_exception(rig.sim, 3, 0);
    rig_recv(&rig, endpoint);
    CHECK_EQ(rig_answer(&rig).label, 3);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_registers), CHECK_TEST(test_breakpoint), CHECK_TEST(test_steps),
           CHECK_TEST(test_request), CHECK_TEST(test_without))
