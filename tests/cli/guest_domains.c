/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two domains and a schedule of one entry, a tick for one of them, which each gives to the other
 * (domains.json). Then a thread signals that of the other domain and waits: its domain is idle while the
 * other's thread is ready, at all phases of the tick. In the end both wait for good: the system is at rest.
 */
#include <sel4_util.h>

enum {
    ROUNDS = 1000,
    MEASURED = 20, /* the first of them, without spinning: two ticks each */
    STEPS = 100,
    STEPS_PER_TICK = 1000,
    PRIORITY = 100
};

static struct sel4_util_allocator allocator;
static seL4_CPtr here, there;
static volatile unsigned turns;
static volatile unsigned long tick_cycles;

static unsigned long cycles(void)
{
    unsigned int low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (unsigned long)high << 32 | low;
}

/* From a turn's start until shortly before its end, each time a little shorter. */
static void spin(unsigned long start, unsigned round)
{
    while (cycles() - start < tick_cycles - round % STEPS * (tick_cycles / STEPS_PER_TICK)) {
    }
}

/* From the next tick on. */
static void turn_give(seL4_Uint8 domain)
{
    SEL4_UTIL_CHECK(seL4_DomainSet_ScheduleConfigure(seL4_CapDomain, 0, domain, 1));
}

static void answer(void *unused)
{
    (void)unused;
    for (;;) {
        seL4_Wait(there, NULL);
        unsigned long start = cycles();
        spin(start, turns++);
        seL4_Signal(here); /* first: there may be no turn after that */
        turn_give(0);
    }
}

int main(seL4_BootInfo *info)
{
    static struct sel4_util_thread other;
    const struct sel4_util_thread_config config = {.name = "other", .entry = answer, .priority = PRIORITY};
    sel4_util_allocator_init(&allocator, info);
    here = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    there = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    SEL4_UTIL_CHECK(sel4_util_thread_start(&other, &allocator, &config));
    turn_give(0);
    SEL4_UTIL_CHECK(seL4_DomainSet_ScheduleSetStart(seL4_CapDomain, 0));
    SEL4_UTIL_CHECK(seL4_DomainSet_Set(seL4_CapDomain, 1, other.tcb));
    unsigned long start = cycles(), shortest = ~0ul;
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i == MEASURED) {
            tick_cycles = shortest / 2; /* the first begins anywhere, a busy host makes some longer */
        }
        unsigned long begin = start;
        seL4_Signal(there);
        turn_give(1);
        spin(start, i);
        seL4_Wait(here, NULL);
        start = cycles();
        if (i > 0 && start - begin < shortest) {
            shortest = start - begin;
        }
    }
    /* The turns are this domain's now. If the other thread has not begun to wait yet, it may do so here. */
    SEL4_UTIL_CHECK(seL4_DomainSet_Set(seL4_CapDomain, 0, other.tcb));
    sel4_util_printf("%u turns\n", turns);
    seL4_Wait(here, NULL);
    return 0;
}
