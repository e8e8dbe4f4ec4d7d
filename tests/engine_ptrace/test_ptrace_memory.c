/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings and page faults: what seL4's tables allow works, on the first try and after
 * every change; what they do not is a fault with the status a processor would give.
 */
#include <stdlib.h>

#include "host/fd.h"
#include "tests/check.h"
#include "tests/engine_ptrace/fake_kernel.h"
#include "tests/engine_ptrace/guest.h"

enum {
    PRESENT = 1,
    WRITE = 2,
    USER = 4
};

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
    CHECK_EQ(fake_access(guest_read, FAKE_DATA + 24, 0, 0).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 0x1234);
    CHECK_EQ(fake_access(guest_write, FAKE_DATA + 32, 0, 0x5678).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_data(0)[4], 0x5678);
    fake_data(0)[512] = 0x9999;
    CHECK_EQ(fake_access(guest_read, FAKE_CONST, 0, 0).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 0x9999);
    fake_close();
}

static void test_memory_faults(void)
{
    fake_open();
    check_fault(fake_access(guest_read, FAKE_NOWHERE + 8, 0, 0), FAKE_NOWHERE + 8, USER, false);
    CHECK_EQ(fake_context(0)->next_ip, fake_address(guest_read));
    check_fault(fake_access(guest_write, FAKE_NOWHERE + 8, 0, 0), FAKE_NOWHERE + 8, USER | WRITE, false);
    check_fault(fake_access(guest_add, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE, USER | WRITE, false);
    check_fault(fake_access(guest_push, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE - 8, USER | WRITE, false);
    check_fault(fake_access(guest_call, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE - 8, USER | WRITE, false);
    check_fault(fake_access(guest_write, FAKE_CONST, 0, 0), FAKE_CONST, USER | WRITE | PRESENT, false);
    check_fault(fake_access(guest_add, FAKE_CONST + 16, 0, 0), FAKE_CONST + 16, USER | WRITE | PRESENT,
                false);
    check_fault(fake_access(guest_write, FAKE_CODE, 0, 0), FAKE_CODE, USER | WRITE | PRESENT, false);
    check_fault(fake_access(guest_jump, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE, USER, true);
    CHECK_EQ(fake_context(0)->next_ip, FAKE_NOWHERE);
    check_fault(fake_access(guest_read, 0, 0, 0), 0, USER, false);
    check_fault(fake_access(guest_jump, 0, 0, 0), 0, USER, true);
    /* A copy that comes from nowhere and one that goes there; half of it is done. */
    check_fault(fake_access(guest_copy, FAKE_DATA, FAKE_NOWHERE, 8), FAKE_NOWHERE, USER, false);
    check_fault(fake_access(guest_copy, FAKE_NOWHERE, FAKE_DATA, 8), FAKE_NOWHERE, USER | WRITE, false);
    check_fault(fake_access(guest_copy, FAKE_CONST - 4, FAKE_DATA, 8), FAKE_CONST, USER | WRITE | PRESENT,
                false);
    CHECK_EQ(fake_context(0)->reg[REG_RCX], 4);
    /* The kernel's half, and the page that neither the host nor seL4 gives to users. */
    check_fault(fake_access(guest_read, 0xffffff8000000000, 0, 0), 0xffffff8000000000, USER, false);
    check_fault(fake_access(guest_write, 0xffff800000000000, 0, 0), 0xffff800000000000, USER | WRITE, false);
    check_fault(fake_access(guest_jump, 0xffff800000000000, 0, 0), 0xffff800000000000, USER, true);
    check_fault(fake_access(guest_read, 0x7ffffffff000, 0, 0), 0x7ffffffff000, USER, false);
    fake_close();
}

/* A frame that is mapped without any right. */
static void test_no_rights(void)
{
    fake_open();
    fake_map_forbidden(0, FAKE_NOWHERE);
    check_fault(fake_access(guest_read, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE, USER | PRESENT, false);
    check_fault(fake_access(guest_write, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE, USER | PRESENT | WRITE, false);
    check_fault(fake_access(guest_jump, FAKE_NOWHERE, 0, 0), FAKE_NOWHERE, USER | PRESENT, true);
    fake_close();
}

static void test_fetch_across_pages(void)
{
    fake_open();
    /* `mov %ebx, imm32` whose last bytes lie on a page that is not there. */
    memcpy((unsigned char *)fake_data(0) + 0x1ffd, "\xbb\x01\x02", 3);
    check_fault(fake_access(guest_jump, FAKE_CONST + 0xffd, 0, 0), FAKE_CONST + 0x1000, USER, true);
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
    CHECK_EQ(fake_access(guest_write, ABI_USER_TOP - 8, 0, 0x77).kind, TRAP_SYSCALL);
    CHECK_EQ(*(uint64_t *)(void *)(fake.k.arena + FAKE_DATA_PADDR + 0x10ff8), 0x77);
    fake_map(0, 0x10000, FAKE_DATA_PADDR + 0x10000, 12, true);
    CHECK_EQ(fake_access(guest_read, 0x10ff8, 0, 0).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 0x77);
    fake_close();
}

static void test_large_pages_and_runs(void)
{
    fake_open();
    fake_map(0, 0x40000000, 0x1000000, 21, true);
    CHECK_EQ(fake_access(guest_fetch_add, 0x40000000, 0, 512).kind, TRAP_SYSCALL);
    for (unsigned i = 0; i < 512; i++)
        CHECK_EQ(fake.k.arena[0x1000000 + i * 4096], 1);
    uint64_t misses = engine_ptrace.counts(fake.engine).cache_misses;
    CHECK(misses <= 4); /* code and the large page */

    /* Small pages: 256 in order, then 64 in reverse. */
    for (unsigned i = 0; i < 256; i++)
        fake_map(0, 0x50000000 + i * 4096, 0x1400000 + i * 4096, 12, true);
    for (unsigned i = 0; i < 64; i++)
        fake_map(0, 0x51000000 + i * 4096, 0x1600000 - i * 4096, 12, true);
    CHECK_EQ(fake_access(guest_fetch_add, 0x50000000, 0, 256).kind, TRAP_SYSCALL);
    CHECK_EQ(engine_ptrace.counts(fake.engine).cache_misses - misses, 4);
    CHECK_EQ(fake_access(guest_fetch_add, 0x51000000, 0, 64).kind, TRAP_SYSCALL);
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
    CHECK_EQ(fake_access(guest_read, 0x30000ff8, 0, 0).kind, TRAP_SYSCALL);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], UINT64_MAX);
    CHECK_EQ(fake_access(guest_write, 0x30000008, 0, 1).kind, TRAP_SYSCALL);
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
    fake_access(guest_read, FAKE_DATA, 0, 0);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 1);
    fake_unmap(0, FAKE_DATA, true);
    check_fault(fake_access(guest_read, FAKE_DATA, 0, 0), FAKE_DATA, USER, false);
    fake_map(0, FAKE_DATA, FAKE_DATA_PADDR + 0x2000, 12, true);
    fake_access(guest_read, FAKE_DATA, 0, 0);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 2);
    fake_unmap(0, FAKE_DATA, true); /* and read-only */
    fake_map(0, FAKE_DATA, FAKE_DATA_PADDR + 0x2000, 12, false);
    check_fault(fake_access(guest_write, FAKE_DATA, 0, 0), FAKE_DATA, USER | WRITE | PRESENT, false);
    fake_unmap(0, FAKE_DATA, false); /* more rights need no invalidation, as on a processor */
    fake_map(0, FAKE_DATA, FAKE_DATA_PADDR + 0x2000, 12, true);
    CHECK_EQ(fake_access(guest_write, FAKE_DATA, 0, 5).kind, TRAP_SYSCALL);
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
        CHECK_EQ(fake_access(guest_write, 0x60000000 + i * 0x10000, 0, i).kind, TRAP_SYSCALL);
    for (unsigned i = 0; i < 100; i++)
        fake_unmap(0, 0x60000000 + i * 0x10000, true);
    for (unsigned i = 0; i < 100; i++)
        check_fault(fake_access(guest_read, 0x60000000 + i * 0x10000, 0, 0), 0x60000000 + i * 0x10000, USER,
                    false);

    CHECK_EQ(fake_access(guest_read, FAKE_DATA, 0, 0).kind, TRAP_SYSCALL);
    fake_unmap(0, FAKE_DATA, false);
    fake.machine.mmu.invalidate(fake.machine.mmu.world, fake_vspace(0), 0, 1ull << 47);
    check_fault(fake_access(guest_read, FAKE_DATA, 0, 0), FAKE_DATA, USER, false);
    fake_close();
}

/* More mappings than the host allows a process: the engine starts over and goes on. */
static void test_host_mapping_limit(void)
{
    uint64_t limit = fd_read_number("/proc/sys/vm/max_map_count", 65530);
    if (limit > 70000)
        return; /* it would take too long */
    fake_open();
    fake.reversed_pages = limit + 1000;
    CHECK_EQ(fake_access(guest_fetch_add, FAKE_REVERSED, 0, fake.reversed_pages).kind, TRAP_SYSCALL);
    uint64_t sum = 0;
    for (uint64_t paddr = FAKE_MEMORY / 2; paddr < FAKE_MEMORY; paddr += 4096)
        sum += *(uint64_t *)(void *)(fake.k.arena + paddr);
    CHECK_EQ(sum, fake.reversed_pages);
    CHECK_EQ(fake_access(guest_read, FAKE_DATA, 0, 0).kind, TRAP_SYSCALL);
    fake_close();
}

static void test_clear(void)
{
    fake_open();
    memset(fake.k.arena + 0x1000000, 0x55, 0x200000);
    fake_map(0, 0x40000000, 0x1000000, 21, true);
    fake_access(guest_read, 0x40001000, 0, 0);
    fake.machine.mmu.clear(fake.machine.mmu.world, 0x1000010, 0x100000);
    fake_access(guest_read, 0x40001000, 0, 0);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 0);
    CHECK_EQ(fake.k.arena[0x100000f], 0x55);
    CHECK_EQ(fake.k.arena[0x1000010], 0);
    CHECK_EQ(fake.k.arena[0x110000f], 0);
    CHECK_EQ(fake.k.arena[0x1100010], 0x55);
    const struct machine_mmu *mmu = &fake.machine.mmu;
    CHECK_EQ(mmu->blank_from(mmu->world, 0x1000000, 0x1100000), 0x1002000); /* the guest read there */
    CHECK_EQ(mmu->blank_from(mmu->world, 0x1002000, 0x1100000), 0x1002000);
    CHECK_EQ(mmu->blank_from(mmu->world, 0x1000000, 0x1101000), 0x1101000); /* used up to the end */
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
        CHECK_EQ(fake_access(guest_read, address, 0, 0).kind, TRAP_SYSCALL);
        CHECK_EQ(fake_context(0)->reg[REG_RBX], i + 100);
        CHECK_EQ(fake_access(guest_write, address, 0, 7).kind, i != 1 ? TRAP_SYSCALL : TRAP_VM_FAULT);
        CHECK_EQ(fake_access(guest_int_21, 0, 0, 0).code, 0x21 * 8 + 2);
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
        CHECK_EQ(fake_access(guest_jump, stub_places[0] + i, 0, 0).kind, TRAP_VM_FAULT);
    CHECK(fake.trap[0].is_instruction);
    fake_close();
}

CHECK_MAIN(CHECK_TEST(test_memory_on_demand), CHECK_TEST(test_memory_faults), CHECK_TEST(test_no_rights),
           CHECK_TEST(test_fetch_across_pages), CHECK_TEST(test_no_vspace),
           CHECK_TEST(test_high_and_low_pages), CHECK_TEST(test_large_pages_and_runs),
           CHECK_TEST(test_device_memory), CHECK_TEST(test_invalidate), CHECK_TEST(test_invalidate_overflow),
           CHECK_TEST(test_host_mapping_limit), CHECK_TEST(test_clear), CHECK_TEST(test_stub_gives_way),
           CHECK_TEST(test_run_stub_code))
