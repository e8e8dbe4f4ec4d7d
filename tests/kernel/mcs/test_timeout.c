/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults of the MCS kernel: handlers in slots, and the end of a budget as a fault.
 */
#include "tests/kernel/mcs/mcs_rig.h"

enum {
    BADGE = 9,
    BUDGET_US = 1000,
    PERIOD_US = 50000
};

struct timed {
    struct rig rig;
    uint64_t endpoint, reply, tcb;
};

static uint64_t set_timeout_endpoint(struct rig *rig, uint64_t tcb, uint64_t endpoint)
{
    return rig_invoke(rig, tcb, OPERATION_TCB_SET_TIMEOUT_ENDPOINT, NO_WORDS, CAPS(endpoint)).label;
}

/* A thread with a small budget, that runs. */
static struct timed timed_open(bool has_handler, bool is_round_robin)
{
    struct timed t = {.rig = rig_open_mcs()};
    t.endpoint = rig_new(&t.rig, OBJECT_ENDPOINT, 0);
    t.reply = rig_new(&t.rig, OBJECT_REPLY, 0);
    t.tcb = rig_thread(&t.rig, 255, t.endpoint);
    if (has_handler)
        CHECK_OK(set_timeout_endpoint(&t.rig, t.tcb, t.endpoint));
    CHECK_OK(rig_configure(&t.rig, rig_context_of(t.tcb), BUDGET_US, is_round_robin ? BUDGET_US : PERIOD_US,
                           0, BADGE, 0));
    rig_yield_to(&t.rig, t.tcb);
    return t;
}

static void timed_receive(struct timed *t)
{
    t->rig.reply = t->reply;
    rig_recv(&t->rig, t->endpoint);
}

static void test_fault(void)
{
    struct timed t = timed_open(true, false);
    rig_pass(&t.rig, BUDGET_US);
    CHECK(rig_root_runs(&t.rig));
    CHECK_EQ(rig_state(&t.rig, t.tcb), THREAD_BLOCKED_ON_SEND);
    timed_receive(&t);
    CHECK_ANSWER(rig_answer(&t.rig), 5, BADGE, BUDGET_US);
    CHECK_EQ(rig_state(&t.rig, t.tcb), THREAD_BLOCKED_ON_REPLY);
    CHECK(mcs_has(&t.rig, t.tcb, rig_context_of(t.tcb))); /* time without budget is not lent */
    /* Whoever handles it gives more time, and sets registers. */
    CHECK_OK(rig_configure(&t.rig, rig_context_of(t.tcb), 500, 500, 0, BADGE, 0));
    rig_send(&t.rig, t.reply, 0, WORDS(0x400800, 0x7000));
    rig_yield_to(&t.rig, t.tcb);
    CHECK_EQ(rig_tcb(&t.rig, t.tcb)->context.next_ip, 0x400800);
    CHECK_EQ(rig_tcb(&t.rig, t.tcb)->context.reg[REG_RSP], 0x7000);
    rig_close(&t.rig);
}

/* Answered without new time, it waits for its period; a label says that it is not to go on. */
static void test_answers(void)
{
    struct timed t = timed_open(true, false);
    rig_pass(&t.rig, BUDGET_US);
    timed_receive(&t);
    rig_send(&t.rig, t.reply, 0, NO_WORDS);
    CHECK(rig_tcb(&t.rig, t.tcb)->is_postponed);
    rig_pass(&t.rig, PERIOD_US);
    CHECK(!rig_tcb(&t.rig, t.tcb)->is_postponed);
    rig_close(&t.rig);
    t = timed_open(true, false);
    rig_pass(&t.rig, BUDGET_US);
    timed_receive(&t);
    rig_send(&t.rig, t.reply, 1, NO_WORDS);
    CHECK_EQ(rig_state(&t.rig, t.tcb), THREAD_INACTIVE);
    rig_close(&t.rig);
}

static void test_no_fault(void)
{
    struct timed t = timed_open(false, false);
    rig_pass(&t.rig, BUDGET_US);
    CHECK(rig_tcb(&t.rig, t.tcb)->is_postponed);
    rig_close(&t.rig);
    t = timed_open(true, true); /* round robin: a turn is over, that is all */
    rig_pass(&t.rig, BUDGET_US);
    CHECK(rig_root_runs(&t.rig));
    CHECK_EQ(rig_state(&t.rig, t.tcb), THREAD_RUNNING);
    rig_close(&t.rig);
}

/* A server that outlives its client's budget: its handler hears of the client's badge. */
static void test_server(void)
{
    struct timed t = timed_open(false, false);
    rig_yield_to(&t.rig, ABI_SLOT_TCB);
    uint64_t endpoint = rig_new(&t.rig, OBJECT_ENDPOINT, 0), reply = rig_new(&t.rig, OBJECT_REPLY, 0);
    uint64_t server = rig_thread(&t.rig, 255, 0);
    CHECK_OK(set_timeout_endpoint(&t.rig, server, t.endpoint));
    rig_yield_to(&t.rig, server);
    t.rig.reply = reply;
    rig_recv(&t.rig, endpoint);
    rig_yield_to_root(&t.rig);
    CHECK_OK(mcs_unbind(&t.rig, rig_context_of(server)));
    rig_pass(&t.rig, PERIOD_US);
    rig_yield_to(&t.rig, t.tcb);
    rig_call_raw(&t.rig, endpoint, 0, NO_WORDS);
    CHECK(rig_runs(&t.rig, server));
    rig_pass(&t.rig, BUDGET_US);
    CHECK_EQ(rig_state(&t.rig, server), THREAD_BLOCKED_ON_SEND);
    timed_receive(&t);
    CHECK_EQ(rig_answer(&t.rig).word[0], BADGE);
    rig_close(&t.rig);
}

static void test_handler_errors(void)
{
    struct timed t = timed_open(false, false);
    rig_yield_to_root(&t.rig);
    uint64_t weak = rig_free_slot(&t.rig), minimal = rig_free_slot(&t.rig);
    CHECK_OK(rig_copy(&t.rig, weak, t.endpoint, RIGHT_WRITE));
    CHECK_OK(rig_copy(&t.rig, minimal, t.endpoint, RIGHT_WRITE | RIGHT_GRANT_REPLY));
    CHECK_ANSWER_EMPTY(rig_invoke(&t.rig, t.tcb, OPERATION_TCB_SET_TIMEOUT_ENDPOINT, NO_WORDS, NO_CAPS),
                       ABI_TRUNCATED_MESSAGE);
    CHECK_EQ(set_timeout_endpoint(&t.rig, t.tcb, t.tcb), ABI_INVALID_CAPABILITY);
    CHECK_EQ(set_timeout_endpoint(&t.rig, t.tcb, weak), ABI_INVALID_CAPABILITY);
    CHECK_OK(set_timeout_endpoint(&t.rig, t.tcb, minimal));
    CHECK_OK(set_timeout_endpoint(&t.rig, t.tcb, 0));
    CHECK(slot_is_empty(&rig_tcb(&t.rig, t.tcb)->slots[TCB_TIMEOUT_HANDLER]));
    CHECK_ANSWER(rig_invoke(&t.rig, t.tcb, OPERATION_TCB_SET_SPACE, WORDS(0, 0),
                            CAPS(weak, ABI_SLOT_CNODE, ABI_SLOT_VSPACE)),
                 ABI_INVALID_CAPABILITY, 1);
    CHECK_ANSWER_EMPTY(rig_invoke(&t.rig, t.tcb, OPERATION_TCB_SET_SPACE, WORDS(0, 0),
                                  CAPS(weak, t.endpoint, ABI_SLOT_VSPACE)),
                       ABI_ILLEGAL_OPERATION);
    CHECK_OK(rig_invoke(&t.rig, t.tcb, OPERATION_TCB_SET_SPACE, WORDS(0, 0),
                        CAPS(minimal, ABI_SLOT_CNODE, ABI_SLOT_VSPACE))
                 .label);
    CHECK_EQ(rig_tcb(&t.rig, t.tcb)->slots[TCB_FAULT_HANDLER].cap.paddr, rig_cap(&t.rig, minimal).paddr);
    rig_close(&t.rig);
}

/* Any other fault takes the thread's time to a handler that has none. */
static void test_vm_fault(void)
{
    struct timed t = timed_open(false, true);
    rig_yield_to_root(&t.rig);
    uint64_t handler = mcs_passive_server(&t.rig, t.endpoint, t.reply);
    rig_yield_to(&t.rig, t.tcb);
    uint64_t ip = rig_tcb(&t.rig, t.tcb)->context.next_ip;
    sim_vm_fault(t.rig.sim, 0x1234000, 6);
    CHECK(rig_runs(&t.rig, handler));
    CHECK(mcs_has(&t.rig, handler, rig_context_of(t.tcb)));
    CHECK_ANSWER(rig_answer(&t.rig), 6, ip, 0x1234000, 0, 6);
    t.rig.reply = t.reply;
    rig_reply_recv(&t.rig, t.endpoint, 0, NO_WORDS);
    CHECK(rig_runs(&t.rig, t.tcb));
    CHECK(mcs_has(&t.rig, t.tcb, rig_context_of(t.tcb)));
    rig_close(&t.rig);
}

/* A fault at the end of the budget happens again in the next turn. */
static void test_late_fault(void)
{
    struct timed t = timed_open(false, true);
    t.rig.sim->now_ns += BUDGET_US * NS_PER_US;
    sim_vm_fault(t.rig.sim, 0x1234000, 6);
    CHECK(rig_root_runs(&t.rig));
    CHECK_EQ(rig_state(&t.rig, t.tcb), THREAD_RESTART);
    CHECK_EQ(rig_tcb(&t.rig, t.tcb)->fault.type, FAULT_NONE);
    rig_close(&t.rig);
}

CHECK_MAIN(CHECK_TEST(test_fault), CHECK_TEST(test_answers), CHECK_TEST(test_no_fault),
           CHECK_TEST(test_server), CHECK_TEST(test_handler_errors), CHECK_TEST(test_vm_fault),
           CHECK_TEST(test_late_fault))
