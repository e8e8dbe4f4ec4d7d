/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual time: a clock that goes on by what the system does, not by how long the host takes for it.
 *
 * The state lies in the kernel's own memory, so that a copy of the arena holds it too. Whoever runs kernel code
 * or answers for a device advances it; freestanding, and the same sequence of calls gives the same times. The
 * model, with its reasons, is docs/time.md.
 *
 * Invariants:
 * - now_ns never goes back;
 * - nothing that the emulator does on its own account (fills, patches, signals) comes here;
 * - device_ns is what the devices said after the last call that could change it.
 */
#ifndef SELKIE_MACHINE_VIRTUAL_CLOCK_H
#define SELKIE_MACHINE_VIRTUAL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* What things cost, in nanoseconds. */
enum {
    VIRTUAL_ENTRY_NS = 400,      /* a kernel entry */
    VIRTUAL_WORK_NS = 100,       /* a unit of work at a preemption point */
    VIRTUAL_DEVICE_NS = 600,     /* an access to an I/O port or a device's register */
    VIRTUAL_CHARACTER_NS = 86806, /* a character on the serial line at 115200 baud */
    VIRTUAL_READ_NS = 20,        /* a look at a clock: the time stamp counter, or a device that counts */
    VIRTUAL_POLLS_FREE = 16,     /* looks in a row before they become dearer */
    VIRTUAL_POLLS_DOUBLE = 4,    /* and how many it takes to double the price */
    VIRTUAL_ASKS_FREE = 256,     /* the same for looks with a few kernel entries in between, as if to ask a */
    VIRTUAL_ASKS_DOUBLE = 32,    /* server for the time */
    VIRTUAL_ASK_ENTRIES = 8,     /* how many these may be */
    VIRTUAL_POLL_MAX_NS = 50000, /* the dearest look */
    VIRTUAL_DELAY_MAX_NS = 20000, /* with a seed: how late a device's interrupt can be */
    VIRTUAL_NOISE_MAX_NS = 100    /* with a seed: what a kernel entry can cost more */
};

#define VIRTUAL_TSC_MHZ 1000 /* one cycle per nanosecond */

/* The date at which every run begins: 2020-01-01 00:00 UTC. */
#define VIRTUAL_UNIX_SECONDS 1577836800

struct virtual_clock {
    uint64_t now_ns;
    uint64_t device_ns;           /* when a device has something; UINT64_MAX: never */
    uint64_t device_due_ns;       /* the same before the delay that a seed adds */
    uint64_t tick_ns, period_ns;  /* the next tick of a kernel that ticks */
    uint64_t timer_ns;            /* when the kernel itself has something for the thread that runs */
    uint64_t random;              /* state of the generator; 0: no noise */
    uint64_t looks;               /* at clocks and devices so far, which an engine takes for a sign of life */
    uint32_t polls, polls_before; /* looks at a clock in a row; and before this kernel entry */
    uint32_t asks, ask_entries;   /* looks with few kernel entries in between; and entries since the last */
};

static inline uint64_t virtual_earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Below `bound`; 0 without a seed. (xorshift64*) */
static inline uint64_t virtual_random(struct virtual_clock *c, uint64_t bound)
{
    uint64_t x = c->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    c->random = x;
    return ((x * 0x2545f4914f6cdd1dull) >> 32) * bound >> 32;
}

/* A run begins. A seed other than 0 says where between two ticks. */
static inline void virtual_clock_start(struct virtual_clock *c, uint64_t period_ns, uint64_t seed)
{
    *c = (struct virtual_clock){.device_ns = UINT64_MAX,
                                .device_due_ns = UINT64_MAX,
                                .timer_ns = UINT64_MAX,
                                .period_ns = period_ns ? period_ns : 1,
                                .random = seed * 0x9e3779b97f4a7c15ull};
    for (unsigned i = 0; i < 4; i++) /* seeds that differ little begin alike */
        (void)virtual_random(c, 1);
    c->now_ns = virtual_random(c, c->period_ns);
    c->tick_ns = c->period_ns;
}

static inline void virtual_clock_entry(struct virtual_clock *c)
{
    c->now_ns += VIRTUAL_ENTRY_NS + (c->random ? virtual_random(c, VIRTUAL_NOISE_MAX_NS) : 0);
    c->polls_before = c->polls;
    c->polls = 0;
    if (++c->ask_entries > VIRTUAL_ASK_ENTRIES)
        c->asks = 0;
}

static inline void virtual_clock_work(struct virtual_clock *c)
{
    c->now_ns += VIRTUAL_WORK_NS;
}

static inline void virtual_clock_character(struct virtual_clock *c)
{
    c->now_ns += VIRTUAL_CHARACTER_NS;
}

static inline void virtual_clock_device(struct virtual_clock *c)
{
    c->now_ns += VIRTUAL_DEVICE_NS;
    c->looks++;
}

/* The kernel entry under way is part of a look at a clock: those before it still count. */
static inline void virtual_clock_polls_keep(struct virtual_clock *c)
{
    c->polls = c->polls_before;
}

/* What a look costs more after `looks` alike. */
static inline uint64_t virtual_poll_price(uint32_t looks, uint32_t free, uint32_t looks_double)
{
    if (looks < free)
        return 0;
    uint32_t doublings = (looks - free) / looks_double;
    return doublings < 16 ? virtual_earlier((uint64_t)VIRTUAL_READ_NS << doublings, VIRTUAL_POLL_MAX_NS)
                          : VIRTUAL_POLL_MAX_NS;
}

/* One more look. The price rises, but no look goes far past the next event. */
static inline void virtual_clock_poll(struct virtual_clock *c)
{
    uint64_t event_ns = virtual_earlier(c->device_ns, c->timer_ns);
    uint64_t polls_ns = virtual_poll_price(c->polls, VIRTUAL_POLLS_FREE, VIRTUAL_POLLS_DOUBLE);
    uint64_t asks_ns = virtual_poll_price(c->asks, VIRTUAL_ASKS_FREE, VIRTUAL_ASKS_DOUBLE);
    uint64_t more_ns = polls_ns > asks_ns ? polls_ns : asks_ns;
    c->looks++;
    c->now_ns += VIRTUAL_READ_NS;
    if (event_ns > c->now_ns)
        c->now_ns += virtual_earlier(more_ns, event_ns - c->now_ns);
    c->polls += c->polls < 1u << 16;
    c->asks += c->asks < 1u << 16;
    c->ask_entries = 0;
}

static inline uint64_t virtual_clock_tsc(const struct virtual_clock *c)
{
    return c->now_ns * VIRTUAL_TSC_MHZ / 1000;
}

/* The devices have something at `due_ns`. */
static inline void virtual_clock_device_set(struct virtual_clock *c, uint64_t due_ns)
{
    if (due_ns == c->device_due_ns)
        return;
    c->device_due_ns = c->device_ns = due_ns;
    if (c->random && due_ns != UINT64_MAX)
        c->device_ns += virtual_random(c, VIRTUAL_DELAY_MAX_NS);
}

/* What is due before a guest goes on, or while nothing runs. Device interrupts come first. */
enum virtual_due {
    VIRTUAL_NOTHING,
    VIRTUAL_DEVICE,
    VIRTUAL_TICK
};

/* Is virtual_clock_due worth calling? */
static inline bool virtual_clock_is_due(struct virtual_clock *c, bool wants_tick, uint64_t timer_ns)
{
    c->timer_ns = wants_tick ? virtual_earlier(c->tick_ns, timer_ns) : timer_ns;
    return c->now_ns >= c->device_ns || c->now_ns >= c->tick_ns || c->now_ns >= timer_ns;
}

/* A tick is due at multiples of the period; if nobody wants it, it is not made. `wants_tick` and `timer_ns` are what the kernel
 * said last (struct next). */
static inline enum virtual_due virtual_clock_due(struct virtual_clock *c, bool wants_tick, uint64_t timer_ns)
{
    if (c->now_ns >= c->device_ns)
        return VIRTUAL_DEVICE;
    bool is_tick = c->now_ns >= c->tick_ns;
    if (is_tick)
        c->tick_ns += ((c->now_ns - c->tick_ns) / (c->period_ns ? c->period_ns : 1) + 1) * c->period_ns;
    c->timer_ns = wants_tick ? virtual_earlier(c->tick_ns, timer_ns) : timer_ns;
    return (is_tick && wants_tick) || c->now_ns >= timer_ns ? VIRTUAL_TICK : VIRTUAL_NOTHING;
}

/* Would something be due if the kernel returned now? */
static inline bool virtual_clock_is_pending(const struct virtual_clock *c)
{
    return c->now_ns >= c->device_ns || c->now_ns >= c->timer_ns;
}

/* Nothing happens before the next event: go there. False: there is none. */
static inline bool virtual_clock_skip(struct virtual_clock *c)
{
    uint64_t event_ns = virtual_earlier(c->device_ns, c->timer_ns);
    if (event_ns == UINT64_MAX)
        return false;
    c->now_ns = event_ns > c->now_ns ? event_ns : c->now_ns;
    return true;
}

#endif
