/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The high precision event timer. See hpet.h for the register table and its source.
 */
#include "device/hpet.h"

#include <string.h>

#define PERIOD_FS        (HPET_TICK_NS * 1000000ull)
#define CAPABILITIES     (PERIOD_FS << 32 | 0x8086u << 16 | 1u << 15 | 1u << 13 | (HPET_TIMERS - 1) << 8 | 1)
#define ROUTES           0x00ff0104ull /* pins 2, 8 and 16 to 23 */
#define TIMER_CAPABILITY (ROUTES << 32 | TIMER_CAN_SEND | TIMER_CAN_BE_PERIODIC | TIMER_64_BIT)

enum {
    REG_CAPABILITIES = 0x000,
    REG_CONFIG = 0x010,
    REG_STATUS = 0x020,
    REG_COUNTER = 0x0f0,
    REG_TIMERS = 0x100,
    TIMER_SIZE = 0x20,
    TIMER_CONFIG = 0x00,
    TIMER_COMPARATOR = 0x08,
    TIMER_MESSAGE = 0x10
};

enum {
    HOLD_TICKS = 200 * 1000 / HPET_TICK_NS /* 200 us (DIFFERS) */
};

enum {
    CONFIG_ENABLE = 1,
    CONFIG_LEGACY = 2
};

enum {
    TIMER_LEVEL = 1 << 1,
    TIMER_ENABLED = 1 << 2,
    TIMER_PERIODIC = 1 << 3,
    TIMER_CAN_BE_PERIODIC = 1 << 4,
    TIMER_64_BIT = 1 << 5,
    TIMER_SET_VALUE = 1 << 6,
    TIMER_32_BIT = 1 << 8,
    TIMER_ROUTE_SHIFT = 9,
    TIMER_ROUTE = 0x1f << TIMER_ROUTE_SHIFT,
    TIMER_SENDS = 1 << 14,
    TIMER_CAN_SEND = 1 << 15,
    TIMER_WRITABLE = TIMER_LEVEL | TIMER_ENABLED | TIMER_PERIODIC | TIMER_SET_VALUE | TIMER_32_BIT |
                     TIMER_ROUTE | TIMER_SENDS
};

void hpet_init(struct hpet *hpet)
{
    memset(hpet, 0, sizeof(*hpet));
    hpet->hold_ticks = HOLD_TICKS;
    for (unsigned i = 0; i < HPET_TIMERS; i++) {
        hpet->timer[i].comparator = UINT64_MAX;
    }
}

static bool is_counting(const struct hpet *hpet)
{
    return hpet->config & CONFIG_ENABLE;
}

static uint64_t counter_at(const struct hpet *hpet, uint64_t now_ns)
{
    if (!is_counting(hpet) || now_ns < hpet->start_ns) {
        return hpet->counter;
    }
    return hpet->counter + (now_ns - hpet->start_ns) / HPET_TICK_NS;
}

bool hpet_counter(const struct hpet *hpet, unsigned *offset, uint64_t *value, uint64_t *start_ns)
{
    *offset = REG_COUNTER;
    *value = hpet->counter;
    *start_ns = hpet->start_ns;
    return is_counting(hpet);
}

/* As a guest reads it. */
static uint64_t counter_read(const struct hpet *hpet, uint64_t now_ns)
{
    uint64_t counter = counter_at(hpet, now_ns);
    bool is_held = now_ns < hpet->hold.until_ns && counter - hpet->hold.value < INT64_MAX;
    return is_held ? hpet->hold.value : counter;
}

static uint64_t timer_read(const struct hpet_timer *timer, unsigned reg)
{
    switch (reg) {
    case TIMER_CONFIG:
        return TIMER_CAPABILITY | timer->config;
    case TIMER_COMPARATOR:
        return timer->comparator;
    case TIMER_MESSAGE:
        return timer->message;
    default:
        return 0;
    }
}

uint64_t hpet_read(const struct hpet *hpet, unsigned offset, uint64_t now_ns)
{
    unsigned timer = (offset - REG_TIMERS) / TIMER_SIZE;
    switch (offset) {
    case REG_CAPABILITIES:
        return CAPABILITIES;
    case REG_CONFIG:
        return hpet->config;
    case REG_STATUS:
        return hpet->status;
    case REG_COUNTER:
        return counter_read(hpet, now_ns);
    default:
        return offset >= REG_TIMERS && timer < HPET_TIMERS
                   ? timer_read(&hpet->timer[timer], offset % TIMER_SIZE)
                   : 0;
    }
}

static void config_write(struct hpet *hpet, uint64_t value, uint64_t now_ns)
{
    hpet->counter = counter_at(hpet, now_ns);
    hpet->start_ns = now_ns;
    hpet->config = value & (CONFIG_ENABLE | CONFIG_LEGACY);
}

static void counter_write(struct hpet *hpet, uint64_t value, uint64_t now_ns)
{
    hpet->counter = value;
    hpet->start_ns = now_ns;
    hpet->seen = value;
}

/* What a timer compares of a value. */
static uint64_t timer_mask(const struct hpet_timer *timer)
{
    return timer->config & TIMER_32_BIT ? UINT32_MAX : UINT64_MAX;
}

/* A periodic timer's comparator takes the first time when "set value" is on, and the period every time. */
static void comparator_write(struct hpet *hpet, struct hpet_timer *timer, uint64_t value, uint64_t now_ns)
{
    bool is_periodic = timer->config & TIMER_PERIODIC;
    uint64_t mask = timer_mask(timer), counter = counter_at(hpet, now_ns);
    value &= mask;
    uint64_t late = (counter - value) & mask;
    bool is_near = late < hpet->hold_ticks || ((0 - late) & mask) < hpet->hold_ticks;
    timer->is_late = !is_periodic && is_counting(hpet) && late < hpet->hold_ticks;
    hpet->hold = (struct hpet_hold){value | (counter & ~mask),
                                    is_near && !is_periodic ? now_ns + hpet->hold_ticks * HPET_TICK_NS : 0};
    if (!is_periodic || (timer->config & TIMER_SET_VALUE)) {
        timer->comparator = value;
    }
    if (is_periodic) {
        timer->period = value;
    }
    timer->config &= ~(uint64_t)TIMER_SET_VALUE;
}

static void timer_write(struct hpet *hpet, unsigned index, unsigned reg, uint64_t value, uint64_t now_ns)
{
    struct hpet_timer *timer = &hpet->timer[index];
    if (reg == TIMER_CONFIG) {
        timer->config = value & TIMER_WRITABLE;
        timer->comparator &= timer_mask(timer);
        if (!(value & TIMER_LEVEL)) {
            hpet->status &= ~(1ull << index);
        }
    } else if (reg == TIMER_COMPARATOR) {
        comparator_write(hpet, timer, value, now_ns);
    } else if (reg == TIMER_MESSAGE) {
        timer->message = value;
    }
}

void hpet_write(struct hpet *hpet, unsigned offset, uint64_t value, uint64_t now_ns)
{
    unsigned timer = (offset - REG_TIMERS) / TIMER_SIZE;
    switch (offset) {
    case REG_CONFIG:
        config_write(hpet, value, now_ns);
        break;
    case REG_STATUS:
        hpet->status &= ~value;
        break;
    case REG_COUNTER:
        counter_write(hpet, value, now_ns);
        break;
    default:
        if (offset >= REG_TIMERS && timer < HPET_TIMERS) {
            timer_write(hpet, timer, offset % TIMER_SIZE, value, now_ns);
        }
    }
}

unsigned hpet_pin(const struct hpet *hpet, unsigned timer)
{
    if ((hpet->config & CONFIG_LEGACY) && timer < 2) {
        return timer == 0 ? 2 : 8;
    }
    return (unsigned)(hpet->timer[timer].config & TIMER_ROUTE) >> TIMER_ROUTE_SHIFT;
}

/* Ticks from the last look until the comparator matches; at least 1, since a match at the last look is over. */
static uint64_t ticks_to_match(const struct hpet *hpet, const struct hpet_timer *timer)
{
    if (timer->is_late) {
        return 0;
    }
    uint64_t mask = timer_mask(timer);
    uint64_t ticks = (timer->comparator - hpet->seen) & mask; /* around the top, as the counter goes */
    return ticks ? ticks : mask; /* of a full round the last tick does not matter */
}

uint64_t hpet_deadline_ns(const struct hpet *hpet, unsigned timer)
{
    const struct hpet_timer *t = &hpet->timer[timer];
    if (!is_counting(hpet) || !(t->config & TIMER_ENABLED)) {
        return UINT64_MAX;
    }
    uint64_t ticks = ticks_to_match(hpet, t);
    uint64_t since_start = hpet->seen - hpet->counter;
    if (ticks > UINT64_MAX / HPET_TICK_NS / 4 || since_start > UINT64_MAX / HPET_TICK_NS / 4) {
        return UINT64_MAX; /* a thousand years and more */
    }
    return hpet->start_ns + (since_start + ticks) * HPET_TICK_NS;
}

/* After a match: where a periodic timer matches next, beyond `now`. */
static void timer_advance(struct hpet_timer *timer, uint64_t now)
{
    if ((timer->config & TIMER_PERIODIC) && timer->period) {
        uint64_t missed = ((now - timer->comparator) & timer_mask(timer)) / timer->period;
        timer->comparator = (timer->comparator + (missed + 1) * timer->period) & timer_mask(timer);
    }
}

unsigned hpet_poll(struct hpet *hpet, uint64_t now_ns)
{
    unsigned fired = 0;
    uint64_t now = counter_at(hpet, now_ns);
    uint64_t passed = now - hpet->seen;
    for (unsigned i = 0; i < HPET_TIMERS && is_counting(hpet); i++) {
        struct hpet_timer *timer = &hpet->timer[i];
        if (ticks_to_match(hpet, timer) > passed) {
            continue;
        }
        timer->is_late = false;
        timer_advance(timer, now);
        if (timer->config & TIMER_ENABLED) {
            fired |= 1u << i;
            hpet->status |= timer->config & TIMER_LEVEL ? 1ull << i : 0;
        }
    }
    hpet->seen = now;
    return fired;
}

bool hpet_is_legacy(const struct hpet *hpet)
{
    return hpet->config & CONFIG_LEGACY;
}

bool hpet_message(const struct hpet *hpet, unsigned timer, uint32_t *address, uint32_t *value)
{
    const struct hpet_timer *t = &hpet->timer[timer];
    *address = (uint32_t)(t->message >> 32);
    *value = (uint32_t)t->message;
    return t->config & TIMER_SENDS;
}

bool hpet_is_level(const struct hpet *hpet, unsigned timer)
{
    return hpet->timer[timer].config & TIMER_LEVEL;
}

bool hpet_is_asserted(const struct hpet *hpet, unsigned timer)
{
    return hpet->status >> timer & 1;
}
