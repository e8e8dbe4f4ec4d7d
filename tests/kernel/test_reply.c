/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Call and reply: the capability to answer, what ends it, and grant rights.
 * Manual: "Call and Reply" in "Message Passing (IPC)".
 */
#include "kernel/message.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "tests/kernel/rig.h"

struct call {
    struct rig rig;
    uint64_t endpoint, caller;
};

/* The root has received a call of `caller`, made through a capability with `rights`. */
static struct call call_open(uint64_t rights, uint64_t server_rights)
{
    struct call c = {.rig = rig_open()};
    c.endpoint = rig_new(&c.rig, OBJECT_ENDPOINT, 0);
    uint64_t client = rig_free_slot(&c.rig), server = rig_free_slot(&c.rig);
    CHECK_OK(rig_mint(&c.rig, client, c.endpoint, rights, 3));
    CHECK_OK(rig_copy(&c.rig, server, c.endpoint, server_rights));
    c.caller = rig_thread(&c.rig, 255, 0);
    rig_give_buffer(&c.rig, c.caller);
    rig_yield_to(&c.rig, c.caller);
    rig_call_raw(&c.rig, client, 11, WORDS(1, 2));
    rig_recv(&c.rig, server);
    CHECK_ANSWER(rig_answer(&c.rig), 11, 1, 2);
    CHECK_EQ(rig_answer(&c.rig).badge, 3);
    return c;
}

static const struct slot *caller_slot(const struct call *c)
{
    return &rig_tcb(&c->rig, ABI_SLOT_TCB)->slots[TCB_CALLER];
}

static void test_call_and_reply(void)
{
    struct call c = call_open(RIGHTS_ALL, RIGHTS_ALL);
    CHECK_EQ(rig_state(&c.rig, c.caller), THREAD_BLOCKED_ON_REPLY);
    rig_reply(&c.rig, 12, WORDS(4, 5, 6, 7, 8));
    CHECK(rig_root_runs(&c.rig));
    CHECK(slot_is_empty(caller_slot(&c)));
    rig_yield_to(&c.rig, c.caller);
    CHECK_ANSWER(rig_answer(&c.rig), 12, 4, 5, 6, 7, 8);
    CHECK_EQ(rig_answer(&c.rig).badge, 0);
    rig_yield_to_root(&c.rig);
    rig_reply(&c.rig, 13, NO_WORDS); /* only once */
    CHECK(rig_root_runs(&c.rig));
    CHECK_EQ(rig_answer(&c.rig).label, 13); /* its own registers, unchanged */
    rig_close(&c.rig);
}

static void test_receiver_first_call(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0), server = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, server);
    rig_recv(&rig, endpoint);
    rig_call_raw(&rig, endpoint, 1, WORDS(9));
    CHECK(rig_runs(&rig, server)); /* the caller waits, so the server runs at once */
    CHECK(rig_tcb(&rig, server)->slots[TCB_CALLER].cap.can_grant);
    CHECK_EQ(rig_tcb(&rig, ABI_SLOT_TCB)->state, THREAD_BLOCKED_ON_REPLY);
    rig_reply_recv(&rig, endpoint, 2, WORDS(10));
    CHECK(rig_root_runs(&rig));
    CHECK_ANSWER(rig_answer(&rig), 2, 10);
    CHECK_EQ(rig_state(&rig, server), THREAD_BLOCKED_ON_RECEIVE);
    rig_close(&rig);
}

/* The same rights decide when the receiver came first. */
static void test_grant_of_a_waiting_receiver(void)
{
    for (unsigned can_grant = 0; can_grant < 2; can_grant++) {
        struct rig rig = rig_open();
        uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0), own = rig_free_slot(&rig);
        uint64_t weak = rig_free_slot(&rig), server = rig_thread(&rig, 255, 0);
        CHECK_OK(rig_copy(&rig, own, endpoint, can_grant ? RIGHTS_ALL : RIGHT_READ));
        CHECK_OK(rig_copy(&rig, weak, endpoint, RIGHT_WRITE));
        rig_yield_to(&rig, server);
        rig_recv(&rig, own);
        rig_call_raw(&rig, endpoint, 1, NO_WORDS);
        CHECK(rig_runs(&rig, server));
        CHECK_EQ(rig_tcb(&rig, server)->slots[TCB_CALLER].cap.can_grant, can_grant);
        rig_reply_recv(&rig, own, 0, NO_WORDS);
        rig_call_raw(&rig, weak, 1, NO_WORDS); /* may not be answered */
        CHECK_EQ(rig_tcb(&rig, ABI_SLOT_TCB)->state, THREAD_INACTIVE);
        CHECK(slot_is_empty(&rig_tcb(&rig, server)->slots[TCB_CALLER]));
        rig_close(&rig);
    }
}

/* A caller that may not be answered stops. */
static void test_call_without_grant(void)
{
    struct call c = call_open(RIGHT_WRITE, RIGHTS_ALL);
    CHECK_EQ(rig_state(&c.rig, c.caller), THREAD_INACTIVE);
    CHECK(slot_is_empty(caller_slot(&c)));
    rig_close(&c.rig);
    c = call_open(RIGHT_WRITE | RIGHT_GRANT_REPLY, RIGHTS_ALL);
    CHECK_EQ(rig_state(&c.rig, c.caller), THREAD_BLOCKED_ON_REPLY);
    rig_close(&c.rig);
}

/* Capabilities come with a reply only if the server received with the grant right. */
static void reply_with_capability(bool can_grant)
{
    struct call c = call_open(RIGHTS_ALL, can_grant ? RIGHTS_ALL : RIGHT_READ);
    uint64_t window = rig_free_slot(&c.rig);
    uint64_t *buffer = thread_ipc_buffer(c.rig.k, rig_tcb(&c.rig, c.caller), true);
    buffer[BUFFER_RECEIVE_CNODE] = ABI_SLOT_CNODE;
    buffer[BUFFER_RECEIVE_INDEX] = window;
    buffer[BUFFER_RECEIVE_DEPTH] = 64;
    CHECK_EQ(caller_slot(&c)->cap.can_grant, can_grant);
    rig_syscall(&c.rig, SYSCALL_REPLY, 0, rig_info(0, 1, 0), NO_WORDS, CAPS(c.endpoint));
    /* Not unwrapped either: a reply goes through no endpoint. */
    CHECK_EQ(rig_cap(&c.rig, window).type, can_grant ? CAP_ENDPOINT : CAP_NULL);
    rig_yield_to(&c.rig, c.caller);
    CHECK_EQ(rig_answer(&c.rig).extra_caps, can_grant);
    CHECK_EQ(rig_answer(&c.rig).caps_unwrapped, 0);
    rig_close(&c.rig);
}

static void test_reply_capabilities(void)
{
    reply_with_capability(true);
    reply_with_capability(false);
}

/* Receiving again throws the answer away; the caller waits for ever. */
static void test_receive_drops_the_caller(void)
{
    struct call c = call_open(RIGHTS_ALL, RIGHTS_ALL);
    rig_nb_recv(&c.rig, c.endpoint);
    CHECK(slot_is_empty(caller_slot(&c)));
    CHECK_EQ(rig_state(&c.rig, c.caller), THREAD_BLOCKED_ON_REPLY);
    rig_close(&c.rig);
}

/* A notification does not. */
static void test_wait_keeps_the_caller(void)
{
    struct call c = call_open(RIGHTS_ALL, RIGHTS_ALL);
    uint64_t notification = rig_new(&c.rig, OBJECT_NOTIFICATION, 0);
    rig_nb_recv(&c.rig, notification);
    CHECK(!slot_is_empty(caller_slot(&c)));
    rig_close(&c.rig);
}

static void test_caller_is_taken_away(void)
{
    struct call c = call_open(RIGHTS_ALL, RIGHTS_ALL);
    CHECK_OK(rig_invoke(&c.rig, c.caller, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS).label);
    CHECK(slot_is_empty(caller_slot(&c)));
    CHECK_EQ(rig_state(&c.rig, c.caller), THREAD_INACTIVE);
    rig_close(&c.rig);
    c = call_open(RIGHTS_ALL, RIGHTS_ALL);
    CHECK_OK(rig_delete(&c.rig, c.caller));
    CHECK(slot_is_empty(caller_slot(&c)));
    rig_close(&c.rig);
}

/* Resuming a caller makes it call again, and the old answer is void. */
static void test_resumed_caller(void)
{
    struct call c = call_open(RIGHTS_ALL, RIGHTS_ALL);
    CHECK_OK(rig_invoke(&c.rig, c.caller, OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS).label);
    CHECK(slot_is_empty(caller_slot(&c)));
    rig_yield_to(&c.rig, c.caller);
    CHECK(sim_is_restarted(c.rig.sim));
    sim_restart(c.rig.sim);
    CHECK_EQ(rig_state(&c.rig, c.caller), THREAD_BLOCKED_ON_SEND);
    rig_close(&c.rig);
}

static void test_saved_reply_used_with_call(void)
{
    struct call c = call_open(RIGHTS_ALL, RIGHTS_ALL);
    uint64_t saved = rig_free_slot(&c.rig);
    CHECK_OK(
        rig_invoke(&c.rig, ABI_SLOT_CNODE, OPERATION_CNODE_SAVE_CALLER, WORDS(saved, 64), NO_CAPS).label);
    rig_call_raw(&c.rig, saved, 21, WORDS(22)); /* answered by the kernel at once */
    CHECK(rig_root_runs(&c.rig));
    CHECK_ANSWER_EMPTY(rig_answer(&c.rig), ABI_NO_ERROR);
    rig_yield_to(&c.rig, c.caller);
    CHECK_ANSWER(rig_answer(&c.rig), 21, 22);
    rig_close(&c.rig);
}

CHECK_MAIN(CHECK_TEST(test_call_and_reply), CHECK_TEST(test_receiver_first_call),
           CHECK_TEST(test_grant_of_a_waiting_receiver), CHECK_TEST(test_call_without_grant),
           CHECK_TEST(test_reply_capabilities), CHECK_TEST(test_receive_drops_the_caller),
           CHECK_TEST(test_wait_keeps_the_caller), CHECK_TEST(test_caller_is_taken_away),
           CHECK_TEST(test_resumed_caller), CHECK_TEST(test_saved_reply_used_with_call))
