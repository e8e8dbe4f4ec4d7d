/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three interrupts of the PIT, 20 ms apart: programs counter 0 as a one-shot and waits.
 */
#include <sel4_util.h>

enum {
    VECTOR = 0,
    PIN = 2,
    TICKS = 23864,
    BADGE = 5
};

static struct sel4_util_allocator allocator;
static seL4_CPtr ports;

static void timer_arm(void)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(ports, 0x43, 0x30));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(ports, 0x40, TICKS & 0xff));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(ports, 0x40, TICKS >> 8));
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    ports = sel4_util_slot_alloc(&allocator);
    seL4_CPtr handler = sel4_util_slot_alloc(&allocator);
    seL4_CPtr notification = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    seL4_CPtr badged = sel4_util_cap_mint(&allocator, notification, seL4_AllRights, BADGE);
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x40, 0x43, seL4_CapInitThreadCNode,
                                                 ports, seL4_WordBits));
    SEL4_UTIL_CHECK(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, seL4_CapInitThreadCNode, handler,
                                              seL4_WordBits, 0, PIN, 0, 0, VECTOR));
    SEL4_UTIL_CHECK(seL4_IRQHandler_SetNotification(handler, badged));
    for (int i = 1; i <= 3; i++) {
        seL4_Word badge = 0;
        timer_arm();
        seL4_Wait(notification, &badge);
        SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
        sel4_util_printf("tick %d badge %lu\n", i, badge);
    }
    seL4_Word badge = 0;
    seL4_Wait(notification, &badge); /* the timer is not armed: this is rest */
    return 0;
}
