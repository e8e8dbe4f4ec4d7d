/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread whose system calls are the kernel's business only from a range of
 * addresses; elsewhere, each is a fault that somebody else answers.
 */
#include "tests/kernel/host/host_rig.h"

#include "kernel/mcs/sched_context.h"
#include "kernel/state.h"

static bool is_mcs;

enum {
    SYSCALL_SIZE = 2,
    BADGE = 3
};

struct range_rig {
    struct rig rig;
    uint64_t thread, endpoint;
};

static struct range_rig range_open(void)
{
    struct range_rig r = {.rig = rig_open_with((struct sim_options){.is_mcs = is_mcs})};
    r.endpoint = rig_new(&r.rig, OBJECT_ENDPOINT, 0);
    if (is_mcs)
        r.rig.reply = rig_new(&r.rig, OBJECT_REPLY, 0);
    r.thread = rig_thread(&r.rig, 255, r.endpoint);
    return r;
}

static struct answer range_set(struct range_rig *r, uint64_t tcb, const uint64_t *words, size_t count)
{
    rig_syscall(&r->rig, SYSCALL_CALL, tcb, rig_info(HOST_IO_LABEL + TCB_SYSCALL_RANGE, 0, (unsigned)count),
                words, count, NO_CAPS);
    return rig_answer(&r->rig);
}

static uint64_t ip_of(struct range_rig *r)
{
    return rig_tcb(&r->rig, r->thread)->context.next_ip;
}

/* The thread yields; does it fault? */
static bool yield_faults(struct range_rig *r)
{
    rig_yield_to(&r->rig, r->thread);
    rig_yield(&r->rig);
    enum thread_state state = rig_state(&r->rig, r->thread);
    rig_yield_to_root(&r->rig);
    return state == THREAD_BLOCKED_ON_SEND;
}

static void test_bounds(void)
{
    struct range_rig r = range_open();
    uint64_t ip = ip_of(&r);
    CHECK_ANSWER_EMPTY(range_set(&r, r.thread, WORDS(ip, ip + 2 * SYSCALL_SIZE)), ABI_NO_ERROR);
    CHECK(!yield_faults(&r));
    CHECK(!yield_faults(&r));
    CHECK_EQ(ip_of(&r), ip + 2 * SYSCALL_SIZE);
    CHECK(yield_faults(&r)); /* the end is outside */
    rig_close(&r.rig);
}

static void test_before_the_start(void)
{
    struct range_rig r = range_open();
    CHECK_ANSWER_EMPTY(range_set(&r, r.thread, WORDS(ip_of(&r) + 1, UINT64_MAX)), ABI_NO_ERROR);
    CHECK(yield_faults(&r));
    rig_close(&r.rig);
}

/* The fault is the one of an unknown system call: all registers, and rdx as the number. Its answer can change them. */
static void test_message(void)
{
    struct range_rig r = range_open();
    uint64_t ip = ip_of(&r);
    CHECK_ANSWER_EMPTY(range_set(&r, r.thread, WORDS(ip + 100, ip + 102)), ABI_NO_ERROR);
    rig_yield_to(&r.rig, r.thread);
    struct context *context = r.rig.sim->next.context;
    context->reg[REG_RAX] = 39;
    context->reg[REG_RBX] = 40;
    rig_yield(&r.rig);
    CHECK(rig_root_runs(&r.rig));
    rig_recv(&r.rig, r.endpoint);
    CHECK(rig_root_runs(&r.rig));
    struct answer answer = rig_answer(&r.rig);
    CHECK_EQ(answer.label, ABI_FAULT_UNKNOWN_SYSCALL);
    CHECK_EQ(answer.length, 19);
    CHECK_EQ(answer.word[0], 39);
    CHECK_EQ(answer.word[1], 40);
    CHECK_EQ(answer.word[15], ip); /* fault IP: of the instruction */
    CHECK_EQ(answer.word[18], sim_syscall_number(r.rig.sim, SYSCALL_YIELD));
    /* The answer: rax is 1234, and it goes on behind the instruction. */
    uint64_t words[16];
    memcpy(words, answer.word, sizeof words);
    words[0] = 1234;
    words[15] = ip + SYSCALL_SIZE;
    if (is_mcs)
        rig_syscall(&r.rig, SYSCALL_SEND, r.rig.reply, rig_info(0, 0, 16), words, 16, NO_CAPS);
    else
        rig_syscall(&r.rig, SYSCALL_REPLY, 0, rig_info(0, 0, 16), words, 16, NO_CAPS);
    rig_yield_to(&r.rig, r.thread);
    CHECK_EQ(r.rig.sim->next.context->reg[REG_RAX], 1234);
    CHECK_EQ(ip_of(&r), ip + SYSCALL_SIZE);
    rig_close(&r.rig);
}

/* Debugging calls are calls, too. */
static void test_debugging(void)
{
    struct range_rig r = range_open();
    CHECK_ANSWER_EMPTY(range_set(&r, r.thread, WORDS(1, 2)), ABI_NO_ERROR);
    rig_yield_to(&r.rig, r.thread);
    sim_console_clear(r.rig.sim);
    uint64_t mr[4] = {0};
    sim_syscall(r.rig.sim, sim_syscall_number(r.rig.sim, SYSCALL_DEBUG_PUT_CHAR), 'x', 0, mr);
    CHECK_EQ(rig_state(&r.rig, r.thread), THREAD_BLOCKED_ON_SEND);
    CHECK_EQ(r.rig.sim->console.length, 0);
    rig_close(&r.rig);
}

static void test_taken_back(void)
{
    struct range_rig r = range_open();
    CHECK(!yield_faults(&r));
    CHECK_ANSWER_EMPTY(range_set(&r, r.thread, WORDS(1, 2)), ABI_NO_ERROR);
    CHECK_ANSWER_EMPTY(range_set(&r, r.thread, WORDS(0, 0)), ABI_NO_ERROR);
    CHECK(!yield_faults(&r));
    rig_close(&r.rig);
}

static void test_refusals(void)
{
    struct range_rig r = range_open();
    CHECK_ANSWER_EMPTY(range_set(&r, r.thread, WORDS(1)), ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(range_set(&r, ABI_SLOT_CNODE, WORDS(1, 2)), ABI_ILLEGAL_OPERATION);
    rig_syscall(&r.rig, SYSCALL_CALL, r.thread, rig_info(HOST_IO_LABEL + HOST_FILE_SYNC, 0, 2), WORDS(1, 2),
                NO_CAPS);
    CHECK_ANSWER_EMPTY(rig_answer(&r.rig), ABI_ILLEGAL_OPERATION);
    CHECK(!yield_faults(&r));
    rig_close(&r.rig);
}

/* The memory of a thread that had one makes one that has none. */
static void test_not_inherited(void)
{
    struct range_rig r = range_open();
    uint64_t untyped = rig_new_small_untyped(&r.rig, 12), slot = rig_free_slot(&r.rig);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_OK(rig_retype(&r.rig, untyped, OBJECT_TCB, 0, slot, 1));
        CHECK(!rig_tcb(&r.rig, slot)->has_syscall_range);
        CHECK_ANSWER_EMPTY(range_set(&r, slot, WORDS(1, 2)), ABI_NO_ERROR);
        CHECK(rig_tcb(&r.rig, slot)->has_syscall_range);
        CHECK_OK(rig_delete(&r.rig, slot));
    }
    rig_close(&r.rig);
}

ON_BOTH(test_bounds)
ON_BOTH(test_before_the_start)
ON_BOTH(test_message)
ON_BOTH(test_debugging)
ON_BOTH(test_taken_back)
ON_BOTH(test_refusals)
ON_BOTH(test_not_inherited)

CHECK_MAIN(BOTH_TESTS(test_bounds), BOTH_TESTS(test_before_the_start), BOTH_TESTS(test_message),
           BOTH_TESTS(test_debugging), BOTH_TESTS(test_taken_back), BOTH_TESTS(test_refusals),
           BOTH_TESTS(test_not_inherited))
