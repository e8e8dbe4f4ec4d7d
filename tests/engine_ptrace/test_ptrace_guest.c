/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread does reaches the kernel exactly, and what the kernel changes reaches
 * the thread: registers, system calls, exceptions.
 */
#include <stdlib.h>

#include "tests/check.h"
#include "tests/engine_ptrace/fake_kernel.h"
#include "tests/engine_ptrace/guest.h"

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
    check_exception(guest_int_4, 13, 4 * 8 + 2, fake_address(guest_int_4));
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
    trap = fake_access(guest_read, 0x800000000000, 0, 0);
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, 13);
    CHECK_EQ(trap.code, 0);
    trap = fake_access(guest_push, 0x800000001000, 0, 0);
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, 12);
    trap = fake_access(guest_jump, 0xdead000000000000, 0, 0);
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, 13);
    CHECK_EQ(trap.code, 0);
    trap = fake_access(guest_unaligned, FAKE_DATA, 0, 0);
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, 17);
    trap = fake_access(guest_compat, 0, 0, 0);
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

CHECK_MAIN(CHECK_TEST(test_syscall_registers), CHECK_TEST(test_segment_bases), CHECK_TEST(test_exceptions),
           CHECK_TEST(test_addresses_that_are_none))
