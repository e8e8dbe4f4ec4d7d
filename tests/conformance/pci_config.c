/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration space through its ports: the host bridge, nobody elsewhere, accesses of each width. And ports of
 * the old PC that a driver may meet: the interrupt controllers' masks, the keyboard controller's self-test.
 */
#include "conformance.h"

enum {
    ADDRESS = 0xcf8,
    DATA = 0xcfc,
    ENABLE = 0x80000000
};

static seL4_CPtr port;

static seL4_Word read(unsigned width, unsigned at)
{
    switch (width) {
    case 1:
        return seL4_X86_IOPort_In8(port, (seL4_Uint16)(DATA + at)).result;
    case 2:
        return seL4_X86_IOPort_In16(port, (seL4_Uint16)(DATA + at)).result;
    default:
        return seL4_X86_IOPort_In32(port, (seL4_Uint16)(DATA + at)).result;
    }
}

static void address(unsigned value)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out32(port, ADDRESS, value));
}

static void test_address(void)
{
    static const unsigned values[] = {0, ENABLE, ENABLE | 0x00fff800, ENABLE | 0xfc};
    section("address");
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        address(values[i]);
        SAY("%x: %lx\n", values[i], (seL4_Word)seL4_X86_IOPort_In32(port, ADDRESS).result);
    }
}

static void test_bridge(void)
{
    section("host bridge");
    address(ENABLE);
    SAY("identity %lx, %lx %lx, %lx %lx %lx %lx\n", read(4, 0), read(2, 0), read(2, 2), read(1, 0),
        read(1, 1), read(1, 2), read(1, 3));
    address(ENABLE | 0x08);
    SAY("class %lx, %lx %lx\n", read(2, 2), read(1, 3), read(1, 2));
    address(ENABLE | 0x0c);
    SAY("header %lx\n", read(1, 2));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out32(port, DATA, 0));
    address(ENABLE);
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out32(port, DATA, 0x12345678));
    SAY("after writing to the identity %lx\n", read(4, 0));
    for (unsigned at = 0x10; at < 0x28; at += 4) {
        address(ENABLE | at);
        SEL4_UTIL_CHECK(seL4_X86_IOPort_Out32(port, DATA, 0xffffffff));
        SAY("base address %lx\n", read(4, 0));
    }
}

static void test_nobody(void)
{
    section("nobody");
    address(0);
    SAY("not enabled: %lx\n", read(4, 0));
    address(ENABLE | 1 << 8);
    SAY("function 1 of the bridge: %lx\n", read(4, 0));
    address(ENABLE | 31 << 11);
    SAY("device 31: %lx %lx %lx\n", read(4, 0), read(2, 2), read(1, 3));
    address(ENABLE | 255 << 16);
    SAY("bus 255: %lx\n", read(4, 0));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out32(port, DATA, 0));
    SAY("after a write: %lx\n", read(4, 0));
}

static void masks_try(seL4_CPtr pic, seL4_Uint16 first)
{
    SAY("%x: mask %x", first, seL4_X86_IOPort_In8(pic, (seL4_Uint16)(first + 1)).result);
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(pic, first + 1u, 0xa5));
    SAY(" %x", seL4_X86_IOPort_In8(pic, (seL4_Uint16)(first + 1)).result);
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(pic, first + 1u, 0xff));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(pic, first, 0x0b));
    SAY(" %x, in service %x\n", seL4_X86_IOPort_In8(pic, (seL4_Uint16)(first + 1)).result,
        seL4_X86_IOPort_In8(pic, first).result);
}

static void test_old(void)
{
    section("old ports");
    seL4_CPtr pic = slot(), second = slot(), keyboard = slot(), post = slot();
    CASE(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x20, 0x21, CNODE, pic, WORD), "0x20");
    CASE(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0xa0, 0xa1, CNODE, second, WORD), "0xa0");
    CASE(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x60, 0x64, CNODE, keyboard, WORD), "0x60");
    CASE(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x80, 0x80, CNODE, post, WORD), "0x80");
    masks_try(pic, 0x20);
    masks_try(second, 0xa0);
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(post, 0x80, 0x12));
    SEL4_UTIL_CHECK(
        seL4_X86_IOPort_Out8(keyboard, 0x64, 0xad)); /* no keyboard, so that only commands answer */
    while (seL4_X86_IOPort_In8(keyboard, 0x64).result & 1) {
        (void)seL4_X86_IOPort_In8(keyboard, 0x60);
    }
    SAY("nothing typed: %x\n", seL4_X86_IOPort_In8(keyboard, 0x64).result & 3);
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(keyboard, 0x64, 0xaa));
    SAY("self-test: %x", seL4_X86_IOPort_In8(keyboard, 0x64).result & 3);
    SAY(" %x", seL4_X86_IOPort_In8(keyboard, 0x60).result);
    SAY(" %x\n", seL4_X86_IOPort_In8(keyboard, 0x64).result & 3);
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(keyboard, 0x64, 0xab));
    SAY("keyboard's port: %x\n", seL4_X86_IOPort_In8(keyboard, 0x60).result);
}

int main(seL4_BootInfo *info)
{
    open(info);
    port = slot();
    SEL4_UTIL_CHECK(
        seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, ADDRESS, DATA + 3, CNODE, port, WORD));
    test_address();
    test_bridge();
    test_nobody();
    test_old();
    close();
    return 0;
}
