/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs next: priorities, round robin, time slices, domains.
 * Manual: "Scheduling", "Domains".
 */
#include "kernel/state.h"
#include "tests/kernel/rig.h"

static uint64_t set_priority(struct rig *rig, uint64_t tcb, uint64_t priority)
{
    return rig_invoke(rig, tcb, OPERATION_TCB_SET_PRIORITY, WORDS(priority), CAPS(ABI_SLOT_TCB)).label;
}

static void test_strict_priorities(void)
{
    struct rig rig = rig_open();
    uint64_t low = rig_thread(&rig, 10, 0), high = rig_thread(&rig, 20, 0);
    CHECK(rig_root_runs(&rig));
    rig_invoke(&rig, ABI_SLOT_TCB, OPERATION_TCB_SET_PRIORITY, WORDS(15), CAPS(ABI_SLOT_TCB));
    CHECK(rig_runs(&rig, high));
    rig_yield(&rig);
    CHECK(rig_runs(&rig, high)); /* nobody as good */
    rig_invoke(&rig, high, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS);
    CHECK(rig_root_runs(&rig));
    rig_invoke(&rig, ABI_SLOT_TCB, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS);
    CHECK(rig_runs(&rig, low));
    rig_invoke(&rig, low, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS);
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE);
    rig_close(&rig);
}

static void test_round_robin(void)
{
    struct rig rig = rig_open();
    uint64_t a = rig_thread(&rig, 255, 0), b = rig_thread(&rig, 255, 0);
    CHECK(rig_root_runs(&rig));
    CHECK(rig.sim->next.wants_tick);
    rig_yield(&rig);
    bool a_first = rig_runs(&rig, a); /* the one resumed last runs first */
    CHECK(!a_first && rig_runs(&rig, b));
    rig_yield(&rig);
    CHECK(rig_runs(&rig, a));
    rig_yield(&rig);
    CHECK(rig_root_runs(&rig));
    rig_close(&rig);
}

static void test_time_slice(void)
{
    struct rig rig = rig_open();
    uint64_t a = rig_thread(&rig, 255, 0);
    for (unsigned i = 0; i < 4; i++) {
        sim_tick(rig.sim);
        CHECK(rig_root_runs(&rig));
    }
    sim_tick(rig.sim); /* 5 ticks are a slice */
    CHECK(rig_runs(&rig, a));
    CHECK_EQ(rig_tcb(&rig, ABI_SLOT_TCB)->time_slice, 5);
    for (unsigned i = 0; i < 5; i++)
        sim_tick(rig.sim);
    CHECK(rig_root_runs(&rig));
    CHECK_OK(rig_invoke(&rig, a, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS).label);
    CHECK(!rig.sim->next.wants_tick); /* alone at its priority */
    rig_close(&rig);
}

/* Waking somebody better switches at once; an equal has to wait. */
static void test_waking(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0), a = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, a);
    rig_recv(&rig, endpoint);
    rig_send(&rig, endpoint, 0, NO_WORDS);
    CHECK(rig_root_runs(&rig));
    rig_yield_to(&rig, a);
    rig_recv(&rig, endpoint);
    CHECK_OK(set_priority(&rig, ABI_SLOT_TCB, 100));
    rig_send(&rig, endpoint, 0, NO_WORDS);
    CHECK(rig_runs(&rig, a));
    rig_close(&rig);
}

/* A thread that blocks hands over to whom it woke, unless somebody better is ready. */
static void test_direct_switch(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t server = rig_thread(&rig, 255, 0), other = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, server);
    rig_recv(&rig, endpoint);
    rig_yield_to_root(&rig);
    CHECK_EQ(rig_state(&rig, other), THREAD_RUNNING);
    rig_call_raw(&rig, endpoint, 0, NO_WORDS);
    CHECK(rig_runs(&rig, server)); /* past `other`, which was ready first */
    rig_close(&rig);

    rig = rig_open();
    endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    server = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, server);
    rig_recv(&rig, endpoint);
    other = rig_thread(&rig, 200, 0);
    CHECK_OK(set_priority(&rig, server, 100));
    rig_call_raw(&rig, endpoint, 0, NO_WORDS);
    CHECK(rig_runs(&rig, other));
    rig_close(&rig);
}

static void test_priority_limits(void)
{
    struct rig rig = rig_open();
    uint64_t a = rig_thread(&rig, 10, 0);
    CHECK_OK(rig_invoke(&rig, a, OPERATION_TCB_SET_MC_PRIORITY, WORDS(50), CAPS(ABI_SLOT_TCB)).label);
    struct answer answer = rig_invoke(&rig, a, OPERATION_TCB_SET_PRIORITY, WORDS(51), CAPS(a));
    CHECK_ANSWER(answer, ABI_RANGE_ERROR, 0, 50);
    CHECK_OK(rig_invoke(&rig, a, OPERATION_TCB_SET_PRIORITY, WORDS(50), CAPS(a)).label);
    CHECK_ANSWER(rig_invoke(&rig, a, OPERATION_TCB_SET_MC_PRIORITY, WORDS(51), CAPS(a)), ABI_RANGE_ERROR, 0,
                 50);
    CHECK_ANSWER(rig_invoke(&rig, a, OPERATION_TCB_SET_PRIORITY, WORDS(256), CAPS(ABI_SLOT_TCB)),
                 ABI_RANGE_ERROR, 0, 255);
    CHECK_ANSWER(rig_invoke(&rig, a, OPERATION_TCB_SET_PRIORITY, WORDS(1), CAPS(ABI_SLOT_CNODE)),
                 ABI_INVALID_CAPABILITY, 1);
    CHECK_EQ(rig_invoke(&rig, a, OPERATION_TCB_SET_PRIORITY, NO_WORDS, CAPS(a)).label, ABI_TRUNCATED_MESSAGE);
    CHECK_EQ(rig_invoke(&rig, a, OPERATION_TCB_SET_PRIORITY, WORDS(1), NO_CAPS).label, ABI_TRUNCATED_MESSAGE);
    /* SetSchedParams: the maximum first, then the priority. */
    CHECK_ANSWER(rig_invoke(&rig, a, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(60, 70), CAPS(a)), ABI_RANGE_ERROR,
                 0, 50);
    CHECK_ANSWER(rig_invoke(&rig, a, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(40, 60), CAPS(a)), ABI_RANGE_ERROR,
                 0, 50);
    CHECK_EQ(rig_tcb(&rig, a)->mcp, 50);
    CHECK_OK(rig_invoke(&rig, a, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(40, 45), CAPS(a)).label);
    CHECK_EQ(rig_tcb(&rig, a)->mcp, 40);
    CHECK_EQ(rig_tcb(&rig, a)->priority, 45);
    rig_close(&rig);
}

static void test_raising_a_ready_thread(void)
{
    struct rig rig = rig_open();
    uint64_t a = rig_thread(&rig, 10, 0);
    CHECK_OK(set_priority(&rig, ABI_SLOT_TCB, 100));
    CHECK(rig_root_runs(&rig));
    rig_invoke(&rig, a, OPERATION_TCB_SET_PRIORITY, WORDS(101), CAPS(ABI_SLOT_TCB));
    CHECK(rig_runs(&rig, a));
    rig_close(&rig);
}

static void test_domains(void)
{
    struct rig rig = rig_open_with((struct sim_options){.domains = 2, .release = 15});
    uint64_t a = rig_thread(&rig, 255, 0);
    CHECK_ANSWER(rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SET_SET, WORDS(2), CAPS(a)),
                 ABI_INVALID_ARGUMENT, 0);
    CHECK_EQ(rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SET_SET, NO_WORDS, CAPS(a)).label,
             ABI_TRUNCATED_MESSAGE);
    CHECK_EQ(rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SET_SET, WORDS(1), NO_CAPS).label,
             ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER(rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SET_SET, WORDS(1), CAPS(ABI_SLOT_CNODE)),
                 ABI_INVALID_ARGUMENT, 1);
    CHECK_OK(rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SET_SET, WORDS(1), CAPS(a)).label);
    CHECK_EQ(rig_tcb(&rig, a)->domain, 1);
    rig_yield(&rig);
    CHECK(rig_root_runs(&rig)); /* the other domain's turn never comes: domain 0 has it for good */
    /* Two turns: 3 ticks of domain 0, 2 of domain 1. */
    CHECK_OK(rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SCHEDULE_CONFIGURE, WORDS(0, 0, 3), NO_CAPS)
                 .label);
    CHECK_OK(rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SCHEDULE_CONFIGURE, WORDS(1, 1, 2), NO_CAPS)
                 .label);
    rig_invoke(&rig, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SCHEDULE_SET_START, WORDS(0), NO_CAPS);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 3; i++) {
            CHECK(rig_root_runs(&rig));
            sim_tick(rig.sim);
        }
        for (unsigned i = 0; i < 2; i++) {
            CHECK(rig_runs(&rig, a));
            sim_tick(rig.sim);
        }
    }
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_strict_priorities), CHECK_TEST(test_round_robin), CHECK_TEST(test_time_slice),
           CHECK_TEST(test_waking), CHECK_TEST(test_direct_switch), CHECK_TEST(test_priority_limits),
           CHECK_TEST(test_raising_a_ready_thread), CHECK_TEST(test_domains))
