/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The serial port's registers and FIFOs in loopback, and its interrupt. The console is the same port, so nothing is
 * printed while a case is at work: what was seen is kept, and printed after the port was put back.
 */
#include "conformance.h"

enum {
    COM1 = 0x3f8,
    DATA = 0,
    IER = 1,
    IIR = 2,
    FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    MSR = 6,
    SCRATCH = 7,
    LOOPBACK = 0x1b,
    NORMAL = 0x0b,
    PIN = 4,
    VECTOR = 6,
    SEEN_MAX = 64
};

static seL4_CPtr port;
static unsigned seen[SEEN_MAX], seen_count;

static unsigned in(unsigned reg)
{
    return seL4_X86_IOPort_In8(port, (seL4_Uint16)(COM1 + reg)).result;
}

static void out(unsigned reg, unsigned value)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, COM1 + reg, value));
}

static void keep(unsigned value)
{
    if (seen_count < SEEN_MAX) {
        seen[seen_count++] = value;
    }
}

/* 1200 baud, so that the receiver's time-out (four characters) is far away: 33 ms. */
static void divisor_set(unsigned divisor)
{
    out(LCR, 0x83);
    out(DATA, divisor & 0xff);
    out(IER, divisor >> 8);
    out(LCR, 0x03);
}

static void looped(void)
{
    seen_count = 0;
    divisor_set(96);
    out(MCR, LOOPBACK);
}

static void report(const char *what)
{
    out(IER, 0);
    out(FCR, 0x07);
    out(FCR, 0x00);
    out(MCR, NORMAL);
    divisor_set(1);
    SAY("%s:", what);
    for (unsigned i = 0; i < seen_count; i++) {
        SAY(" %x", seen[i]);
    }
    SAY("\n");
}

static void test_registers(void)
{
    section("registers");
    seen_count = 0;
    keep(in(LCR));
    keep(in(IER));
    report("line control and interrupts, as the kernel leaves them");
    out(SCRATCH, 0xa5);
    keep(in(SCRATCH));
    report("scratch");
    seen_count = 0;
    out(IER, 0x00);
    out(LCR, 0x83);
    out(DATA, 0x0c);
    out(IER, 0x01);
    keep(in(DATA));
    keep(in(IER));
    keep(in(LCR));
    out(LCR, 0x03);
    keep(in(IER));
    keep(in(LCR));
    report("divisor");
    seen_count = 0;
    out(IER, 0xfa); /* the upper half does not exist; the lower half interrupts nobody */
    keep(in(IER));
    report("interrupt enable");
    seen_count = 0;
    out(FCR, 0x07);
    keep(in(IIR));
    out(FCR, 0x00);
    keep(in(IIR));
    keep(in(LSR));
    keep(in(MSR)&0xf0);
    report("FIFOs on and off, line and modem status");
}

static void test_modem(void)
{
    section("modem lines in loopback");
    looped();
    for (unsigned value = 0x10; value < 0x20; value++) {
        out(MCR, value);
        keep(in(MSR)&0xf0);
    }
    report("status");
}

static void test_loopback(void)
{
    section("without FIFOs");
    looped();
    keep(in(LSR));
    out(DATA, 0x5a);
    keep(in(LSR));
    keep(in(DATA));
    keep(in(LSR));
    report("one character");
    looped();
    out(DATA, 0x11);
    out(DATA, 0x22);
    keep(in(LSR));
    keep(in(LSR));
    keep(in(DATA));
    keep(in(LSR));
    report("overrun");
}

static void test_fifo(void)
{
    section("with FIFOs");
    looped();
    out(FCR, 0x07);
    for (unsigned i = 0; i < 16; i++) {
        out(DATA, 0x40 + i);
    }
    keep(in(LSR));
    for (unsigned i = 0; i < 16; i++) {
        keep(in(DATA));
    }
    keep(in(LSR));
    report("sixteen characters");
    looped();
    out(FCR, 0x07);
    for (unsigned i = 0; i < 18; i++) {
        out(DATA, 0x40 + i);
    }
    keep(in(LSR));
    keep(in(LSR));
    for (unsigned i = 0; i < 16; i++) {
        keep(in(DATA));
    }
    keep(in(LSR));
    report("eighteen characters");
    looped();
    out(FCR, 0x01);
    out(DATA, 0x33);
    out(DATA, 0x34);
    out(FCR, 0x03);
    keep(in(LSR));
    out(DATA, 0x35);
    out(FCR, 0x00); /* changing the mode clears it as well */
    keep(in(LSR));
    report("cleared");
}

static void test_causes(void)
{
    static const unsigned levels[] = {1, 4, 8, 14};
    section("causes of interrupts");
    for (unsigned i = 0; i < 4; i++) {
        looped();
        out(FCR, 0x07 | i << 6);
        out(IER, 0x01);
        for (unsigned j = 1; j < levels[i]; j++) {
            out(DATA, j);
        }
        keep(in(IIR));
        out(DATA, 0);
        keep(in(IIR));
        (void)in(DATA);
        keep(in(IIR));
        report("below, at and again below the trigger level");
    }
    looped();
    out(FCR, 0x87);
    out(IER, 0x01);
    out(DATA, 1);
    out(DATA, 2);
    keep(in(IIR));
    while ((in(IIR)&0x0f) == 0x01) {
    }
    keep(in(IIR));
    (void)in(DATA);
    keep(in(IIR));
    while ((in(IIR)&0x0f) == 0x01) {
    }
    keep(in(IIR));
    (void)in(DATA);
    keep(in(IIR));
    report("left alone, one read, left alone, drained");
    looped();
    out(FCR, 0x07);
    out(IER, 0x02);
    keep(in(IIR));
    keep(in(IIR));
    out(DATA, 1);
    keep(in(IIR));
    keep(in(IIR));
    out(IER, 0x00);
    keep(in(IIR));
    out(IER, 0x02);
    keep(in(IIR));
    report("transmitter empty");
    looped();
    out(FCR, 0x07);
    for (unsigned i = 0; i < 17; i++) {
        out(DATA, i);
    }
    out(IER, 0x07);
    keep(in(IIR));
    keep(in(LSR));
    keep(in(IIR));
    for (unsigned i = 0; i < 16; i++) {
        (void)in(DATA);
    }
    keep(in(IIR));
    keep(in(IIR));
    report("overrun, data and transmitter in this order");
}

static void test_interrupt(void)
{
    section("interrupt");
    seL4_Word badge;
    seL4_CPtr handler = slot(), notification = make(seL4_NotificationObject);
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, handler, WORD, 0, PIN, 0, 0, VECTOR),
         "handler");
    SEL4_UTIL_CHECK(seL4_IRQHandler_SetNotification(handler, mint(notification, seL4_AllRights, 0x20)));
    SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
    seen_count = 0;
    out(FCR, 0x07);
    for (unsigned i = 0; i < 3; i++) {
        out(IER, 0x02);
        badge = 0xbad;
        seL4_Wait(notification, &badge);
        keep((unsigned)badge);
        keep(in(IIR));
        out(IER, 0x00);
        SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
    }
    report("transmitter empty");
    SEL4_UTIL_CHECK(discard(handler));
}

int main(seL4_BootInfo *info)
{
    open(info);
    port = slot();
    SEL4_UTIL_CHECK(
        seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, COM1, COM1 + SCRATCH, CNODE, port, WORD));
    test_registers();
    test_modem();
    test_loopback();
    test_fifo();
    test_causes();
    test_interrupt();
    close();
    return 0;
}
