/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The high precision event timer: a 100 MHz counter and three comparators, in
 * one page of device memory. Drivers of seL4 systems find it through ACPI.
 *
 * As with the PIT nothing counts: values and interrupts are computed from the
 * time of the question. Registers are accessed as aligned 8-byte words; whoever
 * emulates a narrower access merges it.
 *
 * Invariants: an interrupt that fell due since the last look is raised once; a
 * comparator set to a value that the counter has passed waits for the next time round, as in
 * hardware. A timer in 32-bit mode compares the lower halves only.
 *
 * Source: Intel IA-PC HPET Specification 1.0a, section 2.3.
 *
 *   0x000  capabilities: period in femtoseconds 63:32, vendor 31:16, legacy route 15, 64 bit 13,
 *          last timer 12:8
 *   0x010  configuration: 0 counting, 1 legacy route (timer 0 takes the PIT's pin)
 *   0x020  interrupt status, write 1 to clear; of level-triggered timers
 *   0x0F0  main counter
 *   0x100 + 0x20 n  timer n: routes 63:32, can send messages 15, sends messages 14, route 13:9, 32-bit mode 8,
 *          set value 6, 64 bit 5, can be periodic 4, periodic 3, enabled 2, level 1
 *          + 0x08 comparator;  + 0x10 message: address 63:32, value 31:0
 */
#ifndef SELKIE_DEVICE_HPET_H
#define SELKIE_DEVICE_HPET_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HPET_TIMERS = 3,
    HPET_SIZE = 1024,
    HPET_TICK_NS = 10
};

struct hpet_timer {
    uint64_t config;     /* the writable bits */
    uint64_t comparator; /* of a periodic timer the next time */
    uint64_t period;     /* ticks, of a periodic timer */
    uint64_t message;    /* address and value */
    bool is_late;        /* the comparator was passed while it was being written: it matches at once */
};

/* What the counter reads as until `until_ns`, should it be beyond `value` by then: the time that an access to
 * an emulated register takes must not pass a comparator between its write and the look at the counter that
 * drivers make next, or a driver with a fast timer would never get away from its loop. */
struct hpet_hold {
    uint64_t value, until_ns; /* 0: none */
};

struct hpet {
    uint64_t config;
    uint64_t status;
    uint64_t counter;    /* when it was last set or stopped */
    uint64_t start_ns;   /* when it began to count from there */
    uint64_t seen;       /* the counter at the last look for interrupts */
    uint64_t hold_ticks; /* allowance for the time that an access takes; 0: none, the clock is exact */
    struct hpet_hold hold;
    struct hpet_timer timer[HPET_TIMERS];
};

void hpet_init(struct hpet *hpet); /* stopped, no interrupt enabled */

/* The main counter: its offset, and how it goes on but for the hold; false: it stands still. */
bool hpet_counter(const struct hpet *hpet, unsigned *offset, uint64_t *value, uint64_t *start_ns);

/* `offset` is a multiple of 8 below HPET_SIZE. */
uint64_t hpet_read(const struct hpet *hpet, unsigned offset, uint64_t now_ns);
void hpet_write(struct hpet *hpet, unsigned offset, uint64_t value, uint64_t now_ns);

/* The pin of the I/O APIC that a timer drives. */
unsigned hpet_pin(const struct hpet *hpet, unsigned timer);

/* When a timer raises its next interrupt; UINT64_MAX: it will not. */
uint64_t hpet_deadline_ns(const struct hpet *hpet, unsigned timer);

/* The timers (bit n) whose interrupt fell due since the last call. */
unsigned hpet_poll(struct hpet *hpet, uint64_t now_ns);

/* Where a timer sends messages instead of driving a pin: false, it does not. */
bool hpet_message(const struct hpet *hpet, unsigned timer, uint32_t *address, uint32_t *value);

/* In legacy replacement timers 0 and 1 take the pins of the PIT and the RTC, which are heard no more. */
bool hpet_is_legacy(const struct hpet *hpet);

/* A level-triggered timer keeps its pin asserted until its status bit is cleared. */
bool hpet_is_level(const struct hpet *hpet, unsigned timer);
bool hpet_is_asserted(const struct hpet *hpet, unsigned timer);

#endif
