/* SPDX-License-Identifier: BSD-2-Clause */
/* I/O ports: issuing ranges and using them, with the errors, and the serial port's scratch register. */
#include "conformance.h"

enum {
    COM1 = 0x3f8,
    SCRATCH = COM1 + 7
};

static seL4_CPtr endpoint, port;

static seL4_Error issue(seL4_Word first, seL4_Word last, seL4_CPtr to)
{
    return (seL4_Error)seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, first, last, CNODE, to, WORD);
}

static void test_issue(void)
{
    section("issue");
    seL4_CPtr other = slot();
    CASE(issue(0x310, 0x30f, other), "last before first");
    CASE(issue(0x310, 0x30f, endpoint), "last before first, to an occupied slot");
    CASE(issue(0x300, 0x30f, endpoint), "to an occupied slot");
    CASE(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x300, 0x30f, endpoint, port, WORD),
         "root an endpoint");
    CASE(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x300, 0x30f, slot(), port, WORD),
         "root an empty slot");
    CASE(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x300, 0x30f, CNODE, port, 0), "depth 0");
    CASE(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x300, 0x30f, CNODE, port, 65), "depth 65");
    CASE(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x300, 0x30f, CNODE, port, 11), "depth 11");
    CASE(issue(0x300, 0x30f, port), "good");
    SAY("  %lx\n", kind(port));
    CASE(issue(0x30f, 0x310, other), "overlapping its end");
    CASE(issue(0x2ff, 0x300, other), "overlapping its start");
    CASE(issue(0x304, 0x305, other), "inside it");
    CASE(issue(0x300, 0x30f, other), "the same");
    CASE(issue(0x300, 0x30f, endpoint), "the same, to an occupied slot");
    CASE(issue(0x310, 0x310, other), "one port after it");
    SEL4_UTIL_CHECK(discard(other));
    CASE(issue(0x310, 0x310, other), "again after it was deleted");
    CASE(issue(0x10000, 0x10000, slot()), "port 2^16");
    CASE(issue(0x320, 0x10321, slot()), "last port 2^16 and more");
    CASE(issue(0xffff, 0xffff, slot()), "the last port");
    seL4_CPtr twin = copy(port);
    SEL4_UTIL_CHECK(discard(port));
    CASE(issue(0x300, 0x30f, port), "while a copy is left");
    SEL4_UTIL_CHECK(discard(twin));
    CASE(issue(0x300, 0x30f, port), "after the copy is gone");
}

static void test_bounds(void)
{
    section("bounds");
    CASE(seL4_X86_IOPort_In8(port, 0x300).error, "in 8, first");
    CASE(seL4_X86_IOPort_In8(port, 0x30f).error, "in 8, last");
    CASE(seL4_X86_IOPort_In8(port, 0x2ff).error, "in 8, before");
    CASE(seL4_X86_IOPort_In8(port, 0x310).error, "in 8, after");
    invoke_case(port, X86IOPortIn8, ARGUMENTS(.word_count = 1, .words = {0x10300}), "in 8, 2^16 and more");
    CASE(seL4_X86_IOPort_In16(port, 0x30e).error, "in 16, last but one");
    CASE(seL4_X86_IOPort_In16(port, 0x30f).error, "in 16, last");
    CASE(seL4_X86_IOPort_In32(port, 0x30c).error, "in 32, last but three");
    CASE(seL4_X86_IOPort_In32(port, 0x30d).error, "in 32, last but two");
    CASE(seL4_X86_IOPort_In32(port, 0x2fe).error, "in 32, before");
    CASE(seL4_X86_IOPort_Out8(port, 0x310, 0), "out 8, after");
    CASE(seL4_X86_IOPort_Out16(port, 0x30f, 0), "out 16, last");
    CASE(seL4_X86_IOPort_Out32(port, 0x30d, 0), "out 32, last but two");
    CASE(seL4_X86_IOPort_Out32(port, 0x30c, 0), "out 32, last but three");
    CASE(seL4_X86_IOPort_Out16(port, 0x30e, 0), "out 16, last but one");
    invoke_case(port, X86IOPortOut8, ARGUMENTS(.word_count = 1, .words = {0x300}), "out 8, one word");
    invoke_case(port, X86IOPortIn8, ARGUMENTS(.word_count = 0), "in 8, no word");
    invoke_case(port, X86IOPortIn16, ARGUMENTS(.word_count = 1, .words = {0x300}), "in 16");
    invoke_case(port, X86IOPortIn32, ARGUMENTS(.word_count = 1, .words = {0x300}), "in 32");
    invoke_case(port, X86IOPortIn8 + 20, ARGUMENTS(.word_count = 2), "no such invocation");
    SAY("a port that nobody answers: %x %x %x\n", seL4_X86_IOPort_In8(port, 0x300).result,
        seL4_X86_IOPort_In16(port, 0x300).result, seL4_X86_IOPort_In32(port, 0x300).result);
}

static void test_serial(void)
{
    section("serial port");
    seL4_CPtr com1 = slot();
    CASE(issue(COM1, SCRATCH, com1), "issue");
    for (seL4_Word value = 0; value < 0x400; value += 0x5a) {
        CASE(seL4_X86_IOPort_Out8(com1, SCRATCH, value), "scratch, out %lx", value);
        invoke_case(com1, X86IOPortIn8, ARGUMENTS(.word_count = 1, .words = {SCRATCH}), "in");
    }
    invoke_case(com1, X86IOPortOut8, ARGUMENTS(.word_count = 2, .words = {SCRATCH | 0x10000, 0x77}),
                "port 2^16 and more");
    SAY("line status, ready to send: %x\n", seL4_X86_IOPort_In8(com1, COM1 + 5).result & 0x60);
    CASE(discard(com1), "delete");
    CASE(seL4_X86_IOPort_In8(com1, SCRATCH).error, "in, after that");
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    port = slot();
    test_issue();
    test_bounds();
    test_serial();
    close();
    return 0;
}
