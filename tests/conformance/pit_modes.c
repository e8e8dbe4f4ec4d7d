/* SPDX-License-Identifier: BSD-2-Clause */
/* The PIT: modes, access to counts, latches, read-back, counter 2 behind port 0x61, and periodic interrupts. */
#include "conformance.h"

enum {
    COUNTER_0 = 0x40,
    COUNTER_2 = 0x42,
    COMMAND = 0x43,
    PORT_B = 0x61,
    GATE = 1,
    OUTPUT = 0x20,
    REFRESH = 0x10,
    PIN = 2,
    VECTOR = 5
};

static seL4_CPtr timer, port_b;

static unsigned in(unsigned port)
{
    return seL4_X86_IOPort_In8(port == PORT_B ? port_b : timer, (seL4_Uint16)port).result;
}

static void out(unsigned port, unsigned value)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port == PORT_B ? port_b : timer, port, value));
}

static void load(unsigned control, unsigned count)
{
    unsigned port = COUNTER_0 + (control >> 6);
    out(COMMAND, control);
    out(port, count & 0xff);
    out(port, count >> 8);
}

static unsigned latched(unsigned counter)
{
    out(COMMAND, counter << 6);
    unsigned low = in(COUNTER_0 + counter);
    return low | in(COUNTER_0 + counter) << 8;
}

/* Bit 6, that the count is not there yet, is left out: an emulator may never say so. */
static unsigned status(unsigned counter)
{
    out(COMMAND, 0xe0 | 2u << counter);
    return in(COUNTER_0 + counter) & 0xbf;
}

static void gate_set(unsigned gate)
{
    out(PORT_B, (in(PORT_B)&0x0c) | gate);
}

static void test_status(void)
{
    section("status");
    gate_set(GATE);
    for (unsigned mode = 0; mode < 6; mode++) {
        load(0xb0 | mode << 1, 0xffff);
        SAY("mode %u: %x\n", mode, status(2) & 0x3f);
    }
    load(0xb0, 0xffff);
    SAY("mode 0, counting: %x\n", status(2));
    out(COMMAND, 0x90);
    out(COUNTER_2, 0xff);
    SAY("low byte only: %x\n", status(2) & 0x3f);
    out(COMMAND, 0xa0);
    out(COUNTER_2, 0xff);
    SAY("high byte only: %x\n", status(2) & 0x3f);
    load(0xb4, 0xffff);
    out(COMMAND, 0xc8); /* count and status of counter 2: the status comes first */
    SAY("status and count: %x", in(COUNTER_2)&0x3f);
    unsigned low = in(COUNTER_2);
    SAY(", %d\n", (low | in(COUNTER_2) << 8) <= 0xffff);
}

static void test_count(void)
{
    section("count");
    gate_set(GATE);
    load(0xb4, 0xffff);
    out(COMMAND, 0x80);
    unsigned low = in(COUNTER_2), high = in(COUNTER_2);
    out(COMMAND, 0x80);
    out(COMMAND, 0x80); /* ignored: the first is not read */
    unsigned first = in(COUNTER_2);
    first |= in(COUNTER_2) << 8;
    unsigned second = latched(2);
    SAY("it counts down: %d %d\n", (low | high << 8) > first, first > second);
    out(COMMAND, 0x80);
    for (volatile int i = 0; i < 100000; i++) {
    }
    unsigned kept = in(COUNTER_2);
    kept |= in(COUNTER_2) << 8;
    SAY("a latch keeps it: %d\n", kept > latched(2));
    out(COMMAND, 0x94); /* mode 2, low byte */
    out(COUNTER_2, 100);
    unsigned largest = 0;
    for (int i = 0; i < 1000; i++) {
        unsigned value = in(COUNTER_2);
        largest = value > largest ? value : largest;
    }
    SAY("low byte only: %d\n", largest > 50 && largest <= 100);
}

static void test_output(void)
{
    section("output of counter 2");
    gate_set(GATE);
    load(0xb0, 20000);
    SAY("mode 0: %x", in(PORT_B)&OUTPUT);
    while (!(in(PORT_B)&OUTPUT)) {
    }
    SAY(" %x\n", in(PORT_B)&OUTPUT);
    load(0xb6, 2000);
    for (int i = 0; i < 3; i++) {
        while (!(in(PORT_B)&OUTPUT)) {
        }
        while (in(PORT_B)&OUTPUT) {
        }
    }
    SAY("mode 3 goes up and down\n");
    unsigned refresh = in(PORT_B)&REFRESH;
    while ((in(PORT_B)&REFRESH) == refresh) {
    }
    SAY("refresh toggles\n");
    gate_set(0);
    SAY("gate and speaker: %x", in(PORT_B)&3);
    gate_set(2);
    SAY(" %x", in(PORT_B)&3);
    gate_set(GATE);
    SAY(" %x\n", in(PORT_B)&3);
}

static void test_gate(void)
{
    section("gate of counter 2");
    for (unsigned mode = 2; mode < 4; mode++) {
        gate_set(GATE);
        load(0xb0 | mode << 1, 0xfffe);
        while (latched(2) > 20000) {
        }
        gate_set(0);
        gate_set(GATE);
        SAY("mode %u: a rising edge starts it again: %d\n", mode, latched(2) > 32768);
    }
    gate_set(0);
}

static void test_interrupts(void)
{
    section("interrupts");
    seL4_Word badge;
    seL4_CPtr handler = slot(), notification = make(seL4_NotificationObject);
    load(0x30, 0x04a9); /* ends what the firmware left running */
    for (volatile int i = 0; i < 20000000; i++) {
    }
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, handler, WORD, 0, PIN, 0, 0, VECTOR),
         "handler");
    SEL4_UTIL_CHECK(seL4_IRQHandler_SetNotification(handler, mint(notification, seL4_AllRights, 0x40)));
    SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
    load(0x30, 23864);
    seL4_Wait(notification, &badge);
    SAY("mode 0, once: badge %lx\n", badge);
    static const unsigned controls[] = {0x34, 0x36};
    for (unsigned i = 0; i < 2; i++) {
        load(controls[i], 23864); /* 20 ms */
        for (int j = 0; j < 4; j++) {
            SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
            seL4_Wait(notification, &badge);
        }
        SAY("mode %u, again and again: badge %lx\n", controls[i] >> 1 & 7, badge);
    }
    load(0x38, 23864);
    SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
    seL4_Wait(notification, &badge);
    SAY("mode 4, once: badge %lx\n", badge);
    SEL4_UTIL_CHECK(discard(handler));
}

int main(seL4_BootInfo *info)
{
    open(info);
    timer = slot();
    port_b = slot();
    SEL4_UTIL_CHECK(
        seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, COUNTER_0, COMMAND, CNODE, timer, WORD));
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, PORT_B, PORT_B, CNODE, port_b, WORD));
    test_status();
    test_count();
    test_output();
    test_gate();
    test_interrupts();
    close();
    return 0;
}
