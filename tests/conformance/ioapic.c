/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pins of the I/O APIC: a wire that stays asserted, as edge and as level, and what acknowledging does. The wire is the
 * serial port's, which an empty transmitter asserts until its cause is read. The console is the same port: what
 * was seen is kept, and printed when the wire is quiet.
 */
#include "conformance.h"

enum {
    COM1 = 0x3f8,
    IER = COM1 + 1,
    IIR = COM1 + 2,
    MCR = COM1 + 4,
    PIN = 4,
    VECTOR = 6,
    SEEN_MAX = 16,
    PAUSE = 20000000 /* milliseconds: an interrupt has long arrived */
};

static seL4_CPtr port, notification, badged, handler;
static seL4_Word seen[SEEN_MAX];
static unsigned seen_count;

static void out(unsigned at, unsigned value)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, at, value));
}

static void wire_assert(void)
{
    out(IER, 2);
}

static void wire_release(void)
{
    (void)seL4_X86_IOPort_In8(port, IIR);
}

/* What has been signalled by now; 0: nothing. */
static void poll(void)
{
    seL4_Word badge = 0;
    for (volatile int i = 0; i < PAUSE; i++) {
    }
    seL4_Poll(notification, &badge);
    if (seen_count < SEEN_MAX) {
        seen[seen_count++] = badge;
    }
}

static void acknowledge(void)
{
    SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
}

static void report(const char *what)
{
    wire_release();
    out(IER, 0);
    SAY("%s:", what);
    for (unsigned i = 0; i < seen_count; i++) {
        SAY(" %lx", seen[i]);
    }
    SAY("\n");
    seen_count = 0;
}

static void handler_get(seL4_Word level, seL4_Word polarity)
{
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, handler, WORD, 0, PIN, level, polarity, VECTOR),
         "level %lu, polarity %lu", level, polarity);
    SEL4_UTIL_CHECK(seL4_IRQHandler_SetNotification(handler, badged));
}

static void test_edge(void)
{
    section("edge");
    handler_get(0, 0);
    acknowledge();
    poll();
    wire_assert();
    poll();
    poll();
    report("asserted, later");
    acknowledge();
    wire_assert();
    poll();
    acknowledge();
    poll();
    report("asserted, acknowledged while it still is");
    acknowledge();
    wire_assert();
    poll();
    wire_release();
    acknowledge();
    poll();
    out(IER, 0);
    wire_assert();
    poll();
    report("asserted, released and acknowledged, asserted");
    SEL4_UTIL_CHECK(discard(handler));
}

static void test_level(void)
{
    section("level");
    handler_get(1, 0);
    acknowledge();
    poll();
    wire_assert();
    poll();
    poll();
    report("asserted, later");
    acknowledge();
    wire_assert();
    poll();
    acknowledge();
    poll();
    acknowledge();
    poll();
    report("asserted, acknowledged twice while it still is");
    acknowledge();
    wire_assert();
    poll();
    wire_release();
    acknowledge();
    poll();
    report("asserted, released and acknowledged");
    SEL4_UTIL_CHECK(discard(handler));
}

static void test_handlers(void)
{
    section("handlers");
    handler_get(1, 0);
    SEL4_UTIL_CHECK(discard(handler));
    wire_assert();
    poll();
    report("asserted without a handler");
    handler_get(1, 0);
    acknowledge();
    SEL4_UTIL_CHECK(seL4_IRQHandler_Clear(handler));
    SEL4_UTIL_CHECK(seL4_IRQHandler_SetNotification(handler, badged));
    wire_assert();
    poll();
    report("notification taken away and given back");
    SEL4_UTIL_CHECK(discard(handler));
}

int main(seL4_BootInfo *info)
{
    open(info);
    port = slot();
    handler = slot();
    notification = make(seL4_NotificationObject);
    badged = mint(notification, seL4_AllRights, 0x20);
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, COM1, COM1 + 7, CNODE, port, WORD));
    out(IER, 0);
    out(MCR, 0x0b);
    test_edge();
    test_level();
    test_handlers();
    close();
    return 0;
}
