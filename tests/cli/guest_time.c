/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a system can see of time: prints the time stamp counter after each of the things that pass it. In virtual
 * time every figure is the same in every run, on every engine.
 */
#include <sel4_util.h>

enum {
    VECTOR = 0,
    PIN = 2,
    PERIOD_TICKS = 23864, /* of the PIT: 20 ms */
    ROUNDS = 100,
    BADGE = 1,
    WORKERS = 3,
    WORKER_PRIORITY = 100
};
#define WORK_CYCLES 60000000ul /* 60 ms at 1 GHz */

static struct sel4_util_allocator allocator;
static seL4_CPtr ports, handler, notification, parking;
static volatile unsigned long counter[WORKERS];
static struct sel4_util_thread worker[WORKERS];

static unsigned long cycles(void)
{
    unsigned int low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (unsigned long)high << 32 | low;
}

static unsigned long cycles_and_processor(unsigned int *processor)
{
    unsigned int low, high;
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(*processor));
    return (unsigned long)high << 32 | low;
}

static void show(const char *what)
{
    sel4_util_printf("%s: %lu\n", what, cycles());
}

static void reads_in_a_row(void)
{
    unsigned int processor = 99;
    unsigned long start = cycles(), looks = 0;
    while (cycles() - start < 2000000000ul) {
        looks++;
    }
    unsigned long end = cycles_and_processor(&processor);
    sel4_util_printf("two seconds took %lu looks, until %lu on processor %u\n", looks, end, processor);
}

static void entries(void)
{
    unsigned long start = cycles();
    for (unsigned i = 0; i < ROUNDS; i++) {
        seL4_Yield();
    }
    sel4_util_printf("%d entries: %lu\n", ROUNDS, cycles() - start);
}

static unsigned pit_read(void)
{
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(ports, 0x43, 0));
    seL4_X86_IOPort_In8_t low = seL4_X86_IOPort_In8(ports, 0x40), high = seL4_X86_IOPort_In8(ports, 0x40);
    return (unsigned)low.result | (unsigned)high.result << 8;
}

/* Polls the counter itself until it has come round. */
static void pit_poll(void)
{
    unsigned last = pit_read(), now = last, looks = 0;
    for (; now <= last; looks++) {
        last = now;
        now = pit_read();
    }
    sel4_util_printf("the PIT came round after %u looks at %u: %lu\n", looks, now, cycles());
}

static void interrupts(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_Word badge = 0;
        seL4_Wait(notification, &badge);
        sel4_util_printf("interrupt %u: %lu\n", i, cycles());
        SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
    }
}

static void pit_open(void)
{
    ports = sel4_util_slot_alloc(&allocator);
    handler = sel4_util_slot_alloc(&allocator);
    notification = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x40, 0x43, seL4_CapInitThreadCNode,
                                                 ports, seL4_WordBits));
    SEL4_UTIL_CHECK(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, seL4_CapInitThreadCNode, handler,
                                              seL4_WordBits, 0, PIN, 0, 0, VECTOR));
    SEL4_UTIL_CHECK(seL4_IRQHandler_SetNotification(
        handler, sel4_util_cap_mint(&allocator, notification, seL4_AllRights, BADGE)));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(ports, 0x43, 0x34)); /* mode 2: periodic */
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(ports, 0x40, PERIOD_TICKS & 0xff));
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(ports, 0x40, PERIOD_TICKS >> 8));
}

/* Counts by looking at the clock all the time. */
static void watch(void *argument)
{
    volatile unsigned long *count = argument;
    unsigned long start = cycles();
    while (cycles() - start < WORK_CYCLES) {
        (*count)++;
    }
    seL4_Wait(parking, NULL);
}

/* Counts without ever entering the kernel or looking at a clock. */
static void spin(void *argument)
{
    volatile unsigned long *count = argument;
    for (;;) {
        (*count)++;
    }
}

static void workers_start(void (*entry)(void *argument))
{
    for (unsigned i = 0; i < WORKERS; i++) {
        const struct sel4_util_thread_config config = {
            .name = "worker", .entry = entry, .argument = (void *)&counter[i], .priority = WORKER_PRIORITY};
        counter[i] = 0;
        SEL4_UTIL_CHECK(sel4_util_thread_start(&worker[i], &allocator, &config));
    }
}

static void workers_stop(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(worker[i].tcb));
    }
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    show("start");
    reads_in_a_row();
    entries();
    pit_open();
    show("PIT set");
    pit_poll();
    interrupts(4);
    parking = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    workers_start(watch); /* they take turns by ticks while this thread waits */
    interrupts(6);
    workers_stop();
    sel4_util_printf("looks of threads that take turns: %lu %lu %lu\n", counter[0], counter[1], counter[2]);
    workers_start(spin); /* they would keep the processor, but for ticks and interrupts */
    interrupts(3);
    workers_stop();
    sel4_util_printf("threads that spin %s\n", counter[0] && counter[1] ? "take turns" : "do not take turns");
    SEL4_UTIL_CHECK(seL4_X86_IOPort_Out8(ports, 0x43, 0x30)); /* stopped: the system comes to rest */
    show("end");
    return 0;
}
