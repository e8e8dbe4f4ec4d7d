/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chains of calls that lend one scheduling context, and what happens when a part
 * of a chain goes away.
 */
#include "tests/kernel/mcs/mcs_rig.h"

enum {
    SERVERS = 3
};

/* The root called the first server, it the second, and so on; the last one runs, on the root's time. A thread of
 * the same priority, the helper, has its own. */
struct chain {
    struct rig rig;
    uint64_t helper;
    uint64_t endpoint[SERVERS], reply[SERVERS], server[SERVERS];
};

static struct chain chain_open(void)
{
    struct chain c = {.rig = rig_open_mcs()};
    c.helper = rig_thread(&c.rig, 255, 0);
    rig_give_buffer(&c.rig, c.helper);
    for (unsigned i = 0; i < SERVERS; i++) {
        c.endpoint[i] = rig_new(&c.rig, OBJECT_ENDPOINT, 0);
        c.reply[i] = rig_new(&c.rig, OBJECT_REPLY, 0);
        c.server[i] = mcs_passive_server(&c.rig, c.endpoint[i], c.reply[i]);
    }
    for (unsigned i = 0; i < SERVERS; i++) {
        rig_call_raw(&c.rig, c.endpoint[i], i, NO_WORDS);
        CHECK(rig_runs(&c.rig, c.server[i]));
    }
    CHECK(mcs_has(&c.rig, c.server[SERVERS - 1], ROOT_CONTEXT));
    return c;
}

static struct reply_object *chain_reply(const struct chain *c, unsigned i)
{
    return reply_object_at(c->rig.k, rig_cap(&c->rig, c->reply[i]).paddr);
}

static void chain_answer(struct chain *c, unsigned i, uint64_t label)
{
    c->rig.reply = c->reply[i];
    rig_reply_recv(&c->rig, c->endpoint[i], label, NO_WORDS);
}

static void test_unwind(void)
{
    struct chain c = chain_open();
    CHECK(chain_reply(&c, 2)->is_newest);
    CHECK_EQ(chain_reply(&c, 2)->prev, rig_cap(&c.rig, c.reply[1]).paddr);
    CHECK_EQ(chain_reply(&c, 0)->prev, 0);
    chain_answer(&c, 2, 12);
    CHECK(rig_runs(&c.rig, c.server[1]));
    CHECK_EQ(rig_answer(&c.rig).label, 12);
    chain_answer(&c, 1, 11);
    CHECK(rig_runs(&c.rig, c.server[0]));
    chain_answer(&c, 0, 10);
    CHECK(rig_root_runs(&c.rig));
    CHECK(mcs_has(&c.rig, ABI_SLOT_TCB, ROOT_CONTEXT));
    CHECK_EQ(rig_context(&c.rig, ROOT_CONTEXT)->reply, 0);
    rig_close(&c.rig);
}

/* Without its middle, the chain falls in two: the newer part keeps the time. */
static void test_middle_deleted(void)
{
    struct chain c = chain_open();
    rig_yield_to(&c.rig, c.helper);
    CHECK_OK(rig_delete(&c.rig, c.reply[1]));
    CHECK_EQ(rig_state(&c.rig, c.server[0]), THREAD_INACTIVE);
    CHECK_EQ(rig_tcb(&c.rig, c.server[0])->sched_context, 0);
    CHECK(mcs_has(&c.rig, c.server[2], ROOT_CONTEXT));
    rig_yield_to(&c.rig, c.server[2]);
    chain_answer(&c, 2, 12);
    CHECK(mcs_has(&c.rig, c.server[1], ROOT_CONTEXT));
    CHECK_EQ(rig_state(&c.rig, ABI_SLOT_TCB), THREAD_BLOCKED_ON_REPLY); /* still waits for the first server */
    rig_close(&c.rig);
}

/* The newest one gone, the time goes back at once. */
static void test_newest_deleted(void)
{
    struct chain c = chain_open();
    rig_yield_to(&c.rig, c.helper);
    CHECK_OK(rig_delete(&c.rig, c.reply[2]));
    CHECK(mcs_has(&c.rig, c.server[1], ROOT_CONTEXT));
    CHECK_EQ(rig_state(&c.rig, c.server[1]), THREAD_INACTIVE);
    CHECK_EQ(rig_tcb(&c.rig, c.server[2])->sched_context, 0);
    CHECK(chain_reply(&c, 1)->is_newest);
    rig_close(&c.rig);
}

/* A caller that is taken away gets nothing back. */
static void test_callers_suspended(void)
{
    struct chain c = chain_open();
    rig_yield_to(&c.rig, c.helper);
    CHECK_OK(mcs_suspend(&c.rig, c.server[1]));
    CHECK(mcs_has(&c.rig, c.server[2], ROOT_CONTEXT));
    CHECK_EQ(rig_context(&c.rig, ROOT_CONTEXT)->reply, 0);
    CHECK_EQ(chain_reply(&c, 2)->tcb, 0);
    CHECK_EQ(chain_reply(&c, 1)->next, 0);
    rig_yield_to(&c.rig, c.server[2]);
    chain_answer(&c, 2, 12); /* there is nobody to answer; and it keeps the time for its wait */
    CHECK(mcs_has(&c.rig, c.server[2], ROOT_CONTEXT));
    CHECK_EQ(rig_state(&c.rig, c.server[2]), THREAD_BLOCKED_ON_RECEIVE);
    rig_close(&c.rig);
}

static void test_thread_deleted(void)
{
    struct chain c = chain_open();
    rig_yield_to(&c.rig, c.helper);
    CHECK_OK(rig_delete(&c.rig, c.server[0])); /* a caller in the middle */
    CHECK_EQ(chain_reply(&c, 1)->tcb, 0);
    CHECK_EQ(chain_reply(&c, 2)->prev, 0);
    CHECK_EQ(chain_reply(&c, 0)->next, 0);
    CHECK_OK(rig_delete(&c.rig, c.server[2])); /* the one that has the time */
    CHECK_EQ(rig_context(&c.rig, ROOT_CONTEXT)->tcb, 0);
    CHECK(chain_reply(&c, 2)->is_newest); /* it would go back, if somebody answered */
    rig_close(&c.rig);
}

static void test_context_deleted(void)
{
    struct chain c = chain_open();
    rig_yield_to(&c.rig, c.helper);
    CHECK_OK(rig_delete(&c.rig, ROOT_CONTEXT));
    CHECK_EQ(rig_tcb(&c.rig, c.server[2])->sched_context, 0);
    CHECK_EQ(chain_reply(&c, 2)->next, 0);
    CHECK(!chain_reply(&c, 2)->is_newest);
    CHECK_OK(mcs_bind(&c.rig, rig_context_of(c.server[2]), c.server[2]));
    rig_yield_to(&c.rig, c.server[2]);
    chain_answer(&c, 2, 12); /* an answer without time */
    CHECK_EQ(rig_state(&c.rig, c.server[1]), THREAD_RUNNING);
    CHECK_EQ(rig_tcb(&c.rig, c.server[1])->sched_context, 0);
    rig_close(&c.rig);
}

/* Unbound from everything, it goes back to nobody. */
static void test_context_unbound(void)
{
    struct chain c = chain_open();
    rig_yield_to(&c.rig, c.helper);
    CHECK_OK(mcs_unbind(&c.rig, ROOT_CONTEXT));
    CHECK_EQ(rig_context(&c.rig, ROOT_CONTEXT)->reply, 0);
    CHECK_EQ(chain_reply(&c, 2)->next, 0);
    CHECK_EQ(rig_tcb(&c.rig, c.server[2])->sched_context, 0);
    rig_close(&c.rig);
}

/* A reply object that still has somebody to answer is taken from them. */
static void test_reuse(void)
{
    struct chain c = chain_open();
    c.rig.reply = c.reply[0];
    rig_nb_recv(&c.rig, c.endpoint[2]);
    CHECK(rig_runs(&c.rig, c.server[2]));
    CHECK_EQ(rig_state(&c.rig, ABI_SLOT_TCB), THREAD_INACTIVE);
    CHECK_EQ(chain_reply(&c, 0)->tcb, 0);
    CHECK_EQ(chain_reply(&c, 1)->prev, 0);
    rig_close(&c.rig);
}

/* Several callers can be answered in any order. */
static void test_two_replies(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t a = rig_new(&rig, OBJECT_REPLY, 0), b = rig_new(&rig, OBJECT_REPLY, 0);
    uint64_t first = rig_thread(&rig, 255, 0), second = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, first);
    rig_call_raw(&rig, endpoint, 1, NO_WORDS);
    CHECK(rig_runs(&rig, second));
    rig_call_raw(&rig, endpoint, 2, NO_WORDS);
    rig.reply = a;
    rig_recv(&rig, endpoint);
    CHECK_EQ(rig_answer(&rig).label, 1);
    rig.reply = b;
    rig_recv(&rig, endpoint);
    CHECK_EQ(rig_answer(&rig).label, 2);
    CHECK(mcs_has(&rig, ABI_SLOT_TCB, ROOT_CONTEXT)); /* it has its own, so both kept theirs */
    rig_send(&rig, b, 22, NO_WORDS);
    rig_call_raw(&rig, a, 11, NO_WORDS);
    CHECK_ANSWER_EMPTY(rig_answer(&rig), ABI_NO_ERROR);
    rig_send(&rig, a, 12, NO_WORDS); /* nobody waits any more */
    rig_yield_to(&rig, second);      /* the first that was answered */
    CHECK_EQ(rig_answer(&rig).label, 22);
    rig_yield_to(&rig, first);
    CHECK_EQ(rig_answer(&rig).label, 11);
    rig_close(&rig);
}

/* The right to grant is the reply capability's. */
static void test_grant(void)
{
    struct chain c = chain_open();
    uint64_t weak = rig_free_slot(&c.rig);
    rig_yield_to(&c.rig, c.helper);
    CHECK(rig_cap(&c.rig, c.reply[0]).can_grant);
    CHECK_OK(rig_copy(&c.rig, weak, c.reply[0], RIGHTS_ALL & ~RIGHT_GRANT));
    CHECK(!rig_cap(&c.rig, weak).can_grant);
    CHECK_OK(rig_delete(&c.rig, c.reply[0]));
    CHECK_EQ(rig_state(&c.rig, ABI_SLOT_TCB), THREAD_BLOCKED_ON_REPLY); /* a capability is left */
    CHECK_OK(rig_delete(&c.rig, weak));
    CHECK_EQ(rig_state(&c.rig, ABI_SLOT_TCB), THREAD_INACTIVE);
    rig_close(&c.rig);
}

/* Deleting the object of somebody who has not got a call yet ends the wait. */
static void test_waiting_deleted(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0), reply = rig_new(&rig, OBJECT_REPLY, 0);
    uint64_t server = mcs_passive_server(&rig, endpoint, reply);
    CHECK_OK(rig_delete(&rig, reply));
    CHECK_EQ(rig_state(&rig, server), THREAD_INACTIVE);
    CHECK_EQ(((struct endpoint *)arena_at(rig.k, rig_cap(&rig, endpoint).paddr))->state, ENDPOINT_IDLE);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_unwind), CHECK_TEST(test_middle_deleted), CHECK_TEST(test_newest_deleted),
           CHECK_TEST(test_callers_suspended), CHECK_TEST(test_thread_deleted),
           CHECK_TEST(test_context_deleted), CHECK_TEST(test_context_unbound), CHECK_TEST(test_reuse),
           CHECK_TEST(test_two_replies), CHECK_TEST(test_grant), CHECK_TEST(test_waiting_deleted))
