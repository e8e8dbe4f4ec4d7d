/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints: rendezvous both ways, badges, rights, capability transfer and
 * unwrapping. Manual: "Message Passing (IPC)".
 */
#include "kernel/message.h"
#include "kernel/state.h"
#include "tests/kernel/rig.h"

struct pair {
    struct rig rig;
    uint64_t endpoint, badged; /* badge 9 */
    uint64_t peer;             /* a thread of priority 255, with a buffer */
};

static struct pair pair_open(void)
{
    struct pair p = {.rig = rig_open()};
    p.endpoint = rig_new(&p.rig, OBJECT_ENDPOINT, 0);
    p.badged = rig_free_slot(&p.rig);
    CHECK_OK(rig_mint(&p.rig, p.badged, p.endpoint, RIGHTS_ALL, 9));
    p.peer = rig_thread(&p.rig, 255, 0);
    rig_give_buffer(&p.rig, p.peer);
    return p;
}

static void test_receiver_first(void)
{
    struct pair p = pair_open();
    rig_yield_to(&p.rig, p.peer);
    rig_recv(&p.rig, p.endpoint);
    CHECK(rig_root_runs(&p.rig));
    CHECK_EQ(rig_state(&p.rig, p.peer), THREAD_BLOCKED_ON_RECEIVE);
    rig_send(&p.rig, p.badged, 0x1234, WORDS(1, 2, 3, 4, 5, 6));
    CHECK_EQ(rig_state(&p.rig, p.peer), THREAD_RUNNING);
    rig_yield_to(&p.rig, p.peer);
    struct answer answer = rig_answer(&p.rig);
    CHECK_ANSWER(answer, 0x1234, 1, 2, 3, 4, 5, 6);
    CHECK_EQ(answer.badge, 9);
    CHECK_EQ(answer.extra_caps, 0);
    rig_close(&p.rig);
}

static void test_sender_first(void)
{
    struct pair p = pair_open();
    rig_yield_to(&p.rig, p.peer);
    rig_send(&p.rig, p.badged, 5, WORDS(1, 2, 3, 4, 5, 6));
    CHECK(rig_root_runs(&p.rig));
    CHECK_EQ(rig_state(&p.rig, p.peer), THREAD_BLOCKED_ON_SEND);
    rig_recv(&p.rig, p.endpoint);
    CHECK(rig_root_runs(&p.rig));
    CHECK_ANSWER(rig_answer(&p.rig), 5, 1, 2, 3, 4, 5, 6);
    CHECK_EQ(rig_answer(&p.rig).badge, 9);
    CHECK_EQ(rig_state(&p.rig, p.peer), THREAD_RUNNING);
    rig_close(&p.rig);
}

/* Senders are served in the order they came. */
static void test_first_in_first_out(void)
{
    struct pair p = pair_open();
    uint64_t second = rig_thread(&p.rig, 255, 0);
    rig_yield_to(&p.rig, p.peer);
    rig_send(&p.rig, p.endpoint, 1, NO_WORDS);
    rig_yield_to(&p.rig, second);
    rig_send(&p.rig, p.endpoint, 2, NO_WORDS);
    rig_recv(&p.rig, p.endpoint);
    CHECK_EQ(rig_answer(&p.rig).label, 1);
    rig_recv(&p.rig, p.endpoint);
    CHECK_EQ(rig_answer(&p.rig).label, 2);
    rig_close(&p.rig);
}

static void test_non_blocking(void)
{
    struct pair p = pair_open();
    rig_nb_send(&p.rig, p.endpoint, 1, NO_WORDS); /* nobody waits: lost */
    CHECK(rig_root_runs(&p.rig));
    rig_nb_recv(&p.rig, p.endpoint);
    CHECK(rig_root_runs(&p.rig));
    CHECK_EQ(rig_answer(&p.rig).badge, 0);
    rig_yield_to(&p.rig, p.peer);
    rig_recv(&p.rig, p.endpoint);
    rig_nb_send(&p.rig, p.endpoint, 3, NO_WORDS);
    rig_yield_to(&p.rig, p.peer);
    CHECK_EQ(rig_answer(&p.rig).label, 3);
    rig_yield_to_root(&p.rig);
    rig_yield_to(&p.rig, p.peer);
    rig_send(&p.rig, p.badged, 4, NO_WORDS);
    rig_nb_recv(&p.rig, p.endpoint);
    CHECK_EQ(rig_answer(&p.rig).label, 4);
    CHECK_EQ(rig_answer(&p.rig).badge, 9);
    rig_close(&p.rig);
}

static void test_rights(void)
{
    struct pair p = pair_open();
    uint64_t read_only = rig_free_slot(&p.rig), write_only = rig_free_slot(&p.rig);
    CHECK_OK(rig_copy(&p.rig, read_only, p.endpoint, RIGHT_READ));
    CHECK_OK(rig_copy(&p.rig, write_only, p.endpoint, RIGHT_WRITE));
    rig_call_raw(&p.rig, read_only, 0, NO_WORDS);
    CHECK_ANSWER(rig_answer(&p.rig), ABI_INVALID_CAPABILITY, 0);
    rig_send(&p.rig, read_only, 0, NO_WORDS); /* refused without a word */
    CHECK(rig_root_runs(&p.rig));
    rig_nb_recv(&p.rig, write_only); /* a cap fault; nobody handles it */
    CHECK_EQ(rig_tcb(&p.rig, ABI_SLOT_TCB)->state, THREAD_INACTIVE);
    struct fault_report report = kernel_unhandled_fault(p.rig.k);
    CHECK(report.is_present);
    CHECK_EQ(report.address, write_only);
    CHECK_EQ(report.status, 1); /* in the receive phase */
    rig_close(&p.rig);
}

/* Without a buffer on one side only the registers' words arrive. */
static void test_length_without_buffer(void)
{
    struct pair p = pair_open();
    uint64_t bare = rig_thread(&p.rig, 255, 0);
    rig_yield_to(&p.rig, bare);
    rig_recv(&p.rig, p.endpoint);
    rig_yield_to_root(&p.rig);
    rig_send(&p.rig, p.endpoint, 0, WORDS(1, 2, 3, 4, 5, 6));
    rig_yield_to(&p.rig, bare);
    CHECK_ANSWER(rig_answer(&p.rig), 0, 1, 2, 3, 4);
    rig_close(&p.rig);
}

static void test_longest_message(void)
{
    struct pair p = pair_open();
    uint64_t words[ABI_MESSAGE_WORDS];
    for (unsigned i = 0; i < ABI_MESSAGE_WORDS; i++)
        words[i] = i * 3;
    rig_yield_to(&p.rig, p.peer);
    rig_recv(&p.rig, p.endpoint);
    rig_syscall(&p.rig, SYSCALL_SEND, p.endpoint, rig_info(1, 0, 127), words, ABI_MESSAGE_WORDS, NO_CAPS);
    rig_yield_to(&p.rig, p.peer);
    struct answer answer = rig_answer(&p.rig);
    CHECK_EQ(answer.length, ABI_MESSAGE_WORDS);
    CHECK_EQ(answer.word[119], 119 * 3);
    rig_close(&p.rig);
}

/* Every length arrives whole, and nothing behind it is touched. */
static void test_every_length(void)
{
    struct pair p = pair_open();
    uint64_t words[ABI_MESSAGE_WORDS];
    for (unsigned length = 0; length <= ABI_MESSAGE_WORDS; length++) {
        for (unsigned i = 0; i < ABI_MESSAGE_WORDS; i++)
            words[i] = length * 1000 + i;
        rig_yield_to(&p.rig, p.peer);
        uint64_t *buffer = rig_buffer(&p.rig);
        for (unsigned i = 0; i < ABI_IPC_BUFFER_WORDS; i++)
            buffer[i] = ~0ull;
        rig_recv(&p.rig, p.endpoint);
        rig_send(&p.rig, p.endpoint, 7, words, length);
        rig_yield_to(&p.rig, p.peer);
        check_answer(rig_answer(&p.rig), 7, words, length, __FILE__, __LINE__);
        for (unsigned i = length > ABI_MESSAGE_REGISTERS ? length : 0; i < ABI_MESSAGE_WORDS; i++)
            CHECK_EQ(buffer[BUFFER_MESSAGE + i], ~0ull);
    }
    rig_close(&p.rig);
}

static void set_receive_window(struct rig *rig, uint64_t root, uint64_t index, uint64_t depth)
{
    uint64_t *buffer = rig_buffer(rig);
    buffer[BUFFER_RECEIVE_CNODE] = root;
    buffer[BUFFER_RECEIVE_INDEX] = index;
    buffer[BUFFER_RECEIVE_DEPTH] = depth;
}

static void test_capability_transfer(void)
{
    struct pair p = pair_open();
    uint64_t window = rig_free_slot(&p.rig), gift = rig_new(&p.rig, OBJECT_NOTIFICATION, 0);
    rig_yield_to(&p.rig, p.peer);
    set_receive_window(&p.rig, ABI_SLOT_CNODE, window, 64);
    rig_recv(&p.rig, p.endpoint);
    rig_syscall(&p.rig, SYSCALL_SEND, p.badged, rig_info(0, 1, 0), NO_WORDS, CAPS(gift));
    CHECK_EQ(rig_cap(&p.rig, window).type, CAP_NOTIFICATION);
    CHECK_EQ(rig_cap(&p.rig, window).paddr, rig_cap(&p.rig, gift).paddr);
    rig_yield_to(&p.rig, p.peer);
    CHECK_EQ(rig_answer(&p.rig).extra_caps, 1);
    CHECK_EQ(rig_answer(&p.rig).caps_unwrapped, 0);
    rig_close(&p.rig);
}

/* The second capability finds no slot; the message tells how many came through. */
static void test_one_capability_at_most(void)
{
    struct pair p = pair_open();
    uint64_t window = rig_free_slot(&p.rig), gift = rig_new(&p.rig, OBJECT_NOTIFICATION, 0);
    rig_yield_to(&p.rig, p.peer);
    set_receive_window(&p.rig, ABI_SLOT_CNODE, window, 64);
    rig_recv(&p.rig, p.endpoint);
    rig_syscall(&p.rig, SYSCALL_SEND, p.endpoint, rig_info(0, 2, 0), NO_WORDS, CAPS(gift, gift));
    rig_yield_to(&p.rig, p.peer);
    CHECK_EQ(rig_answer(&p.rig).extra_caps, 1);
    /* And none into a full slot. */
    rig_recv(&p.rig, p.endpoint);
    rig_syscall(&p.rig, SYSCALL_SEND, p.endpoint, rig_info(0, 1, 0), NO_WORDS, CAPS(gift));
    rig_yield_to(&p.rig, p.peer);
    CHECK_EQ(rig_answer(&p.rig).extra_caps, 0);
    rig_close(&p.rig);
}

static void test_unwrapping(void)
{
    struct pair p = pair_open();
    uint64_t window = rig_free_slot(&p.rig), gift = rig_new(&p.rig, OBJECT_NOTIFICATION, 0);
    rig_yield_to(&p.rig, p.peer);
    set_receive_window(&p.rig, ABI_SLOT_CNODE, window, 64);
    rig_recv(&p.rig, p.endpoint);
    /* Capabilities to the endpoint itself arrive as their badges; in the second place another one is
     * copied. */
    rig_syscall(&p.rig, SYSCALL_SEND, p.endpoint, rig_info(0, 3, 0), NO_WORDS,
                CAPS(p.badged, gift, p.badged));
    rig_yield_to(&p.rig, p.peer);
    struct answer answer = rig_answer(&p.rig);
    CHECK_EQ(answer.extra_caps, 3);
    CHECK_EQ(answer.caps_unwrapped, 5);
    CHECK_EQ(rig_buffer(&p.rig)[BUFFER_CAPS_OR_BADGES], 9);
    CHECK_EQ(rig_buffer(&p.rig)[BUFFER_CAPS_OR_BADGES + 2], 9);
    CHECK_EQ(rig_cap(&p.rig, window).type, CAP_NOTIFICATION);
    rig_close(&p.rig);
}

static void test_no_transfer_without_grant(void)
{
    struct pair p = pair_open();
    uint64_t window = rig_free_slot(&p.rig), weak = rig_free_slot(&p.rig);
    CHECK_OK(rig_copy(&p.rig, weak, p.endpoint, RIGHTS_ALL & ~RIGHT_GRANT));
    rig_yield_to(&p.rig, p.peer);
    set_receive_window(&p.rig, ABI_SLOT_CNODE, window, 64);
    rig_recv(&p.rig, p.endpoint);
    rig_syscall(&p.rig, SYSCALL_SEND, weak, rig_info(0, 1, 1), WORDS(8), CAPS(p.badged));
    CHECK(slot_is_empty(rig_slot(&p.rig, window)));
    rig_yield_to(&p.rig, p.peer);
    CHECK_ANSWER(rig_answer(&p.rig), 0, 8);
    CHECK_EQ(rig_answer(&p.rig).extra_caps, 0);
    CHECK_EQ(rig_answer(&p.rig).caps_unwrapped, 0);
    rig_close(&p.rig);
}

/* An extra capability that does not resolve: a cap fault of the sender, before anything else happens. */
static void test_bad_extra_capability(void)
{
    struct pair p = pair_open();
    rig_yield_to(&p.rig, p.peer);
    rig_recv(&p.rig, p.endpoint);
    rig_syscall(&p.rig, SYSCALL_NB_SEND, p.endpoint, rig_info(0, 1, 0), NO_WORDS, CAPS(0x1000)); /* silent */
    CHECK(rig_root_runs(&p.rig));
    CHECK_EQ(rig_state(&p.rig, p.peer), THREAD_BLOCKED_ON_RECEIVE);
    rig_syscall(&p.rig, SYSCALL_SEND, p.endpoint, rig_info(0, 1, 0), NO_WORDS, CAPS(0x1000));
    CHECK_EQ(kernel_unhandled_fault(p.rig.k).address, 0x1000);
    CHECK_EQ(rig_state(&p.rig, p.peer), THREAD_BLOCKED_ON_RECEIVE);
    rig_close(&p.rig);
}

static void test_deleting_the_endpoint(void)
{
    struct pair p = pair_open();
    rig_yield_to(&p.rig, p.peer);
    rig_send(&p.rig, p.badged, 0, NO_WORDS);
    CHECK(rig_root_runs(&p.rig));
    CHECK_OK(rig_delete(&p.rig, p.endpoint)); /* not the last one */
    CHECK_EQ(rig_state(&p.rig, p.peer), THREAD_BLOCKED_ON_SEND);
    rig_invoke(&p.rig, ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(p.badged, 64), NO_CAPS);
    rig_yield_to(&p.rig, p.peer);
    CHECK(sim_is_restarted(p.rig.sim)); /* it tries again, and finds an empty slot */
    sim_restart(p.rig.sim);
    CHECK(rig_runs(&p.rig, p.peer));
    rig_close(&p.rig);
}

CHECK_MAIN(CHECK_TEST(test_receiver_first), CHECK_TEST(test_sender_first),
           CHECK_TEST(test_first_in_first_out), CHECK_TEST(test_non_blocking), CHECK_TEST(test_rights),
           CHECK_TEST(test_length_without_buffer), CHECK_TEST(test_longest_message),
           CHECK_TEST(test_every_length), CHECK_TEST(test_capability_transfer),
           CHECK_TEST(test_one_capability_at_most), CHECK_TEST(test_unwrapping),
           CHECK_TEST(test_no_transfer_without_grant), CHECK_TEST(test_bad_extra_capability),
           CHECK_TEST(test_deleting_the_endpoint))
