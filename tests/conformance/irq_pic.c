/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of a kernel built for the legacy interrupt controller: its 16 lines have numbers of their own, and there
 * is neither an I/O APIC nor a message-signalled interrupt to ask for.
 */
#include "conformance.h"

enum {
    PIT_CHANNEL_0 = 0x40,
    PIT_COMMAND = 0x43,
    PIT_LINE = 0,
    LINES = 16,
    BADGE = 0x40
};

static seL4_CPtr endpoint, notification, handler, port;

static seL4_Error get(seL4_Word irq, seL4_CPtr to)
{
    return (seL4_Error)seL4_IRQControl_Get(seL4_CapIRQControl, irq, CNODE, to, WORD);
}

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

/* The controller remembers an edge of a line that nobody has a handler for. */
static void test_early(void)
{
    section("an interrupt before there is a handler");
    pit_start();
    pause_ms();
    seL4_Error error = get(PIT_LINE, handler);
    pause_ms();
    CASE(error, "get");
    SEL4_UTIL_CHECK(discard(handler));
}

static void test_control(void)
{
    section("control");
    seL4_CPtr other = slot();
    for (seL4_Word irq = 0; irq <= LINES; irq++) {
        CASE(get(irq, other), "get %lu", irq);
        SAY("  %lx\n", kind(other));
        if (kind(other)) {
            SEL4_UTIL_CHECK(discard(other));
        }
    }
    CASE(get(107, other), "get 107");
    CASE(get(500, other), "get 500");
    CASE(get(~0ul, other), "get all ones");
    CASE(get(5, endpoint), "to an occupied slot");
    CASE(get(500, endpoint), "to an occupied slot, 500");
    CASE(seL4_IRQControl_Get(seL4_CapIRQControl, 5, endpoint, other, WORD), "root an endpoint");
    CASE(seL4_IRQControl_Get(seL4_CapIRQControl, 5, CNODE, other, 0), "depth 0");
    CASE(seL4_IRQControl_Get(seL4_CapIRQControl, 5, CNODE, other, 65), "depth 65");
    CASE(get(PIT_LINE, handler), "good");
    CASE(get(PIT_LINE, other), "the same again");
    CASE(get(PIT_LINE, endpoint), "the same again, to an occupied slot");
    invoke_case(seL4_CapIRQControl, IRQIssueIRQHandler, ARGUMENTS(.word_count = 2), "short");
    invoke_case(seL4_CapIRQControl, IRQIssueIRQHandler, ARGUMENTS(.word_count = 3), "without a root");
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, other, WORD, 0, 2, 0, 0, 5), "I/O APIC");
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, endpoint, WORD, 9, 2, 0, 0, 500), "all wrong");
    CASE(seL4_IRQControl_GetMSI(seL4_CapIRQControl, CNODE, other, WORD, 0, 0, 0, 0, 5), "message");
    invoke_case(seL4_CapIRQControl, X86IRQIssueIRQHandlerIOAPIC, ARGUMENTS(.word_count = 2), "I/O APIC, short");
}

static void test_delivery(void)
{
    section("delivery");
    seL4_Word badge;
    CASE(seL4_IRQHandler_SetNotification(handler, mint(notification, seL4_AllRights, BADGE)), "set");
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
    CASE(discard(handler), "delete the handler");
    CASE(get(PIT_LINE, handler), "get it again");
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    handler = slot();
    port = slot();
    SEL4_UTIL_CHECK(
        seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, PIT_CHANNEL_0, PIT_COMMAND, CNODE, port, WORD));
    test_early();
    test_control();
    test_delivery();
    close();
    return 0;
}
