/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers: what a new thread starts with, and what a user may put into them.
 * The values are those that a real seL4 16.0.0 shows in ReadRegisters after WriteRegisters.
 */
#include "kernel/x86_64/x86.h"
#include "tests/check.h"

static void test_new_context(void)
{
    struct context context = {.is_syscall = false};
    x86_context_init(&context);
    for (unsigned reg = 0; reg < REG_COUNT; reg++)
        CHECK_EQ(context.reg[reg], reg == REG_RFLAGS ? 0x202 : 0);
}

static void test_flags(void)
{
    static const struct {
        uint64_t asked, given;
    } cases[] = {{0, 0x202},       {~0ull, 0xed7},    {0x246, 0x246}, {0x3000, 0x202},
                 {0x20000, 0x202}, {0x200000, 0x202}, {0x100, 0x202}, {0x400, 0x602}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_EQ(x86_sanitise_register(REG_RFLAGS, cases[i].asked), cases[i].given);
}

static void test_addresses(void)
{
    static const struct {
        uint64_t asked, given;
    } cases[] = {{0, 0},
                 {0x7fffffffffff, 0x7fffffffffff},
                 {0x800000000000, 0},
                 {0xffff7fffffffffff, 0},
                 {0xffff800000000000, 0xffff800000000000},
                 {0x8000000000000000, 0},
                 {~0ull, ~0ull}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_EQ(x86_sanitise_register(REG_FAULT_IP, cases[i].asked), cases[i].given);
        CHECK_EQ(x86_sanitise_register(REG_FS_BASE, cases[i].asked), cases[i].given);
        CHECK_EQ(x86_sanitise_register(REG_GS_BASE, cases[i].asked), cases[i].given);
        CHECK_EQ(x86_sanitise_register(REG_RSP, cases[i].asked), cases[i].asked);
        CHECK_EQ(x86_sanitise_register(REG_RAX, cases[i].asked), cases[i].asked);
    }
}

static void test_vector_area(void)
{
    static unsigned char area[KERNEL_VECTOR_AREA_SIZE];
    memset(area, 0xa5, sizeof area);
    x86_vector_init(area);
    for (unsigned i = 0; i < sizeof area; i++) {
        unsigned expected = i == 0 ? 0x7f : i == 1 ? 0x03 : i == 24 ? 0x80 : i == 25 ? 0x1f : 0;
        if (area[i] != expected)
            CHECK_EQ(i, ~0u);
    }
}

static void test_traps(void)
{
    const struct context context = {.reg = {[REG_RAX] = 0x1122334455667788}};
    struct fault fault =
        x86_fault_of_trap(&(struct trap){.kind = TRAP_VM_FAULT, .address = 0x1000, .status = 6}, &context);
    CHECK_EQ(fault.type, FAULT_VM);
    CHECK_EQ(fault.address, 0x1000);
    CHECK_EQ(fault.status, 6);
    fault = x86_fault_of_trap(&(struct trap){.kind = TRAP_EXCEPTION, .vector = 13, .code = 0x402}, &context);
    CHECK_EQ(fault.type, FAULT_USER_EXCEPTION);
    CHECK_EQ(fault.address, 13);
    CHECK_EQ(fault.status, 0x402);
}

static struct trap trap_of_int(unsigned n)
{
    return (struct trap){.kind = TRAP_EXCEPTION, .vector = 13, .code = n * 8 + 2};
}

/* What `int n` is to seL4, as recorded from the real kernel (conformance: software_interrupts). */
static void test_software_interrupts(void)
{
    struct context context = {.reg = {[REG_RAX] = 0x1122334455667788, [REG_FAULT_IP] = 0x1000}, .next_ip = 0x1000};
    for (unsigned n = 0; n < 256; n++) {
        const struct trap trap = trap_of_int(n);
        CHECK_EQ(x86_trap_is_ignored(&trap, &context), n == 255);
        enum fault_type expected = n < 158 ? FAULT_USER_EXCEPTION : FAULT_UNKNOWN_SYSCALL;
        CHECK_EQ(x86_fault_of_trap(&trap, &context).type, expected);
    }
    CHECK_EQ(context.next_ip, 0x1002);
    CHECK_EQ(context.reg[REG_FAULT_IP], 0x1002);
    const struct trap trap = trap_of_int(0x9e);
    CHECK_EQ(x86_fault_of_trap(&trap, &context).address, 0xffffffff9e667788);
}

CHECK_MAIN(CHECK_TEST(test_new_context), CHECK_TEST(test_flags), CHECK_TEST(test_addresses),
           CHECK_TEST(test_vector_area), CHECK_TEST(test_traps), CHECK_TEST(test_software_interrupts))
