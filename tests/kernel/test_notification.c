/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications: signals gather, wake one waiter, or reach a bound thread.
 * Manual: "Notifications", "Signalling, Polling and Waiting", "Binding Notifications".
 */
#include "kernel/state.h"
#include "tests/kernel/rig.h"

static uint64_t badged(struct rig *rig, uint64_t notification, uint64_t badge)
{
    uint64_t slot = rig_free_slot(rig);
    CHECK_OK(rig_mint(rig, slot, notification, RIGHTS_ALL, badge));
    return slot;
}

static void signal(struct rig *rig, uint64_t cptr)
{
    rig_send(rig, cptr, 0, NO_WORDS);
}

static void test_signals_gather(void)
{
    struct rig rig = rig_open();
    uint64_t notification = rig_new(&rig, OBJECT_NOTIFICATION, 0);
    uint64_t one = badged(&rig, notification, 1), four = badged(&rig, notification, 4);
    rig_nb_recv(&rig, notification);
    CHECK_EQ(rig_answer(&rig).badge, 0);
    signal(&rig, one);
    signal(&rig, four);
    signal(&rig, one);
    rig_recv(&rig, notification);
    CHECK(rig_root_runs(&rig));
    CHECK_EQ(rig_answer(&rig).badge, 5);
    rig_nb_recv(&rig, notification);
    CHECK_EQ(rig_answer(&rig).badge, 0);
    rig_close(&rig);
}

static void test_waiters_in_order(void)
{
    struct rig rig = rig_open();
    uint64_t notification = rig_new(&rig, OBJECT_NOTIFICATION, 0), two = badged(&rig, notification, 2);
    uint64_t a = rig_thread(&rig, 255, 0), b = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, a);
    rig_recv(&rig, notification);
    rig_yield_to(&rig, b);
    rig_recv(&rig, notification);
    rig_yield_to_root(&rig);
    signal(&rig, two);
    CHECK_EQ(rig_state(&rig, a), THREAD_RUNNING);
    CHECK_EQ(rig_state(&rig, b), THREAD_BLOCKED_ON_NOTIFICATION);
    signal(&rig, two);
    CHECK_EQ(rig_state(&rig, b), THREAD_RUNNING);
    rig_yield_to(&rig, b);
    CHECK_EQ(rig_answer(&rig).badge, 2);
    rig_nb_recv(&rig, notification); /* the wakings used the signals up */
    CHECK_EQ(rig_answer(&rig).badge, 0);
    rig_close(&rig);
}

static void test_bound(void)
{
    struct rig rig = rig_open();
    uint64_t notification = rig_new(&rig, OBJECT_NOTIFICATION, 0), seven = badged(&rig, notification, 7);
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0), tcb = rig_thread(&rig, 255, 0);
    CHECK_OK(rig_invoke(&rig, tcb, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(notification)).label);
    rig_yield_to(&rig, tcb);
    rig_recv(&rig, endpoint);
    CHECK_EQ(rig_state(&rig, tcb), THREAD_BLOCKED_ON_RECEIVE);
    signal(&rig, seven);
    rig_yield_to(&rig, tcb);
    CHECK_EQ(rig_answer(&rig).badge, 7);
    /* An active one is taken before any sender. */
    rig_yield_to_root(&rig);
    signal(&rig, seven);
    rig_send(&rig, endpoint, 3, NO_WORDS);
    CHECK(rig_runs(&rig, tcb));
    rig_recv(&rig, endpoint);
    CHECK_EQ(rig_answer(&rig).badge, 7);
    CHECK_EQ(rig_tcb(&rig, ABI_SLOT_TCB)->state, THREAD_BLOCKED_ON_SEND);
    rig_recv(&rig, endpoint);
    CHECK_EQ(rig_answer(&rig).label, 3);
    rig_close(&rig);
}

static void test_binding_refused(void)
{
    struct rig rig = rig_open();
    uint64_t n = rig_new(&rig, OBJECT_NOTIFICATION, 0), m = rig_new(&rig, OBJECT_NOTIFICATION, 0);
    uint64_t write_only = rig_free_slot(&rig), a = rig_thread(&rig, 255, 0), b = rig_thread(&rig, 255, 0);
    CHECK_OK(rig_copy(&rig, write_only, n, RIGHT_WRITE));
    CHECK_EQ(rig_invoke(&rig, a, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, NO_CAPS).label,
             ABI_TRUNCATED_MESSAGE);
    CHECK_EQ(rig_invoke(&rig, a, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(a)).label,
             ABI_ILLEGAL_OPERATION);
    CHECK_EQ(rig_invoke(&rig, a, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(write_only)).label,
             ABI_ILLEGAL_OPERATION);
    CHECK_EQ(rig_invoke(&rig, a, OPERATION_TCB_UNBIND_NOTIFICATION, NO_WORDS, NO_CAPS).label,
             ABI_ILLEGAL_OPERATION);
    CHECK_OK(rig_invoke(&rig, a, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(n)).label);
    CHECK_EQ(rig_invoke(&rig, a, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(m)).label,
             ABI_ILLEGAL_OPERATION);
    CHECK_EQ(rig_invoke(&rig, b, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(n)).label,
             ABI_ILLEGAL_OPERATION);
    rig_yield_to(&rig, b);
    rig_recv(&rig, m);
    rig_yield_to_root(&rig);
    CHECK_EQ(rig_invoke(&rig, ABI_SLOT_TCB, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(m)).label,
             ABI_ILLEGAL_OPERATION); /* somebody waits */
    /* Nobody but the bound thread may wait on it. */
    rig_recv(&rig, n);
    CHECK_EQ(kernel_unhandled_fault(rig.k).address, n);
    CHECK_EQ(kernel_unhandled_fault(rig.k).status, 1);
    rig_close(&rig);
}

static void test_unbinding(void)
{
    struct rig rig = rig_open();
    uint64_t n = rig_new(&rig, OBJECT_NOTIFICATION, 0), a = rig_thread(&rig, 255, 0);
    CHECK_OK(rig_invoke(&rig, a, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(n)).label);
    CHECK_OK(rig_invoke(&rig, a, OPERATION_TCB_UNBIND_NOTIFICATION, NO_WORDS, NO_CAPS).label);
    rig_nb_recv(&rig, n);
    CHECK(rig_root_runs(&rig));
    CHECK_OK(rig_invoke(&rig, a, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(n)).label);
    CHECK_OK(rig_delete(&rig, n)); /* its end unbinds */
    CHECK_EQ(rig_tcb(&rig, a)->bound_notification, 0);
    n = rig_new(&rig, OBJECT_NOTIFICATION, 0);
    CHECK_OK(rig_invoke(&rig, a, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(n)).label);
    CHECK_OK(rig_delete(&rig, a)); /* and so does the thread's */
    const struct notification *notification = arena_at(rig.k, rig_cap(&rig, n).paddr);
    CHECK_EQ(notification->bound, 0);
    rig_close(&rig);
}

static void test_rights_and_end(void)
{
    struct rig rig = rig_open();
    uint64_t n = rig_new(&rig, OBJECT_NOTIFICATION, 0), read_only = rig_free_slot(&rig);
    uint64_t a = rig_thread(&rig, 255, 0);
    CHECK_OK(rig_copy(&rig, read_only, n, RIGHT_READ));
    rig_call_raw(&rig, read_only, 0, NO_WORDS);
    CHECK_ANSWER(rig_answer(&rig), ABI_INVALID_CAPABILITY, 0);
    rig_call_raw(&rig, n, 0, WORDS(5)); /* a Call signals, and is answered at once */
    CHECK_ANSWER_EMPTY(rig_answer(&rig), ABI_NO_ERROR);
    rig_nb_recv(&rig, n);
    rig_yield_to(&rig, a);
    rig_recv(&rig, n);
    CHECK_OK(rig_delete(&rig, read_only));
    CHECK_EQ(rig_state(&rig, a), THREAD_BLOCKED_ON_NOTIFICATION);
    rig_invoke(&rig, ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(n, 64), NO_CAPS);
    CHECK(rig_state(&rig, a) == THREAD_RESTART || rig_runs(&rig, a));
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_signals_gather), CHECK_TEST(test_waiters_in_order), CHECK_TEST(test_bound),
           CHECK_TEST(test_binding_refused), CHECK_TEST(test_unbinding), CHECK_TEST(test_rights_and_end))
