/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions in the kernel's words: every combination of what the processor and the
 * tables can say about a page, and the instructions that the host takes but seL4 refuses.
 */
#include "engine/x86_64/context.h"
#include "engine/x86_64/exception.h"
#include "tests/check.h"

static const uint64_t ADDRESS = 0x7654321000, CODE = 0x400000;
static unsigned char code_bytes[2];
static size_t code_size;

/* The kernel's part in this test. */
size_t kernel_read_user(const struct kernel *k, uint64_t vspace, uint64_t vaddr, void *bytes, size_t size)
{
    (void)k;
    CHECK_EQ(vspace, 0x5000);
    CHECK_EQ(vaddr, CODE);
    size_t count = size < code_size ? size : code_size;
    memcpy(bytes, code_bytes, count);
    return count;
}

static void test_page_faults(void)
{
    for (unsigned bits = 0; bits < 64; bits++) {
        bool is_write = bits & 1, is_fetch = bits & 2, host_present = bits & 4;
        struct translation tables = {
            .is_present = bits & 8, .is_writable = bits & 16, .is_forbidden = (bits & 40) == 32};
        struct exception x = {.vector = EXCEPTION_PAGE_FAULT,
                              .code = 4u | is_write * 2u | is_fetch * 16u | host_present,
                              .address = ADDRESS};
        struct context context = {.next_ip = CODE};
        struct trap trap = {0};
        bool is_allowed = tables.is_present && (!is_write || tables.is_writable);
        CHECK_EQ(trap_of_exception(&x, &tables, &context, &trap), !is_allowed);
        CHECK_EQ(context.next_ip, CODE);
        if (is_allowed)
            continue;
        CHECK_EQ(trap.kind, TRAP_VM_FAULT);
        CHECK_EQ(trap.address, ADDRESS);
        CHECK_EQ(trap.status, 4u | is_write * 2u | (tables.is_present || tables.is_forbidden));
        CHECK_EQ(trap.is_instruction, is_fetch);
    }
}

static void test_address_that_is_none(void)
{
    const struct exception x = {.vector = EXCEPTION_PAGE_FAULT, .code = 6, .address = 1ull << 47};
    struct context context = {0};
    struct trap trap = {0};
    CHECK(trap_of_exception(&x, &(struct translation){0}, &context, &trap));
    CHECK_EQ(trap.kind, TRAP_EXCEPTION);
    CHECK_EQ(trap.vector, 13);
    CHECK_EQ(trap.code, 0);
    CHECK(address_is_canonical((1ull << 47) - 1) && address_is_canonical(~0ull << 47));
    CHECK(!address_is_canonical(1ull << 47) && !address_is_canonical((~0ull << 47) - 1));
}

static void test_other_exceptions(void)
{
    for (uint64_t vector = 0; vector < 32; vector++) {
        if (vector == EXCEPTION_OVERFLOW || vector == EXCEPTION_PAGE_FAULT)
            continue;
        const struct exception x = {.vector = vector, .code = vector * 8};
        struct context context = {.next_ip = CODE};
        struct trap trap = {0};
        CHECK(trap_of_exception(&x, &(struct translation){.is_present = true}, &context, &trap));
        CHECK_EQ(trap.kind, TRAP_EXCEPTION);
        CHECK_EQ(trap.vector, vector);
        CHECK_EQ(trap.code, vector * 8);
        CHECK_EQ(context.next_ip, CODE);
    }
}

static void refused_check(const struct trap *trap, const struct context *context, unsigned code)
{
    CHECK_EQ(trap->kind, TRAP_EXCEPTION);
    CHECK_EQ(trap->vector, 13);
    CHECK_EQ(trap->code, code);
    CHECK_EQ(context->next_ip, CODE);
    CHECK_EQ(context->reg[REG_FAULT_IP], CODE);
    CHECK(!context->is_syscall);
}

static void test_refused_interrupts(void)
{
    const struct exception overflow = {.vector = EXCEPTION_OVERFLOW};
    struct context context = {.next_ip = CODE + 2};
    struct trap trap = {0};
    CHECK(trap_of_exception(&overflow, &(struct translation){0}, &context, &trap));
    refused_check(&trap, &context, 0x22);

    context = (struct context){.next_ip = CODE + 2};
    memcpy(code_bytes, "\xcd\x80", 2);
    code_size = 2;
    trap = trap_of_syscall(NULL, 0x5000, &context);
    refused_check(&trap, &context, 0x402);
}

static void test_system_calls(void)
{
    static const unsigned char bytes[][2] = {{0x0f, 0x05}, {0xcd, 0x81}, {0x0f, 0x80}, {0xcd, 0x80}};
    for (unsigned i = 0; i < 4; i++) {
        struct context context = {.next_ip = CODE + 2};
        memcpy(code_bytes, bytes[i], 2);
        code_size = i < 3 ? 2 : 1; /* the last is not all there */
        struct trap trap = trap_of_syscall(NULL, 0x5000, &context);
        CHECK_EQ(trap.kind, TRAP_SYSCALL);
        CHECK(context.is_syscall);
        CHECK_EQ(context.next_ip, CODE + 2);
        CHECK_EQ(context.reg[REG_FAULT_IP], CODE);
    }
}

static void test_settle(void)
{
    struct context context = {.next_ip = CODE + 2, .is_syscall = true};
    context.reg[REG_RFLAGS] = 0x246;
    registers_settle(&context);
    CHECK(!context.is_syscall);
    CHECK_EQ(context.reg[REG_FAULT_IP], CODE + 2);
    CHECK_EQ(context.reg[REG_RCX], CODE + 2);
    CHECK_EQ(context.reg[REG_R11], 0x246);
    context.next_ip = CODE;
    context.reg[REG_RCX] = 1;
    registers_settle(&context);
    CHECK_EQ(context.reg[REG_FAULT_IP], CODE);
    CHECK_EQ(context.reg[REG_RCX], 1);
}

CHECK_MAIN(CHECK_TEST(test_page_faults), CHECK_TEST(test_address_that_is_none),
           CHECK_TEST(test_other_exceptions), CHECK_TEST(test_refused_interrupts),
           CHECK_TEST(test_system_calls), CHECK_TEST(test_settle))
