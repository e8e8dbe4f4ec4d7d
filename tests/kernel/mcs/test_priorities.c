/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues of endpoints and notifications go by priority, and among equals by time.
 */
#include "tests/kernel/mcs/mcs_rig.h"

enum {
    WAITERS = 5
};

static const uint8_t PRIORITIES[WAITERS] = {100, 120, 100, 110, 120};

struct queued {
    struct rig rig;
    uint64_t object;
    uint64_t waiter[WAITERS];
};

/* Threads that call the endpoint, or wait for the notification, in the order of the table. */
static struct queued queued_open(enum object object)
{
    struct queued q = {.rig = rig_open_mcs()};
    q.object = rig_new(&q.rig, object, 0);
    for (unsigned i = 0; i < WAITERS; i++) {
        q.waiter[i] = rig_thread(&q.rig, PRIORITIES[i], 0);
        CHECK_OK(mcs_suspend(&q.rig, q.waiter[i]));
    }
    for (unsigned i = 0; i < WAITERS; i++) {
        CHECK_OK(rig_invoke(&q.rig, q.waiter[i], OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS).label);
        (void)mcs_set_priority(&q.rig, ABI_SLOT_TCB, 90);
        CHECK(rig_runs(&q.rig, q.waiter[i]));
        if (object == OBJECT_ENDPOINT)
            rig_call_raw(&q.rig, q.object, i, NO_WORDS);
        else
            rig_syscall(&q.rig, SYSCALL_WAIT, q.object, 0, NO_WORDS, NO_CAPS);
        CHECK(rig_root_runs(&q.rig));
        CHECK_OK(mcs_set_priority(&q.rig, ABI_SLOT_TCB, 255));
    }
    return q;
}

static uint64_t next_caller(struct queued *q, uint64_t reply)
{
    q->rig.reply = reply;
    rig_nb_recv(&q->rig, q->object);
    return rig_answer(&q->rig).label;
}

static void test_endpoint(void)
{
    struct queued q = queued_open(OBJECT_ENDPOINT);
    uint64_t reply = rig_new(&q.rig, OBJECT_REPLY, 0);
    static const uint8_t order[WAITERS] = {1, 4, 3, 0, 2};
    for (unsigned i = 0; i < WAITERS; i++)
        CHECK_EQ(next_caller(&q, reply), order[i]);
    rig_close(&q.rig);
}

/* A thread whose priority changes goes behind its new equals. */
static void test_endpoint_reordered(void)
{
    struct queued q = queued_open(OBJECT_ENDPOINT);
    uint64_t reply = rig_new(&q.rig, OBJECT_REPLY, 0);
    static const uint8_t order[WAITERS] = {4, 2, 3, 0, 1};
    CHECK_OK(mcs_set_priority(&q.rig, q.waiter[2], 120));
    CHECK_OK(mcs_set_priority(&q.rig, q.waiter[1], 100));
    for (unsigned i = 0; i < WAITERS; i++)
        CHECK_EQ(next_caller(&q, reply), order[i]);
    rig_close(&q.rig);
}

static void test_notification(void)
{
    struct queued q = queued_open(OBJECT_NOTIFICATION);
    static const uint8_t order[WAITERS] = {1, 4, 0, 2, 3};
    CHECK_OK(mcs_set_priority(&q.rig, q.waiter[3], 50));
    for (unsigned i = 0; i < WAITERS; i++) {
        rig_nb_send(&q.rig, q.object, 0, NO_WORDS);
        CHECK_EQ(rig_state(&q.rig, q.waiter[order[i]]), THREAD_RUNNING);
    }
    rig_close(&q.rig);
}

/* The classic kernel goes by time alone. */
static void test_classic(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t low = rig_thread(&rig, 255, 0), high = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, low);
    rig_send(&rig, endpoint, 1, NO_WORDS);
    rig_yield_to(&rig, high);
    rig_send(&rig, endpoint, 2, NO_WORDS);
    CHECK_OK(mcs_set_priority(&rig, low, 10));
    rig_recv(&rig, endpoint);
    CHECK_EQ(rig_answer(&rig).label, 1);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_endpoint), CHECK_TEST(test_endpoint_reordered), CHECK_TEST(test_notification),
           CHECK_TEST(test_classic))
