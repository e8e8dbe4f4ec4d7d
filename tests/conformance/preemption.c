/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long work is interrupted: a timer fires while a thread revokes many capabilities or has memory cleared, the
 * thread that waits for it runs in the middle of that, and the work goes on to its end.
 */
#include "conformance.h"

enum {
    SLOTS_BITS = 16,
    MEMORY_BITS = 27,
    VECTOR = 0,
    PIN = 2,
    ATTEMPTS = 20,
    TICKS = 240, /* 0.2 ms; then half of that, and so on, since memory that nobody wrote to may be cleared at once */
    HALVINGS = 6,
    PORT_FIRST = 0x40,
    PORT_CONTROL = 0x43,
    ONE_SHOT = 0x30
};

static seL4_CPtr ports, handler, notification;
static volatile bool is_working;
static volatile unsigned fired, fired_at_work;
static unsigned ticks = TICKS;

static void listen(void *unused)
{
    (void)unused;
    for (;;) {
        seL4_Wait(notification, NULL);
        fired++;
        fired_at_work += is_working;
        seL4_IRQHandler_Ack(handler);
    }
}

static void timer_arm(void)
{
    seL4_X86_IOPort_Out8(ports, PORT_CONTROL, ONE_SHOT);
    seL4_X86_IOPort_Out8(ports, PORT_FIRST, ticks & 0xff);
    seL4_X86_IOPort_Out8(ports, PORT_FIRST, ticks >> 8);
}

static void timer_make(void)
{
    ports = slot();
    handler = slot();
    notification = make(seL4_NotificationObject);
    SEL4_UTIL_CHECK(
        seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, PORT_FIRST, PORT_CONTROL, CNODE, ports, WORD));
    SEL4_UTIL_CHECK(
        seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, handler, WORD, 0, PIN, 0, 0, VECTOR));
    SEL4_UTIL_CHECK(seL4_IRQHandler_SetNotification(handler, notification));
    spawn("listener", listen, NULL, PRIORITY_HIGH);
    timer_arm();
    while (fired == 0) {
    }
    fired = 0;
}

/* On a busy machine it may have fired too early, so there are several attempts. */
static void attempt(seL4_Error (*work)(void))
{
    seL4_Error error = seL4_NoError;
    fired_at_work = 0;
    for (unsigned i = 0; i < ATTEMPTS && fired_at_work == 0 && error == seL4_NoError; i++) {
        ticks = TICKS >> i % HALVINGS;
        error = work();
        is_working = false;
    }
    CASE(error, "work");
    SAY("in the middle %u\n", fired_at_work);
}

static seL4_CPtr many, original, untyped, memory;

static seL4_Error revoke(void)
{
    for (seL4_Word i = 0; i < 1ul << SLOTS_BITS; i++) {
        SEL4_UTIL_CHECK(seL4_CNode_Mint(many, i, SLOTS_BITS, CNODE, original, WORD, seL4_AllRights, i + 1));
    }
    timer_arm();
    is_working = true;
    return (seL4_Error)seL4_CNode_Revoke(CNODE, original, WORD);
}

static void revoking(void)
{
    section("revoke");
    seL4_Word left = 0;
    many = make_sized(seL4_CapTableObject, SLOTS_BITS);
    original = make(seL4_EndpointObject);
    attempt(revoke);
    for (seL4_Word i = 0; i < 1ul << SLOTS_BITS; i += 1001) {
        left += seL4_CNode_Copy(CNODE, slot(), WORD, many, i, SLOTS_BITS, seL4_AllRights) == seL4_NoError;
    }
    SAY("left %lu, the original is %lu\n", left, kind(original));
}

/* The memory of one object is cleared when the next is made. */
static seL4_Error clear(void)
{
    SEL4_UTIL_CHECK(discard(memory));
    timer_arm();
    is_working = true;
    return (seL4_Error)seL4_Untyped_Retype(untyped, seL4_UntypedObject, MEMORY_BITS, CNODE, 0, 0, memory, 1);
}

static void clearing(void)
{
    section("clearing");
    untyped = make_sized(seL4_UntypedObject, MEMORY_BITS);
    memory = slot();
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, MEMORY_BITS, CNODE, 0, 0, memory, 1), "the first");
    attempt(clear);
}

int main(seL4_BootInfo *info)
{
    open(info);
    timer_make();
    revoking();
    clearing();
    close();
    return 0;
}
