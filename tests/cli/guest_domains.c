/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two domains and a schedule of one entry, a tick for one of them, which each gives to the other (domains.json). Then a
 * thread signals that of the other domain and waits: its domain is idle while the other's thread is ready, at all
 * phases of the tick. In the end both wait for good: the system is at rest.
 */
#include <sel4_util.h>

enum {
    ROUNDS = 1000,
    SPIN_CYCLES_MAX = 3000000,
    PRIORITY = 100
};

static struct sel4_util_allocator allocator;
static seL4_CPtr here, there;
static volatile unsigned turns;

static unsigned long cycles(void)
{
    unsigned int low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (unsigned long)high << 32 | low;
}

static void spin(void)
{
    static unsigned seed = 1;
    seed = seed * 1103515245 + 12345;
    unsigned long start = cycles(), length = (seed >> 8) % SPIN_CYCLES_MAX;
    while (cycles() - start < length) {
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
        turns++;
        spin();
        turn_give(0);
        seL4_Signal(here);
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
    for (unsigned i = 0; i < ROUNDS; i++) {
        turn_give(1);
        seL4_Signal(there);
        spin();
        seL4_Wait(here, NULL);
    }
    sel4_util_printf("%u turns\n", turns);
    seL4_Wait(here, NULL);
    return 0;
}
