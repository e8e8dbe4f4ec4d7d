/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest sees and does reaches the kernel exactly: registers, mappings,
 * faults, exceptions, vector state.
 */
#include <stdlib.h>

#include "tests/check.h"
#include "tests/engine_ptrace/fake_kernel.h"
#include "tests/engine_ptrace/guest.h"

enum { PRESENT = 1, WRITE = 2, USER = 4 };

/* --- system calls --- */

static struct context before, expected;

static struct next syscalls_take(const struct trap *trap)
{
    struct context *c = fake_context(0);
    CHECK_EQ(trap->kind, TRAP_SYSCALL);
    CHECK(c->is_syscall);
    CHECK_EQ(c->reg[REG_FAULT_IP], fake_address(guest_syscalls));
    CHECK_EQ(c->next_ip, fake_address(guest_syscalls) + 2);
    for (unsigned i = REG_RSP; i < REG_COUNT; i++)
        if (i == REG_RCX)
            CHECK_EQ(c->reg[i], c->next_ip);
        else if (i == REG_R11)
            CHECK_EQ(c->reg[i], c->reg[REG_RFLAGS]);
        else if (c->reg[i] != expected.reg[i]) {
            fprintf(stderr, "register %u\n", i);
            CHECK_EQ(c->reg[i], expected.reg[i]);
        }
    if (fake.trap_count == 12)
        return (struct next){.kind = NEXT_HALT};
    /* Change everything but where it runs; rax goes through the values that the host has a use for. */
    for (unsigned i = REG_RAX; i < REG_FS_BASE; i++)
        expected.reg[i] = c->reg[i] = 0x1111111111111111ull * i + fake.trap_count;
    expected.reg[REG_RSP] = c->reg[REG_RSP] = 0xdead0000 + fake.trap_count;
    expected.reg[REG_RFLAGS] = c->reg[REG_RFLAGS] = fake.trap_count & 1 ? 0xed7 : 0x202;
    expected.reg[REG_RAX] = c->reg[REG_RAX] = (uint64_t)(-510 - (int)fake.trap_count);
    expected.reg[REG_FS_BASE] = c->reg[REG_FS_BASE] = 0x12345678 * fake.trap_count;
    expected.reg[REG_GS_BASE] = c->reg[REG_GS_BASE] = 0x7ffffffff000 - 8 * fake.trap_count;
    return fake.next;
}

static void test_syscall_registers(void)
{
    fake_open();
    fake.take = syscalls_take;
    struct next next = fake_thread(0, 0, guest_syscalls);
    expected = *fake_context(0);
    CHECK_EQ(fake_run(next), ENGINE_HALTED);
    CHECK_EQ(fake.trap_count, 12);
    CHECK_EQ(engine_ptrace.counts(fake.engine).processes, 1);
    CHECK_EQ(engine_ptrace.counts(fake.engine).traps, 12);
    fake_close();
}

static struct next bases_take(const struct trap *trap)
{
    (void)trap;
    struct context *c = fake_context(0);
    if (fake.trap_count == 1) {
        before = *c;
        return fake.next;
    }
    CHECK_EQ(c->reg[REG_R8], before.reg[REG_FS_BASE]);
    CHECK_EQ(c->reg[REG_R9], before.reg[REG_GS_BASE]);
    CHECK_EQ(c->reg[REG_RDX], 0x77);
    return (struct next){.kind = NEXT_HALT};
}

/* Segment bases that only the instructions can set survive a trap. */
static void test_segment_bases(void)
{
    static const uint64_t bases[] = {0, 0x1234, 0x7ffffffff000, 0xffff800000000000, 0xfffffffffffffff8};
    fake_open();
    fake.take = bases_take;
    for (unsigned i = 0; i < 25; i++) {
        struct next next = fake_thread(0, 0, guest_bases);
        next.context->reg[REG_RBX] = bases[i / 5];
        next.context->reg[REG_RDI] = bases[i % 5];
        next.context->reg[REG_RDX] = 0x77;
        CHECK_EQ(fake_run(next), ENGINE_HALTED);
        CHECK_EQ(before.reg[REG_FS_BASE], bases[i / 5]);
        CHECK_EQ(before.reg[REG_GS_BASE], bases[i % 5]);
    }
    fake_close();
}

/* --- memory --- */

/* Run a piece with these in %rdi, %rsi and %rbx until its first trap. */
static struct trap access3(const unsigned char *code, uint64_t rdi, uint64_t rsi, uint64_t rbx)
{
    struct next next = fake_thread(0, 0, code);
    next.context->reg[REG_RDI] = rdi;
    next.context->reg[REG_RSI] = rsi;
    next.context->reg[REG_RBX] = rbx;
    memset(fake.trap, 0xee, sizeof(fake.trap));
    fake.take = NULL;
    CHECK_EQ(fake_run(next), ENGINE_HALTED);
    return fake.trap[0];
}

static void check_fault(struct trap trap, uint64_t address, unsigned status, bool is_instruction)
{
    const struct context *c = fake_context(0);
    CHECK_EQ(trap.kind, TRAP_VM_FAULT);
    CHECK_EQ(trap.address, address);
    CHECK_EQ(trap.status, status);
    CHECK_EQ(trap.is_instruction, is_instruction);
    CHECK(!c->is_syscall);
    CHECK_EQ(c->reg[REG_FAULT_IP], c->next_ip);
}

static void test_memory_on_demand(void)
{
    fake_open();
    fake_data(0)[3] = 0x1234;
    CHECK_EQ(access3(guest_read, FAKE_DATA + 24, 0, 0).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 0x1234);
    CHECK_EQ(access3(guest_write, FAKE_DATA + 32, 0, 0x5678).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_data(0)[4], 0x5678);
    fake_data(0)[512] = 0x9999;
    CHECK_EQ(access3(guest_read, FAKE_CONST, 0, 0).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 0x9999);
    fake_close();
}

static void test_memory_faults(void)
{
    fake_open();
    check_fault(access3(guest_read, FAKE_NOWHERE + 8, 0, 0), FAKE_NOWHERE + 8, USER, false);
    CHECK_EQ(fake_context(0)->next_ip, fake_address(guest_read));
    check_fault(access3(guest_write, FAKE_NOWHERE + 8, 0, 0), FAKE_NOWHERE + 8, USER | WRITE, false);
    check_fault(access3(guest_add, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE, USER | WRITE, false);
    check_fault(access3(guest_push, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE - 8, USER | WRITE, false);
    check_fault(access3(guest_call, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE - 8, USER | WRITE, false);
    check_fault(access3(guest_write, FAKE_CONST, 0, 0), FAKE_CONST, USER | WRITE | PRESENT, false);
    check_fault(access3(guest_add, FAKE_CONST + 16, 0, 0), FAKE_CONST + 16, USER | WRITE | PRESENT, false);
    check_fault(access3(guest_write, FAKE_CODE, 0, 0), FAKE_CODE, USER | WRITE | PRESENT, false);
    check_fault(access3(guest_jump, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE, USER, true);
    CHECK_EQ(fake_context(0)->next_ip, FAKE_NOWHERE);
    check_fault(access3(guest_read, 0, 0, 0), 0, USER, false);
    check_fault(access3(guest_jump, 0, 0, 0), 0, USER, true);
    /* A copy that comes from nowhere and one that goes there; half of it is done. */
    check_fault(access3(guest_copy, FAKE_DATA, FAKE_NOWHERE, 8), FAKE_NOWHERE, USER, false);
    check_fault(access3(guest_copy, FAKE_NOWHERE, FAKE_DATA, 8), FAKE_NOWHERE, USER | WRITE, false);
    check_fault(access3(guest_copy, FAKE_CONST - 4, FAKE_DATA, 8), FAKE_CONST, USER | WRITE | PRESENT, false);
    CHECK_EQ(fake_context(0)->reg[REG_RCX], 4);
    /* The kernel's half, and the page that neither the host nor seL4 gives to users. */
    check_fault(access3(guest_read, 0xffffff8000000000, 0, 0), 0xffffff8000000000, USER, false);
    check_fault(access3(guest_write, 0xffff800000000000, 0, 0), 0xffff800000000000, USER | WRITE, false);
    check_fault(access3(guest_jump, 0xffff800000000000, 0, 0), 0xffff800000000000, USER, true);
    check_fault(access3(guest_read, 0x7ffffffff000, 0, 0), 0x7ffffffff000, USER, false);
    fake_close();
}

static void test_fetch_across_pages(void)
{
    fake_open();
    /* `mov %ebx, imm32` whose last bytes lie on a page that is not there. */
    memcpy((unsigned char *)fake_data(0) + 0x1ffd, "\xbb\x01\x02", 3);
    check_fault(access3(guest_jump, FAKE_CONST + 0xffd, 0, 0), FAKE_CONST + 0x1000, USER, true);
    CHECK_EQ(fake_context(0)->next_ip, FAKE_CONST + 0xffd);
    fake_close();
}

static void test_no_vspace(void)
{
    fake_open();
    struct next next = fake_thread(0, 0, guest_syscalls);
    next.vspace = 0;
    fake_run(next);
    check_fault(fake.trap[0], fake_address(guest_syscalls), USER, true);
    fake_close();
}

static void test_high_and_low_pages(void)
{
    fake_open();
    fake_map(0, ABI_USER_TOP - 0x1000, FAKE_DATA_PADDR + 0x10000, 12, true);
    CHECK_EQ(access3(guest_write, ABI_USER_TOP - 8, 0, 0x77).kind, TRAP_SYSCALL);
    CHECK_EQ(*(uint64_t *)(void *)(fake.k.arena + FAKE_DATA_PADDR + 0x10ff8), 0x77);
    fake_map(0, 0x10000, FAKE_DATA_PADDR + 0x10000, 12, true);
    CHECK_EQ(access3(guest_read, 0x10ff8, 0, 0).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 0x77);
    fake_close();
}

static void test_large_pages_and_runs(void)
{
    fake_open();
    fake_map(0, 0x40000000, 0x1000000, 21, true);
    CHECK_EQ(access3(guest_fetch_add, 0x40000000, 0, 512).kind, TRAP_SYSCALL);
    for (unsigned i = 0; i < 512; i++)
        CHECK_EQ(fake.k.arena[0x1000000 + i * 4096], 1);
    uint64_t misses = engine_ptrace.counts(fake.engine).cache_misses;
    CHECK(misses <= 4); /* code and the large page */

    /* Small pages: 256 in order, then 64 in reverse. */
    for (unsigned i = 0; i < 256; i++)
        fake_map(0, 0x50000000 + i * 4096, 0x1400000 + i * 4096, 12, true);
    for (unsigned i = 0; i < 64; i++)
        fake_map(0, 0x51000000 + i * 4096, 0x1600000 - i * 4096, 12, true);
    CHECK_EQ(access3(guest_fetch_add, 0x50000000, 0, 256).kind, TRAP_SYSCALL);
    CHECK_EQ(engine_ptrace.counts(fake.engine).cache_misses - misses, 4);
    CHECK_EQ(access3(guest_fetch_add, 0x51000000, 0, 64).kind, TRAP_SYSCALL);
    CHECK_EQ(engine_ptrace.counts(fake.engine).cache_misses - misses, 4 + 64);
    for (unsigned i = 0; i < 256; i++)
        CHECK_EQ(fake.k.arena[0x1400000 + i * 4096], 1);
    for (unsigned i = 0; i < 64; i++)
        CHECK_EQ(fake.k.arena[0x1600000 - i * 4096], 1);
    fake_close();
}

static void test_device_memory(void)
{
    fake_open();
    fake_map_device(0, 0x30000000);
    CHECK_EQ(access3(guest_read, 0x30000ff8, 0, 0).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], UINT64_MAX);
    CHECK_EQ(access3(guest_write, 0x30000008, 0, 1).kind, TRAP_SYSCALL);
    fake_map_device(1, 0x30000000);
    struct next next = fake_thread(0, 1, guest_read);
    next.context->reg[REG_RDI] = 0x30000008;
    fake_run(next);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], UINT64_MAX);
    fake_close();
}

static void test_invalidate(void)
{
    fake_open();
    fake_data(0)[0] = 1;
    fake_data(1)[0] = 2;
    access3(guest_read, FAKE_DATA, 0, 0);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 1);
    fake_unmap(0, FAKE_DATA, true);
    check_fault(access3(guest_read, FAKE_DATA, 0, 0), FAKE_DATA, USER, false);
    fake_map(0, FAKE_DATA, FAKE_DATA_PADDR + 0x2000, 12, true);
    access3(guest_read, FAKE_DATA, 0, 0);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 2);
    fake_unmap(0, FAKE_DATA, true); /* and read-only */
    fake_map(0, FAKE_DATA, FAKE_DATA_PADDR + 0x2000, 12, false);
    check_fault(access3(guest_write, FAKE_DATA, 0, 0), FAKE_DATA, USER | WRITE | PRESENT, false);
    fake_unmap(0, FAKE_DATA, false); /* more rights need no invalidation, as on a processor */
    fake_map(0, FAKE_DATA, FAKE_DATA_PADDR + 0x2000, 12, true);
    CHECK_EQ(access3(guest_write, FAKE_DATA, 0, 5).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_data(1)[0], 5);
    fake_close();
}

/* More scattered invalidations than the log holds, and ranges that reach over everything. */
static void test_invalidate_overflow(void)
{
    fake_open();
    for (unsigned i = 0; i < 100; i++)
        fake_map(0, 0x60000000 + i * 0x10000, 0x1000000 + i * 0x3000, 12, true);
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQ(access3(guest_write, 0x60000000 + i * 0x10000, 0, i).kind, TRAP_SYSCALL);
    for (unsigned i = 0; i < 100; i++)
        fake_unmap(0, 0x60000000 + i * 0x10000, true);
    for (unsigned i = 0; i < 100; i++)
        check_fault(access3(guest_read, 0x60000000 + i * 0x10000, 0, 0), 0x60000000 + i * 0x10000, USER, false);

    CHECK_EQ(access3(guest_read, FAKE_DATA, 0, 0).kind, TRAP_SYSCALL);
    fake_unmap(0, FAKE_DATA, false);
    fake.machine.mmu.invalidate(fake.machine.mmu.world, fake_vspace(0), 0, 1ull << 47);
    check_fault(access3(guest_read, FAKE_DATA, 0, 0), FAKE_DATA, USER, false);
    fake_close();
}

static void test_clear(void)
{
    fake_open();
    memset(fake.k.arena + 0x1000000, 0x55, 0x200000);
    fake_map(0, 0x40000000, 0x1000000, 21, true);
    access3(guest_read, 0x40001000, 0, 0);
    fake.machine.mmu.clear(fake.machine.mmu.world, 0x1000010, 0x100000);
    access3(guest_read, 0x40001000, 0, 0);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 0);
    CHECK_EQ(fake.k.arena[0x100000f], 0x55);
    CHECK_EQ(fake.k.arena[0x1000010], 0);
    CHECK_EQ(fake.k.arena[0x110000f], 0);
    CHECK_EQ(fake.k.arena[0x1100010], 0x55);
    fake.machine.mmu.clear(fake.machine.mmu.world, 0x1100010, 48);
    CHECK_EQ(fake.k.arena[0x110003f], 0);
    CHECK_EQ(fake.k.arena[0x1100040], 0x55);
    fake_close();
}

/* The guest maps frames where the engine's stub lies, again and again. */
static void test_stub_gives_way(void)
{
    extern const uint64_t stub_places[8];
    fake_open();
    for (unsigned i = 0; i < 7; i++) {
        uint64_t address = stub_places[i] + i * 0x1000ull;
        fake_map(0, address, FAKE_DATA_PADDR + 0x20000 + i * 0x1000ull, 12, i != 1);
        *(uint64_t *)(void *)(fake.k.arena + FAKE_DATA_PADDR + 0x20000 + i * 0x1000ull) = i + 100;
        CHECK_EQ(access3(guest_read, address, 0, 0).kind, TRAP_SYSCALL);
        CHECK_EQ(fake_context(0)->reg[REG_RBX], i + 100);
        CHECK_EQ(access3(guest_write, address, 0, 7).kind, i != 1 ? TRAP_SYSCALL : TRAP_VM_FAULT);
        CHECK_EQ(fake_trap_of(guest_int_21).code, 0x21 * 8 + 2);
    }
    fake_map(0, stub_places[7], FAKE_DATA_PADDR, 12, true);
    fprintf(stderr, "(one failure of the engine is expected:) ");
    fake_run(fake_thread(0, 0, guest_read));
    CHECK(strstr(fake.diag.text, "every address"));
    fake_close();
}

static void test_run_stub_code(void)
{
    extern const uint64_t stub_places[8];
    fake_open();
    for (unsigned i = 0; i < 128; i += 4)
        CHECK_EQ(access3(guest_jump, stub_places[0] + i, 0, 0).kind, TRAP_VM_FAULT);
    CHECK(fake.trap[0].is_instruction);
    fake_close();
}

/* --- exceptions --- */

static void check_exception(const unsigned char *code, unsigned vector, unsigned error_code, uint64_t ip)
{
    struct trap trap = fake_trap_of(code);
    const struct context *c = fake_context(0);
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, vector);
    CHECK_EQ(trap.code, error_code);
    CHECK_EQ(c->next_ip, ip);
    CHECK_EQ(c->reg[REG_FAULT_IP], ip);
    CHECK(!c->is_syscall);
}

static void test_exceptions(void)
{
    fake_open();
    check_exception(guest_divide, 0, 0, fake_address(guest_divide) + 4);
    check_exception(guest_breakpoint, 3, 0, fake_address(guest_breakpoint) + 1);
    check_exception(guest_int_4, 4, 0, fake_address(guest_int_4) + 2);
    check_exception(guest_undefined, 6, 0, fake_address(guest_undefined));
    check_exception(guest_int_80, 13, 0x402, fake_address(guest_int_80));
    check_exception(guest_int_21, 13, 0x21 * 8 + 2, fake_address(guest_int_21));
    check_exception(guest_port_in, 13, 0, fake_address(guest_port_in));
    check_exception(guest_port_out, 13, 0, fake_address(guest_port_out) + 5);
    check_exception(guest_halt, 13, 0, fake_address(guest_halt));
    check_exception(guest_disable, 13, 0, fake_address(guest_disable));
    check_exception(guest_selector, 13, 0x1234, fake_address(guest_selector) + 5);
    check_exception(guest_x87, 16, 0, fake_address(guest_x87_fault));
    check_exception(guest_simd, 19, 0, fake_address(guest_simd_fault));
    check_exception(guest_step, 1, 0, fake_address(guest_step_end));
    fake_close();
}

static void test_addresses_that_are_none(void)
{
    struct trap trap;
    fake_open();
    trap = access3(guest_read, 0x800000000000, 0, 0);
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, 13);
    CHECK_EQ(trap.code, 0);
    trap = access3(guest_push, 0x800000001000, 0, 0);
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, 12);
    trap = access3(guest_jump, 0xdead000000000000, 0, 0);
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, 13);
    CHECK_EQ(trap.code, 0);
    trap = access3(guest_unaligned, FAKE_DATA, 0, 0);
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, 17);
    trap = access3(guest_compat, 0, 0, 0);
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, 13);
    CHECK_EQ(fake_trap_of(guest_syscalls).kind, TRAP_SYSCALL); /* and back in 64-bit mode */
    struct next next = fake_thread(0, 0, guest_syscalls);
    next.context->next_ip = next.context->reg[REG_FAULT_IP] = 0x800000000000;
    fake_run(next);
    CHECK_EQ(fake.trap[0].kind, TRAP_EXCEPTION);
    CHECK_EQ(fake.trap[0].vector, 13);
    fake_close();
}

/* --- vector state --- */

enum { ROUND_UP = 0x5f80, ROUND_DOWN = 0x3f80 };

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
                     thread == 3 ? 0x1f80 : thread & 1 ? ROUND_UP : ROUND_DOWN);
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

CHECK_MAIN(CHECK_TEST(test_syscall_registers), CHECK_TEST(test_segment_bases), CHECK_TEST(test_memory_on_demand),
           CHECK_TEST(test_memory_faults), CHECK_TEST(test_fetch_across_pages), CHECK_TEST(test_no_vspace),
           CHECK_TEST(test_high_and_low_pages), CHECK_TEST(test_large_pages_and_runs),
           CHECK_TEST(test_device_memory), CHECK_TEST(test_invalidate), CHECK_TEST(test_invalidate_overflow),
           CHECK_TEST(test_clear), CHECK_TEST(test_stub_gives_way), CHECK_TEST(test_run_stub_code),
           CHECK_TEST(test_exceptions), CHECK_TEST(test_addresses_that_are_none), CHECK_TEST(test_vector_state),
           CHECK_TEST(test_vector_state_moves))
