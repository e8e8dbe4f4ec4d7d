/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Corners between subjects: IPC buffers that the kernel may not write, or that end with their frame; a fault whose
 * message was taken back; a register value that no processor takes; a thread that pulls its own ground away.
 */
#include "check/check.h"
#include "kernel/state.h"
#include "tests/kernel/rig.h"

enum {
    MARK = 0x11,
    LARGE_VADDR = 0x40000000
};

static uint64_t *frame_words(const struct rig *rig, uint64_t frame)
{
    return arena_at(rig->k, rig_cap(rig, frame).paddr);
}

static bool words_are(const uint64_t *words, unsigned first, unsigned end, uint64_t value)
{
    for (unsigned i = first; i < end; i++) {
        if (words[i] != value)
            return false;
    }
    return true;
}

/* The kernel reads long messages from a read-only buffer, but cuts its answers. */
static void test_answers_into_read_only_buffer(void)
{
    struct rig rig = rig_open();
    uint64_t tcb = rig_thread(&rig, 255, 0), other = rig_new(&rig, OBJECT_TCB, 0);
    uint64_t frame = rig_new(&rig, OBJECT_SMALL_PAGE, 0), read_only = rig_free_slot(&rig);
    uint64_t *words = frame_words(&rig, frame);
    CHECK_OK(rig_copy(&rig, read_only, frame, RIGHT_READ));
    CHECK_OK(rig_invoke(&rig, tcb, OPERATION_TCB_SET_IPC_BUFFER, WORDS(0x500000), CAPS(read_only)).label);
    for (unsigned i = 0; i < 128; i++)
        words[i] = MARK;
    rig_yield_to(&rig, tcb);
    rig_call_raw(&rig, other, rig_label(&rig, OPERATION_TCB_READ_REGISTERS), WORDS(0, 20));
    CHECK_EQ(rig_answer(&rig).label, ABI_NO_ERROR);
    CHECK_EQ(rig_answer(&rig).length, 4);
    rig_call_raw(&rig, ABI_SLOT_CNODE, rig_label(&rig, OPERATION_CNODE_DELETE), WORDS(1ull << 63, 64));
    CHECK_EQ(rig_answer(&rig).label, ABI_FAILED_LOOKUP);
    CHECK_EQ(rig_answer(&rig).length, 4); /* of a guard mismatch's five */
    CHECK(words_are(words, 0, 128, MARK));
    rig_close(&rig);
}

/* The last buffer of a large frame; what is behind the frame stays as it is. */
static void test_buffer_at_the_end_of_its_frame(void)
{
    struct rig rig = rig_open();
    uint64_t frame = rig_new(&rig, OBJECT_LARGE_PAGE, 0), next = rig_new(&rig, OBJECT_SMALL_PAGE, 0);
    uint64_t tcb = rig_thread(&rig, 255, 0), other = rig_new(&rig, OBJECT_TCB, 0);
    uint64_t size = 1ull << 21;
    CHECK_EQ(rig_cap(&rig, next).paddr, rig_cap(&rig, frame).paddr + size);
    CHECK_EQ(rig_invoke(&rig, tcb, OPERATION_TCB_SET_IPC_BUFFER, WORDS(LARGE_VADDR + size - 512), CAPS(frame))
                 .label,
             ABI_ALIGNMENT_ERROR);
    CHECK_OK(
        rig_invoke(&rig, tcb, OPERATION_TCB_SET_IPC_BUFFER, WORDS(LARGE_VADDR + size - 1024), CAPS(frame))
            .label);
    rig_yield_to(&rig, tcb);
    CHECK(rig_buffer(&rig) == frame_words(&rig, frame) + (size - 1024) / 8);
    rig_call_raw(&rig, other, rig_label(&rig, OPERATION_TCB_READ_REGISTERS), WORDS(0, 20));
    CHECK_EQ(rig_answer(&rig).length, 20);
    CHECK(words_are(frame_words(&rig, next), 0, 512, 0));
    rig_close(&rig);
}

/* As on seL4, a fault that nobody took is still what the thread says next. */
static void test_fault_taken_back(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0), tcb = rig_thread(&rig, 255, endpoint);
    rig_yield_to(&rig, tcb);
    sim_exception(rig.sim, 6, 0);
    CHECK_EQ(rig_state(&rig, tcb), THREAD_BLOCKED_ON_SEND);
    CHECK_OK(rig_invoke(&rig, tcb, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS).label);
    CHECK_OK(rig_invoke(&rig, tcb, OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS).label);
    rig_yield_to(&rig, tcb);
    rig_call_raw(&rig, endpoint, 77, NO_WORDS);
    rig_recv(&rig, endpoint);
    CHECK_EQ(rig_answer(&rig).label, ABI_FAULT_USER_EXCEPTION);
    rig_reply(&rig, 0, NO_WORDS);
    rig_yield_to(&rig, tcb);
    rig_call_raw(&rig, endpoint, 77, NO_WORDS);
    rig_recv(&rig, endpoint);
    CHECK_EQ(rig_answer(&rig).label, 77);
    rig_close(&rig);
}

static void test_tls_base_of_oneself(void)
{
    struct rig rig = rig_open();
    const struct context *context = rig.sim->next.context;
    rig_syscall(&rig, SYSCALL_SET_TLS_BASE, 0x7000, 0, NO_WORDS, NO_CAPS);
    CHECK_EQ(context->reg[REG_FS_BASE], 0x7000);
    rig_syscall(&rig, SYSCALL_SET_TLS_BASE, 0xdead000000000000, 0, NO_WORDS, NO_CAPS);
    CHECK_EQ(context->reg[REG_FS_BASE], 0);
    rig_close(&rig);
}

static void check_later(struct sim *sim)
{
    kernel_check(&sim->kernel); /* what is adrift is no failure here */
}

/* A thread revokes the untyped that holds itself, its CNode with the invoked capability, and its IPC buffer. */
static void test_caller_that_loses_everything(void)
{
    enum {
        OWN_CNODE = 1,
        OWN_TCB = 2,
        OWN_MEMORY = 3,
        GUARD = 64 - 4
    };
    struct rig rig = rig_open();
    uint64_t memory = rig_new_small_untyped(&rig, 16), cnode = rig_free_slot(&rig), tcb = rig_free_slot(&rig);
    uint64_t frame = rig_free_slot(&rig);
    const struct {
        uint64_t from, to;
    } moves[] = {{tcb, OWN_TCB}, {memory, OWN_MEMORY}};
    CHECK_OK(rig_retype(&rig, memory, OBJECT_CNODE, 4, cnode, 1));
    CHECK_OK(rig_retype(&rig, memory, OBJECT_TCB, 0, tcb, 1));
    CHECK_OK(rig_retype(&rig, memory, OBJECT_SMALL_PAGE, 0, frame, 1));
    CHECK_OK(rig_invoke(&rig, tcb, OPERATION_TCB_CONFIGURE, WORDS(0, GUARD, 0, 0x500000),
                        CAPS(cnode, ABI_SLOT_VSPACE, frame))
                 .label);
    CHECK_OK(
        rig_invoke(&rig, tcb, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(255, 255), CAPS(ABI_SLOT_TCB)).label);
    CHECK_OK(rig_invoke(&rig, tcb, OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS).label);
    CHECK_OK(rig_invoke(&rig, cnode, OPERATION_CNODE_MINT, WORDS(OWN_CNODE, 4, cnode, 64, RIGHTS_ALL, GUARD),
                        CAPS(ABI_SLOT_CNODE))
                 .label);
    for (unsigned i = 0; i < 2; i++)
        CHECK_OK(rig_invoke(&rig, cnode, OPERATION_CNODE_MOVE, WORDS(moves[i].to, 4, moves[i].from, 64),
                            CAPS(ABI_SLOT_CNODE))
                     .label);
    CHECK_OK(rig_delete(&rig, cnode));
    CHECK_OK(rig_delete(&rig, frame));
    while (rig_root_runs(&rig))
        rig_yield(&rig);
    rig.sim->after_trap = check_later;
    rig_call_raw(&rig, OWN_CNODE, rig_label(&rig, OPERATION_CNODE_REVOKE), WORDS(OWN_MEMORY, 64));
    CHECK(rig_root_runs(&rig));
    CHECK_EQ(tcb_at(rig.k, rig.k->state->threads)->all_next, 0); /* only the initial one is left */
    CHECK_OK(rig_revoke(&rig, rig.untyped));
    CHECK(kernel_check(rig.k));
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_answers_into_read_only_buffer), CHECK_TEST(test_buffer_at_the_end_of_its_frame),
           CHECK_TEST(test_fault_taken_back), CHECK_TEST(test_tls_base_of_oneself),
           CHECK_TEST(test_caller_that_loses_everything))
