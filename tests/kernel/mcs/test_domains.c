/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains of the MCS kernel: when its timer is set for the end of one.
 */
#include "tests/kernel/mcs/mcs_rig.h"

enum {
    IRQ_SLOT_PIN = 5,
    IRQ_VECTOR = 40,
    TURN_NS = 3000000
};

static struct rig domains_open(void)
{
    return rig_open_with((struct sim_options){.is_mcs = true, .domains = 2});
}

/* With nothing to run in any domain, the kernel waits for nothing. */
static void test_rest(void)
{
    struct rig rig = domains_open();
    CHECK(rig.sim->next.timer_ns != UINT64_MAX);
    rig_call_raw(&rig, ABI_SLOT_TCB, rig_label(&rig, OPERATION_TCB_SUSPEND), NO_WORDS);
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE);
    CHECK_EQ(rig.sim->next.timer_ns, UINT64_MAX);
    rig_close(&rig);
}

/* A thread that an interrupt wakes while nothing runs gets its domain's turn. */
static void test_wake_in_other_domain(void)
{
    struct rig rig = domains_open();
    uint64_t notification = rig_new(&rig, OBJECT_NOTIFICATION, 0);
    uint64_t handler = rig_free_slot(&rig);
    CHECK_OK(rig_invoke(&rig, ABI_SLOT_IRQ_CONTROL, OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_IOAPIC,
                        WORDS(handler, 64, 0, IRQ_SLOT_PIN, 0, 0, IRQ_VECTOR), CAPS(ABI_SLOT_CNODE))
                 .label);
    CHECK_OK(rig_invoke(&rig, handler, OPERATION_IRQ_SET_IRQ_HANDLER, NO_WORDS, CAPS(notification)).label);
    CHECK_OK(
        rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SCHEDULE_CONFIGURE, WORDS(0, 0, TURN_NS), NO_CAPS)
            .label);
    CHECK_OK(
        rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SCHEDULE_CONFIGURE, WORDS(1, 1, TURN_NS), NO_CAPS)
            .label);
    uint64_t tcb = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, tcb);
    rig_syscall(&rig, SYSCALL_WAIT, notification, 0, NO_WORDS, NO_CAPS);
    CHECK(rig_root_runs(&rig));
    CHECK_OK(rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SET_SET, WORDS(1), CAPS(tcb)).label);
    CHECK_OK(rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SCHEDULE_SET_START, WORDS(0), NO_CAPS).label);
    CHECK_EQ(rig.sim->next.timer_ns, rig.sim->now_ns + TURN_NS); /* the new turn's end, not the old one's */
    rig_call_raw(&rig, ABI_SLOT_TCB, rig_label(&rig, OPERATION_TCB_SUSPEND), NO_WORDS);
    CHECK_EQ(rig.sim->next.timer_ns, UINT64_MAX);
    sim_interrupt(rig.sim, IRQ_VECTOR + 16);
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE);
    CHECK_EQ(rig.sim->next.timer_ns, rig.sim->now_ns + TURN_NS);
    rig.sim->now_ns = rig.sim->next.timer_ns;
    sim_tick(rig.sim);
    CHECK(rig_runs(&rig, tcb));
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_rest), CHECK_TEST(test_wake_in_other_domain))
