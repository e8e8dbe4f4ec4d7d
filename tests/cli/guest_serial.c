/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Echoes what arrives on the serial port, in brackets, by interrupt; a 'q' ends it with a halt. With the input at its
 * end nothing can wake it any more.
 */
#include <sel4_util.h>

enum {
    VECTOR = 4,
    PIN = 4,
    COM1 = 0x3f8
};

static struct sel4_util_allocator allocator;
static seL4_CPtr ports;

static void out(seL4_Word reg, seL4_Word value)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(ports, COM1 + reg, value));
}

static seL4_Uint8 in(seL4_Uint16 reg)
{
    return seL4_X86_IOPort_In8(ports, (seL4_Uint16)(COM1 + reg)).result;
}

static void echo(void)
{
    while (in(5) & 1) {
        seL4_Uint8 byte = in(0);
        out(0, '[');
        out(0, byte);
        out(0, ']');
        if (byte == 'q') {
            out(0, '\n');
            seL4_DebugHalt();
        }
    }
    out(0, '\n');
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    ports = sel4_util_slot_alloc(&allocator);
    seL4_CPtr handler = sel4_util_slot_alloc(&allocator);
    seL4_CPtr notification = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, COM1, COM1 + 7,
                                                 seL4_CapInitThreadCNode, ports, seL4_WordBits));
    SEL4_UTIL_CHECK(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, seL4_CapInitThreadCNode, handler,
                                              seL4_WordBits, 0, PIN, 0, 0, VECTOR));
    SEL4_UTIL_CHECK(seL4_IRQHandler_SetNotification(handler, notification));
    out(4, 0x0b);
    out(1, 0x01);
    sel4_util_puts("ready\n");
    for (;;) {
        echo();
        SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
        seL4_Wait(notification, NULL);
    }
}
