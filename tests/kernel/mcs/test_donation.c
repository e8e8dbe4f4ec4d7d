/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time that goes with messages and signals to threads that have none.
 */
#include "tests/kernel/mcs/mcs_rig.h"

struct pair {
    struct rig rig;
    uint64_t endpoint, reply, server;
};

static struct pair pair_open(void)
{
    struct pair p = {.rig = rig_open_mcs()};
    p.endpoint = rig_new(&p.rig, OBJECT_ENDPOINT, 0);
    p.reply = rig_new(&p.rig, OBJECT_REPLY, 0);
    p.server = mcs_passive_server(&p.rig, p.endpoint, p.reply);
    return p;
}

static void test_call(void)
{
    struct pair p = pair_open();
    CHECK_EQ(rig_tcb(&p.rig, p.server)->reply, rig_cap(&p.rig, p.reply).paddr);
    rig_call_raw(&p.rig, p.endpoint, 3, WORDS(7));
    CHECK(rig_runs(&p.rig, p.server));
    CHECK(mcs_has(&p.rig, p.server, ROOT_CONTEXT));
    CHECK_EQ(rig_tcb(&p.rig, ABI_SLOT_TCB)->sched_context, 0);
    CHECK_EQ(rig_state(&p.rig, ABI_SLOT_TCB), THREAD_BLOCKED_ON_REPLY);
    CHECK_ANSWER(rig_answer(&p.rig), 3, 7);
    p.rig.reply = p.reply;
    rig_reply_recv(&p.rig, p.endpoint, 4, WORDS(8));
    CHECK(rig_root_runs(&p.rig));
    CHECK(mcs_has(&p.rig, ABI_SLOT_TCB, ROOT_CONTEXT));
    CHECK_EQ(rig_tcb(&p.rig, p.server)->sched_context, 0);
    CHECK_ANSWER(rig_answer(&p.rig), 4, 8);
    rig_close(&p.rig);
}

/* Who has time of its own keeps it. */
static void test_active_server(void)
{
    struct pair p = pair_open();
    CHECK_OK(mcs_bind(&p.rig, rig_context_of(p.server), p.server));
    rig_call_raw(&p.rig, p.endpoint, 3, NO_WORDS);
    CHECK(rig_runs(&p.rig, p.server));
    CHECK(mcs_has(&p.rig, p.server, rig_context_of(p.server)));
    CHECK(mcs_has(&p.rig, ABI_SLOT_TCB, ROOT_CONTEXT));
    rig_close(&p.rig);
}

/* A mere send gives nothing: the server has the message, but cannot run. */
static void test_send(void)
{
    struct pair p = pair_open();
    rig_send(&p.rig, p.endpoint, 3, WORDS(7));
    CHECK(rig_root_runs(&p.rig));
    CHECK_EQ(rig_state(&p.rig, p.server), THREAD_RUNNING);
    CHECK_EQ(rig_tcb(&p.rig, p.server)->sched_context, 0);
    CHECK_EQ(rig_tcb(&p.rig, p.server)->reply, 0);
    CHECK_OK(mcs_bind(&p.rig, rig_context_of(p.server), p.server));
    rig_yield_to(&p.rig, p.server);
    CHECK_ANSWER(rig_answer(&p.rig), 3, 7);
    rig_close(&p.rig);
}

/* A call without the right to be answered gives nothing either. */
static void test_call_without_grant(void)
{
    struct pair p = pair_open();
    uint64_t weak = rig_free_slot(&p.rig);
    CHECK_OK(rig_copy(&p.rig, weak, p.endpoint, RIGHT_WRITE));
    rig_call_raw(&p.rig, weak, 3, NO_WORDS);
    CHECK_EQ(rig_state(&p.rig, ABI_SLOT_TCB), THREAD_INACTIVE);
    CHECK(mcs_has(&p.rig, ABI_SLOT_TCB, ROOT_CONTEXT));
    rig_close(&p.rig);
}

/* NBSendRecv sends the time along and waits. */
static void test_send_and_receive(void)
{
    struct pair p = pair_open();
    uint64_t back = rig_new(&p.rig, OBJECT_ENDPOINT, 0);
    p.rig.destination = p.endpoint;
    p.rig.reply = rig_new(&p.rig, OBJECT_REPLY, 0);
    rig_syscall(&p.rig, SYSCALL_NB_SEND_RECV, back, rig_info(5, 0, 0), NO_WORDS, NO_CAPS);
    CHECK(rig_runs(&p.rig, p.server));
    CHECK(mcs_has(&p.rig, p.server, ROOT_CONTEXT));
    CHECK_EQ(rig_state(&p.rig, ABI_SLOT_TCB), THREAD_BLOCKED_ON_RECEIVE);
    p.rig.reply = back; /* NBSendWait takes the destination where others have the reply object */
    rig_syscall(&p.rig, SYSCALL_NB_SEND_WAIT, p.endpoint, rig_info(6, 0, 0), NO_WORDS, NO_CAPS);
    CHECK(rig_root_runs(&p.rig));
    CHECK(mcs_has(&p.rig, ABI_SLOT_TCB, ROOT_CONTEXT));
    CHECK_EQ(rig_answer(&p.rig).label, 6);
    rig_close(&p.rig);
}

/* The first of two phases refuses what could take long, and the second happens all the same. */
static void test_first_phase(void)
{
    struct pair p = pair_open();
    uint64_t notification = rig_new(&p.rig, OBJECT_NOTIFICATION, 0);
    const struct {
        uint64_t cptr;
        enum operation operation;
    } refused[] = {{p.server, OPERATION_TCB_SUSPEND},
                   {ABI_SLOT_CNODE, OPERATION_CNODE_REVOKE},
                   {ROOT_CONTEXT, OPERATION_SCHED_CONTEXT_CONSUMED},
                   {RIG_SCHED_CONTROL, OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS},
                   {ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SET_SET}};
    for (unsigned i = 0; i < sizeof refused / sizeof *refused; i++) {
        rig_nb_send(&p.rig, notification, 0, NO_WORDS);
        p.rig.reply = refused[i].cptr;
        rig_syscall(&p.rig, SYSCALL_NB_SEND_WAIT, notification,
                    rig_info(rig_label(&p.rig, refused[i].operation), 0, 0), NO_WORDS, NO_CAPS);
        CHECK(rig_root_runs(&p.rig));
        CHECK(strstr(p.rig.sim->console.remark, "InvalidCapability"));
        CHECK_EQ(rig_state(&p.rig, p.server), THREAD_BLOCKED_ON_RECEIVE);
    }
    rig_close(&p.rig);
}

/* What is no reply object cannot be waited with. */
static void test_receive_without_reply(void)
{
    struct pair p = pair_open();
    p.rig.reply = p.endpoint;
    rig_nb_recv(&p.rig, p.endpoint);
    CHECK_EQ(rig_state(&p.rig, ABI_SLOT_TCB), THREAD_INACTIVE); /* a fault that nobody handles */
    CHECK(strstr(p.rig.sim->console.text, "Found thread has no fault handler while trying to handle:\n"
                                          "cap fault in receive phase"));
    CHECK_EQ(kernel_unhandled_fault(p.rig.k).address, p.endpoint);
    rig_close(&p.rig);
    p = pair_open();
    rig_syscall(&p.rig, SYSCALL_NB_WAIT, p.endpoint, 0, NO_WORDS, NO_CAPS); /* needs none */
    CHECK(rig_root_runs(&p.rig));
    rig_close(&p.rig);
}

struct signalled {
    struct rig rig;
    uint64_t notification, context, waiter;
};

/* A notification with time, and a thread without that waits for it. */
static struct signalled signalled_open(void)
{
    struct signalled s = {.rig = rig_open_mcs()};
    s.notification = rig_new(&s.rig, OBJECT_NOTIFICATION, 0);
    s.waiter = rig_thread(&s.rig, 255, 0);
    s.context = rig_context_of(s.waiter);
    CHECK_OK(mcs_bind(&s.rig, s.context, s.notification));
    rig_yield_to(&s.rig, s.waiter);
    rig_syscall(&s.rig, SYSCALL_WAIT, s.notification, 0, NO_WORDS, NO_CAPS);
    CHECK(rig_root_runs(&s.rig));
    CHECK_EQ(rig_tcb(&s.rig, s.waiter)->sched_context, 0); /* given back on the way */
    return s;
}

static void test_signal(void)
{
    struct signalled s = signalled_open();
    rig_nb_send(&s.rig, s.notification, 0, NO_WORDS);
    CHECK(mcs_has(&s.rig, s.waiter, s.context));
    rig_yield_to(&s.rig, s.waiter);
    rig_syscall(&s.rig, SYSCALL_WAIT, s.notification, 0, NO_WORDS, NO_CAPS);
    CHECK_EQ(rig_tcb(&s.rig, s.waiter)->sched_context, 0);
    CHECK_OK(rig_delete(&s.rig, s.notification));
    CHECK_EQ(rig_context(&s.rig, s.context)->notification, 0);
    CHECK_EQ(rig_state(&s.rig, s.waiter), THREAD_RESTART);
    rig_close(&s.rig);
}

/* Only one thread at a time has it. */
static void test_two_waiters(void)
{
    struct signalled s = signalled_open();
    uint64_t other = rig_thread(&s.rig, 255, 0);
    rig_yield_to(&s.rig, other);
    rig_syscall(&s.rig, SYSCALL_WAIT, s.notification, 0, NO_WORDS, NO_CAPS);
    CHECK_OK(mcs_unbind(&s.rig, rig_context_of(other)));
    rig_nb_send(&s.rig, s.notification, 0, NO_WORDS);
    rig_nb_send(&s.rig, s.notification, 0, NO_WORDS);
    CHECK(mcs_has(&s.rig, s.waiter, s.context));
    CHECK_EQ(rig_state(&s.rig, other), THREAD_RUNNING);
    CHECK_EQ(rig_tcb(&s.rig, other)->sched_context, 0);
    rig_close(&s.rig);
}

/* A bound notification lends its time to a thread that waits for messages, and takes it back. */
static void test_bound_notification(void)
{
    struct pair p = pair_open();
    uint64_t notification = rig_new(&p.rig, OBJECT_NOTIFICATION, 0), context = rig_context_of(p.server);
    CHECK_OK(
        rig_invoke(&p.rig, p.server, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(notification)).label);
    CHECK_OK(mcs_bind(&p.rig, context, notification));
    rig_nb_send(&p.rig, notification, 0, NO_WORDS);
    CHECK(mcs_has(&p.rig, p.server, context));
    CHECK_EQ(rig_tcb(&p.rig, p.server)->reply, 0); /* it waits no more */
    rig_yield_to(&p.rig, p.server);
    p.rig.reply = p.reply;
    rig_recv(&p.rig, p.endpoint);
    CHECK_EQ(rig_tcb(&p.rig, p.server)->sched_context, 0);
    CHECK(rig_root_runs(&p.rig));
    rig_close(&p.rig);
}

CHECK_MAIN(CHECK_TEST(test_call), CHECK_TEST(test_active_server), CHECK_TEST(test_send),
           CHECK_TEST(test_call_without_grant), CHECK_TEST(test_send_and_receive),
           CHECK_TEST(test_first_phase), CHECK_TEST(test_receive_without_reply), CHECK_TEST(test_signal),
           CHECK_TEST(test_two_waiters), CHECK_TEST(test_bound_notification))
