/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all invocations share: labels, lengths, answers to Call and silence to
 * Send, with and without an IPC buffer. Manual: "System Calls", "Errors".
 */
#include "kernel/state.h"
#include "tests/kernel/rig.h"

static void test_labels(void)
{
    struct rig rig = rig_open();
    for (unsigned i = 0; i < 3; i++) {
        static const uint64_t labels[] = {0, 127, UINT64_MAX >> 12};
        rig_call_raw(&rig, ABI_SLOT_TCB, labels[i], NO_WORDS);
        CHECK_ANSWER_EMPTY(rig_answer(&rig), ABI_ILLEGAL_OPERATION);
    }
    /* PML4s have no invocations at all. */
    CHECK_ANSWER_EMPTY(rig_invoke(&rig, ABI_SLOT_VSPACE, OPERATION_X86_PDPT_UNMAP, NO_WORDS, NO_CAPS),
                       ABI_ILLEGAL_OPERATION);
    rig_close(&rig);
}

static void test_answers_to_call_only(void)
{
    struct rig rig = rig_open();
    uint64_t tcb = rig_thread(&rig, 255, 0);
    uint64_t label = rig_label(&rig, OPERATION_TCB_READ_REGISTERS);
    rig_send(&rig, tcb, label, WORDS(0, 20));
    struct answer answer = rig_answer(&rig);
    CHECK_EQ(answer.label, label); /* its own registers, untouched */
    CHECK_EQ(answer.length, 2);
    CHECK_EQ(answer.badge, tcb);
    rig_send(&rig, tcb, label, WORDS(0, 21)); /* refused, silently */
    CHECK_EQ(rig_answer(&rig).label, label);
    rig_call_raw(&rig, tcb, label, WORDS(0, 21));
    CHECK_ANSWER(rig_answer(&rig), ABI_RANGE_ERROR, 1, 20);
    CHECK_EQ(rig_answer(&rig).badge, 0);
    rig_send(&rig, tcb, rig_label(&rig, OPERATION_TCB_SUSPEND), NO_WORDS); /* done all the same */
    CHECK_EQ(rig_state(&rig, tcb), THREAD_INACTIVE);
    rig_close(&rig);
}

/* As many words as were asked for, whether they lie in registers or not. */
static void test_answers_of_every_length(void)
{
    struct rig rig = rig_open();
    uint64_t tcb = rig_new(&rig, OBJECT_TCB, 0);
    uint64_t words[ABI_USER_REGISTERS];
    for (unsigned i = 0; i < ABI_USER_REGISTERS; i++)
        rig_tcb(&rig, tcb)->context.reg[i] = words[i] = 100 + i;
    for (unsigned count = 1; count <= ABI_USER_REGISTERS; count++) {
        struct answer answer = rig_invoke(&rig, tcb, OPERATION_TCB_READ_REGISTERS, WORDS(0, count), NO_CAPS);
        check_answer(answer, ABI_NO_ERROR, words, count, __FILE__, __LINE__);
    }
    rig_close(&rig);
}

/* Without an IPC buffer a message has four words, whatever its length says, and no capabilities. */
static void test_without_buffer(void)
{
    struct rig rig = rig_open();
    uint64_t bare = rig_thread(&rig, 255, 0), other = rig_new(&rig, OBJECT_TCB, 0);
    rig_yield_to(&rig, bare);
    rig_call_raw(&rig, other, rig_label(&rig, OPERATION_TCB_WRITE_REGISTERS), WORDS(0, 3, 1, 2, 3));
    CHECK_ANSWER_EMPTY(rig_answer(&rig), ABI_TRUNCATED_MESSAGE);
    rig_call_raw(&rig, other, rig_label(&rig, OPERATION_TCB_WRITE_REGISTERS), WORDS(0, 2, 0x1000, 0x2000));
    CHECK_ANSWER_EMPTY(rig_answer(&rig), ABI_NO_ERROR);
    CHECK_EQ(rig_tcb(&rig, other)->context.reg[REG_RSP], 0x2000);
    rig_syscall(&rig, SYSCALL_CALL, other, rig_info(rig_label(&rig, OPERATION_TCB_SET_PRIORITY), 1, 1),
                WORDS(3), NO_CAPS);
    CHECK_ANSWER_EMPTY(rig_answer(&rig), ABI_TRUNCATED_MESSAGE); /* the authority is missing */
    /* Long answers are cut. */
    rig_call_raw(&rig, other, rig_label(&rig, OPERATION_TCB_READ_REGISTERS), WORDS(0, 20));
    CHECK_EQ(rig_answer(&rig).length, 4);
    CHECK_EQ(rig_answer(&rig).word[1], 0x2000);
    rig_call_raw(&rig, ABI_SLOT_CNODE, rig_label(&rig, OPERATION_CNODE_DELETE), WORDS(0x100, 64));
    CHECK_ANSWER(rig_answer(&rig), ABI_FAILED_LOOKUP, 0, ABI_LOOKUP_GUARD_MISMATCH, 64, 0);
    rig_close(&rig);
}

/* A message from a read-only buffer arrives; nothing is written to one. */
static void test_read_only_buffer(void)
{
    struct rig rig = rig_open();
    uint64_t tcb = rig_thread(&rig, 255, 0), endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t frame = rig_new(&rig, OBJECT_SMALL_PAGE, 0), read_only = rig_free_slot(&rig);
    CHECK_OK(rig_copy(&rig, read_only, frame, RIGHT_READ));
    CHECK_OK(rig_invoke(&rig, tcb, OPERATION_TCB_SET_IPC_BUFFER, WORDS(0x500000), CAPS(read_only)).label);
    uint64_t *buffer = arena_at(rig.k, rig_cap(&rig, frame).paddr);
    buffer[5] = 55;
    rig_yield_to(&rig, tcb);
    rig_syscall(&rig, SYSCALL_SEND, endpoint, rig_info(0, 0, 5), WORDS(1, 2, 3, 4), NO_CAPS);
    rig_recv(&rig, endpoint);
    CHECK_ANSWER(rig_answer(&rig), 0, 1, 2, 3, 4, 55);
    rig_yield_to(&rig, tcb);
    rig_recv(&rig, endpoint);
    rig_send(&rig, endpoint, 0, WORDS(1, 2, 3, 4, 66));
    rig_yield_to(&rig, tcb);
    CHECK_EQ(rig_answer(&rig).length, 4);
    CHECK_EQ(buffer[5], 55);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_labels), CHECK_TEST(test_answers_to_call_only),
           CHECK_TEST(test_answers_of_every_length), CHECK_TEST(test_without_buffer),
           CHECK_TEST(test_read_only_buffer))
