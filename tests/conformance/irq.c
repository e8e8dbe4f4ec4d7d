/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts: IRQ control and handlers with their errors, and the PIT's interrupt through pin 2 of the I/O APIC. */
#include "conformance.h"

enum {
    PIT_CHANNEL_0 = 0x40,
    PIT_COMMAND = 0x43,
    PIT_PIN = 2,
    VECTOR = 5
};

static seL4_CPtr endpoint, notification, badged, handler, port;

static seL4_Error get_ioapic(seL4_CPtr to, seL4_Word ioapic, seL4_Word pin, seL4_Word level,
                             seL4_Word polarity, seL4_Word vector)
{
    return (seL4_Error)seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, to, WORD, ioapic, pin, level,
                                                 polarity, vector);
}

static seL4_Error get_msi(seL4_CPtr to, seL4_Word bus, seL4_Word device, seL4_Word function, seL4_Word vector)
{
    return (seL4_Error)seL4_IRQControl_GetMSI(seL4_CapIRQControl, CNODE, to, WORD, bus, device, function, 0,
                                              vector);
}

/* One shot of the PIT: an interrupt after about a millisecond. */
static void pit_start(void)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, PIT_COMMAND, 0x30));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, PIT_CHANNEL_0, 0xa9));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, PIT_CHANNEL_0, 0x04));
}

static void pause_ms(void)
{
    for (int i = 0; i < 300000; i++) {
        asm volatile("pause");
    }
}

static void test_control(void)
{
    section("control");
    seL4_CPtr other = slot();
    CASE(seL4_IRQControl_Get(seL4_CapIRQControl, 5, CNODE, other, WORD), "get 5");
    CASE(seL4_IRQControl_Get(seL4_CapIRQControl, 500, CNODE, endpoint, 0), "get 500, all wrong");
    CASE(get_ioapic(other, 1, PIT_PIN, 0, 0, VECTOR), "I/O APIC 1");
    CASE(get_ioapic(other, ~0ul, PIT_PIN, 0, 0, VECTOR), "I/O APIC all ones");
    CASE(get_ioapic(other, 0, 24, 0, 0, VECTOR), "pin 24");
    CASE(get_ioapic(other, 0, ~0ul, 0, 0, VECTOR), "pin all ones");
    CASE(get_ioapic(other, 0, PIT_PIN, 2, 0, VECTOR), "level 2");
    CASE(get_ioapic(other, 0, PIT_PIN, 0, 2, VECTOR), "polarity 2");
    CASE(get_ioapic(other, 0, PIT_PIN, 2, 2, VECTOR), "level 2, polarity 2");
    CASE(get_ioapic(other, 1, 24, 2, 2, 200), "I/O APIC, pin, level, polarity, vector");
    CASE(get_ioapic(other, 0, 24, 2, 2, 200), "pin, level, polarity, vector");
    CASE(get_ioapic(other, 0, PIT_PIN, 2, 2, 200), "level, polarity, vector");
    CASE(get_ioapic(other, 0, PIT_PIN, 0, 0, 107), "vector 107");
    SAY("  %lx\n", kind(other));
    SEL4_UTIL_CHECK(discard(other));
    CASE(get_ioapic(other, 0, PIT_PIN, 0, 0, 108), "vector 108");
    CASE(get_ioapic(other, 0, PIT_PIN, 0, 0, ~0ul), "vector all ones");
    CASE(get_ioapic(endpoint, 0, PIT_PIN, 0, 0, VECTOR), "to an occupied slot");
    CASE(get_ioapic(endpoint, 1, PIT_PIN, 0, 0, VECTOR), "to an occupied slot, I/O APIC 1");
    CASE(get_ioapic(endpoint, 0, PIT_PIN, 0, 0, 200), "to an occupied slot, vector 200");
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, endpoint, other, WORD, 0, PIT_PIN, 0, 0, VECTOR),
         "root an endpoint");
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, other, 0, 0, PIT_PIN, 0, 0, VECTOR), "depth 0");
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, other, 65, 0, PIT_PIN, 0, 0, VECTOR),
         "depth 65");
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, other, 11, 0, PIT_PIN, 0, 0, VECTOR),
         "depth 11");
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, other, 11, 0, PIT_PIN, 0, 0, 200),
         "depth 11, vector 200");
    CASE(get_ioapic(handler, 0, PIT_PIN, 0, 0, VECTOR), "good");
    SAY("  %lx\n", kind(handler));
    CASE(get_ioapic(other, 0, PIT_PIN, 0, 0, VECTOR), "the same again");
    CASE(get_ioapic(other, 0, 3, 0, 0, VECTOR), "another pin, the same vector");
    CASE(get_ioapic(endpoint, 0, 3, 0, 0, VECTOR), "that, to an occupied slot");
    CASE(get_ioapic(other, 0, 3, 0, 0, VECTOR + 1), "another pin, another vector");
    SEL4_UTIL_CHECK(discard(other));
    CASE(get_ioapic(other, 0, 3, 1, 1, VECTOR + 1), "level triggered, active low");
    SEL4_UTIL_CHECK(discard(other));
}

static void test_msi(void)
{
    section("message signalled interrupts");
    seL4_CPtr other = slot();
    CASE(get_msi(other, 256, 0, 0, VECTOR + 1), "bus 256");
    CASE(get_msi(other, 0, 32, 0, VECTOR + 1), "device 32");
    CASE(get_msi(other, 0, 0, 8, VECTOR + 1), "function 8");
    CASE(get_msi(other, 256, 32, 8, 200), "all wrong");
    CASE(get_msi(other, 0, 32, 8, 200), "device, function, vector");
    CASE(get_msi(other, 0, 0, 8, 200), "function, vector");
    CASE(get_msi(other, 0, 0, 0, 108), "vector 108");
    CASE(get_msi(other, 0, 0, 0, VECTOR), "a vector in use");
    CASE(get_msi(endpoint, 0, 0, 0, VECTOR + 1), "to an occupied slot");
    CASE(get_msi(endpoint, 256, 0, 0, VECTOR + 1), "to an occupied slot, bus 256");
    CASE(get_msi(endpoint, 0, 0, 0, VECTOR), "to an occupied slot, a vector in use");
    CASE(seL4_IRQControl_GetMSI(seL4_CapIRQControl, CNODE, other, 11, 0, 0, 0, 0, VECTOR + 1), "depth 11");
    CASE(get_msi(other, 0, 31, 7, VECTOR + 1), "good");
    SAY("  %lx\n", kind(other));
    CASE(seL4_IRQHandler_Ack(other), "acknowledge");
    SEL4_UTIL_CHECK(discard(other));
}

static void test_handler(void)
{
    section("handler");
    CASE(seL4_IRQHandler_SetNotification(handler, endpoint), "an endpoint");
    CASE(seL4_IRQHandler_SetNotification(handler, slot()), "an empty slot");
    CASE(seL4_IRQHandler_SetNotification(handler, mint(notification, seL4_CanRead, 0)),
         "without the right to signal");
    CASE(seL4_IRQHandler_SetNotification(handler, mint(notification, seL4_CanWrite, 3)), "with only that");
    CASE(seL4_IRQHandler_SetNotification(handler, badged), "another over it");
    CASE(seL4_IRQHandler_Clear(handler), "clear");
    CASE(seL4_IRQHandler_Clear(handler), "clear again");
    CASE(seL4_IRQHandler_Ack(handler), "acknowledge nothing");
    CASE(seL4_IRQHandler_SetNotification(handler, badged), "set");
    seL4_CPtr twin = copy(handler);
    CASE(seL4_IRQHandler_Ack(twin), "a copy works too");
    CASE(discard(twin), "delete the copy");
    CASE(seL4_IRQHandler_Ack(handler), "the original works");
}

static void test_delivery(void)
{
    section("delivery");
    seL4_Word badge;
    for (int i = 0; i < 3; i++) {
        pit_start();
        badge = 0xbad;
        seL4_Wait(notification, &badge);
        SAY("interrupt: badge %lx\n", badge);
        badge = 0xbad;
        seL4_Poll(notification, &badge);
        SAY("once only: badge %lx\n", badge);
        CASE(seL4_IRQHandler_Ack(handler), "acknowledge");
    }
    pit_start();
    seL4_Wait(notification, &badge);
    SAY("interrupt: badge %lx\n", badge);
    CASE(seL4_IRQHandler_SetNotification(handler, mint(notification, seL4_AllRights, 0x80)),
         "another notification");
    CASE(seL4_IRQHandler_Ack(handler), "acknowledge");
    pit_start();
    seL4_Wait(notification, &badge);
    SAY("interrupt: badge %lx\n", badge);
    CASE(seL4_IRQHandler_Ack(handler), "acknowledge");
    CASE(seL4_TCB_BindNotification(SELF, notification), "bind the notification");
    pit_start();
    seL4_Recv(endpoint, &badge);
    SAY("interrupt while receiving: badge %lx\n", badge);
    CASE(seL4_IRQHandler_Ack(handler), "acknowledge");
    SEL4_UTIL_CHECK(seL4_TCB_UnbindNotification(SELF));
    CASE(discard(handler), "delete the handler");
    CASE(get_ioapic(handler, 0, PIT_PIN, 0, 0, VECTOR), "get it again");
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    badged = mint(notification, seL4_AllRights, 0x40);
    handler = slot();
    port = slot();
    SEL4_UTIL_CHECK(
        seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, PIT_CHANNEL_0, PIT_COMMAND, CNODE, port, WORD));
    pit_start(); /* ends what the firmware left running, so that no interrupt comes before its time */
    pause_ms();
    test_control();
    test_msi();
    test_handler();
    test_delivery();
    close();
    return 0;
}
