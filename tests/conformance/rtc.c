/* SPDX-License-Identifier: BSD-2-Clause */
/* The real-time clock: registers, setting the date, formats, and its three interrupts. */
#include "conformance.h"

enum {
    INDEX = 0x70,
    DATA = 0x71,
    A = 0x0a,
    B = 0x0b,
    C = 0x0c,
    D = 0x0d,
    CENTURY = 0x32,
    SET = 0x80,
    PERIODIC = 0x40,
    ALARM = 0x20,
    UPDATE = 0x10,
    PIN = 8,
    VECTOR = 7
};

static seL4_CPtr port, handler, notification;

static unsigned get(unsigned index)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, INDEX, index));
    return seL4_X86_IOPort_In8(port, DATA).result;
}

static void set(unsigned index, unsigned value)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, INDEX, index));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(port, DATA, value));
}

static void date_set(unsigned hour, unsigned minute, unsigned second)
{
    unsigned control = get(B);
    set(B, control | SET);
    set(0, second);
    set(2, minute);
    set(4, hour);
    set(6, 4);
    set(7, 0x31);
    set(8, 0x12);
    set(9, 0x31);
    set(CENTURY, 0x20);
    set(B, control & ~(unsigned)SET);
}

/* Right behind a second's beginning, so that the next is far. */
static void second_wait(void)
{
    unsigned second = get(0);
    while (get(0) == second) {
    }
}

static void test_registers(void)
{
    section("registers");
    SAY("A %x, B %x, D %x\n", get(A) & 0x7f, get(B), get(D));
    (void)get(C);
    set(0x60, 0x5a);
    set(0x61, 0xa5);
    SAY("memory %x %x\n", get(0x60), get(0x61));
    set(0x60, 0);
    SAY("it is still %x\n", get(0x61));
    set(0x61, 0);
    while (!(get(A) & 0x80)) {
    }
    while (get(A) & 0x80) {
    }
    SAY("an update was in progress, and is over\n");
}

static void test_date(void)
{
    section("date");
    date_set(0x23, 0x59, 0x58);
    SAY("%x%02x-%02x-%02x, weekday %x, %02x:%02x, second 58 or 59: %d\n", get(CENTURY), get(9), get(8),
        get(7), get(6), get(4), get(2), get(0) == 0x58 || get(0) == 0x59);
    while (get(7) != 1) {
    }
    SAY("%x%02x-%02x-%02x, weekday %x, %02x:%02x\n", get(CENTURY), get(9), get(8), get(7), get(6), get(4),
        get(2));
    set(B, 0x82);
    set(0, 0x30);
    SAY("while it is set: %x", get(0));
    for (volatile int i = 0; i < 1000000; i++) {
    }
    SAY(" %x\n", get(0));
    set(B, 0x02);
}

static void test_formats(void)
{
    section("formats");
    date_set(0x22, 0x45, 0x10);
    set(B, 0x06);
    SAY("binary, 24 hours: %x:%x\n", get(4), get(2));
    set(B, 0x04);
    SAY("binary, 12 hours: %x\n", get(4));
    set(B, 0x00);
    SAY("decimal, 12 hours: %x\n", get(4));
    set(B, 0x02);
    SAY("decimal, 24 hours: %x\n", get(4));
}

/* Which flags an interrupt came with, of those that were enabled. */
static void interrupts_count(unsigned enabled, unsigned count, const char *what)
{
    (void)get(C);
    set(B, 0x02 | enabled);
    SAY("%s:", what);
    for (unsigned i = 0; i < count; i++) {
        seL4_Word badge = 0xbad;
        SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
        seL4_Wait(notification, &badge);
        SAY(" %lx %x", badge, get(C) & (0x80 | enabled));
    }
    set(B, 0x02);
    SAY(", then %x\n", get(C) & (0x80 | enabled));
    (void)seL4_Poll(notification, NULL);
}

static void test_interrupts(void)
{
    section("interrupts");
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, handler, WORD, 0, PIN, 0, 0, VECTOR),
         "handler");
    SEL4_UTIL_CHECK(seL4_IRQHandler_SetNotification(handler, mint(notification, seL4_AllRights, 0x10)));
    set(A, 0x2d); /* 8 Hz */
    interrupts_count(PERIODIC, 4, "periodic");
    set(A, 0x26);
    second_wait();
    interrupts_count(UPDATE, 2, "update");
    set(1, 0xc0);
    set(3, 0xc0);
    set(5, 0xc0);
    second_wait();
    interrupts_count(ALARM, 2, "alarm each second");
    date_set(0x10, 0x20, 0x30);
    set(1, 0x34); /* far enough for a busy host to get there in time */
    set(3, 0x20);
    set(5, 0x10);
    interrupts_count(ALARM, 1, "alarm at a time");
    SAY("which was %02x:%02x, not before its second: %d\n", get(4), get(2), get(0) >= 0x34);
}

int main(seL4_BootInfo *info)
{
    open(info);
    port = slot();
    handler = slot();
    notification = make(seL4_NotificationObject);
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, INDEX, DATA, CNODE, port, WORD));
    test_registers();
    test_date();
    test_formats();
    test_interrupts();
    close();
    return 0;
}
