/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector state is each thread's own, wherever it runs and whatever became of its memory.
 */
#include <stdlib.h>

#include "tests/check.h"
#include "tests/engine_ptrace/fake_kernel.h"
#include "tests/engine_ptrace/guest.h"

enum {
    ROUND_UP = 0x5f80,
    ROUND_DOWN = 0x3f80
};

static void check_vector(unsigned thread, uint64_t value, unsigned mxcsr)
{
    const struct context *c = fake_context(thread);
    CHECK_EQ(c->reg[REG_R8], value);
    CHECK_EQ(c->reg[REG_R9], value);
    CHECK_EQ(c->reg[REG_R10], value);
    CHECK_EQ(c->reg[REG_R12] & 0xffc0, mxcsr);
    if (value)
        CHECK_EQ(c->reg[REG_R13], value);
}

static struct next threads[4];

/* Four threads take turns; each keeps its own registers, across exceptions too. */
static struct next vector_take(const struct trap *trap)
{
    unsigned turn = fake.trap_count - 1, thread = turn % 4;
    if (turn == 12 + thread && thread == 2) { /* the breakpoint that we let thread 2 run into below */
        CHECK_EQ(trap->kind, TRAP_EXCEPTION);
        fake_context(2)->next_ip = fake_address(guest_show_vector);
        return threads[2];
    }
    CHECK_EQ(trap->kind, TRAP_SYSCALL);
    if (turn >= 4 && turn < 12)
        check_vector(thread, thread == 3 ? 0 : 0x123450 + thread,
                     thread == 3  ? 0x1f80
                     : thread & 1 ? ROUND_UP
                                  : ROUND_DOWN);
    if (turn == 15) {
        check_vector(2, 0x123452, ROUND_DOWN);
        return (struct next){.kind = NEXT_HALT};
    }
    struct next next = threads[(turn + 1) % 4];
    if (turn + 1 == 14)
        next.context->next_ip = fake_address(guest_breakpoint);
    return next;
}

static void vector_run(const unsigned vspaces[4])
{
    fake_open();
    for (unsigned i = 0; i < 4; i++) {
        threads[i] = fake_thread(i, vspaces[i], i == 3 ? guest_show_vector : guest_load_vector);
        threads[i].context->reg[REG_RBX] = 0x123450 + i;
        threads[i].context->reg[REG_RAX] = i & 1 ? ROUND_UP : ROUND_DOWN;
    }
    fake.take = vector_take;
    CHECK_EQ(fake_run(threads[0]), ENGINE_HALTED);
    CHECK_EQ(fake.trap_count, 16);
    for (unsigned i = 0; i < 4; i++) /* at the end everything is where a snapshot finds it */
        CHECK_EQ(*(uint64_t *)(void *)(kernel_vector_area(&fake.k, fake_tcb(i)) + 4088), 0);
    fake_close();
}

static void test_vector_state(void)
{
    if (!__builtin_cpu_supports("avx"))
        return;
    vector_run((const unsigned[4]){0, 0, 0, 0});
    vector_run((const unsigned[4]){0, 1, 0, 1});
    vector_run((const unsigned[4]){0, 1, 2, 3});
}

/* The thread moves to another VSpace; then its memory becomes a new thread. */
static struct next vector_move_take(const struct trap *trap)
{
    (void)trap;
    struct next next = fake.next;
    switch (fake.trap_count) {
    case 1:
        next.vspace = fake_vspace(1);
        return next;
    case 2:
        check_vector(0, 0x42, ROUND_UP);
        next.vspace = fake_vspace(0);
        return next;
    case 3:
        check_vector(0, 0x42, ROUND_UP);
        return fake_thread(0, 0, guest_show_vector);
    case 4:
        check_vector(0, 0, 0x1f80);
        fake.machine.mmu.forget(fake.machine.mmu.world, fake_vspace(0));
        fake_furnish(5);
        next.vspace = fake_vspace(5);
        next.context->next_ip = fake_address(guest_load_vector);
        next.context->reg[REG_RBX] = 0x43;
        next.context->reg[REG_RAX] = ROUND_DOWN;
        return next;
    case 5:
        fake.machine.mmu.forget(fake.machine.mmu.world, fake_vspace(5));
        next.vspace = fake_vspace(2);
        return next;
    default:
        check_vector(0, 0x43, ROUND_DOWN);
        return (struct next){.kind = NEXT_HALT};
    }
}

static void test_vector_state_moves(void)
{
    if (!__builtin_cpu_supports("avx"))
        return;
    fake_open();
    struct next next = fake_thread(0, 0, guest_load_vector);
    next.context->reg[REG_RBX] = 0x42;
    next.context->reg[REG_RAX] = ROUND_UP;
    fake.take = vector_move_take;
    CHECK_EQ(fake_run(next), ENGINE_HALTED);
    CHECK_EQ(fake.trap_count, 6);
    fake_close();
}

CHECK_MAIN(CHECK_TEST(test_vector_state), CHECK_TEST(test_vector_state_moves))
