/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The serial line in virtual time: what a character costs that leaves, whatever the divisor says.
 */
#include "tests/differences/differences.h"

enum {
    COM1 = 0x3f8,
    LINE_CONTROL = COM1 + 3,
    CHARACTERS = 10,
    COST_NS = 86806, /* a count of the time stamp counter is a nanosecond */
    ENTRY_MAX_NS = 3000
};

static seL4_Word now(void)
{
    seL4_Uint32 low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (seL4_Word)high << 32 | low;
}

static bool is_cost(seL4_Word start)
{
    seL4_Word passed = now() - start;
    return passed >= (seL4_Word)CHARACTERS * COST_NS && passed <= (seL4_Word)CHARACTERS * (COST_NS + ENTRY_MAX_NS);
}

static void divisor_set(seL4_CPtr port, seL4_Word divisor)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, LINE_CONTROL, 0x83));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, COM1, divisor & 0xff));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, COM1 + 1, divisor >> 8));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, LINE_CONTROL, 0x03));
}

static void test_line(seL4_CPtr port, seL4_Word divisor)
{
    divisor_set(port, divisor);
    seL4_Word start = now();
    for (unsigned i = 0; i < CHARACTERS; i++)
        seL4_DebugPutChar('\n');
    bool is_kernels = is_cost(start);
    start = now();
    for (unsigned i = 0; i < CHARACTERS; i++)
        SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, COM1, '\n'));
    bool is_drivers = is_cost(start);
    divisor_set(port, 1);
    ROW(is_kernels, "divisor %lu: the kernel's characters", divisor);
    ROW(is_drivers, "divisor %lu: a driver's", divisor);
}

int main(seL4_BootInfo *info)
{
    open(info);
    seL4_CPtr port = slot();
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, COM1, COM1 + 7, CNODE, port, WORD));
    test_line(port, 1);
    test_line(port, 0xffff);
    rows_end();
    return 0;
}
