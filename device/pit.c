/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8254, computed from the time. See pit.h for sources and what holds.
 *
 * Modes 1 and 5 need a rising edge of a gate, which only counter 2 has; elsewhere they
 * are taken as modes 0 and 4 (DIFFERS).
 */
#include "device/pit.h"

#include <string.h>

enum {
    NS_PER_S = 1000000000
};

enum pit_mode {
    MODE_TERMINAL_COUNT = 0,
    MODE_ONE_SHOT = 1,
    MODE_RATE = 2,
    MODE_SQUARE = 3,
    MODE_STROBE = 4,
    MODE_HARDWARE_STROBE = 5
};

enum {
    ACCESS_LATCH = 0,
    ACCESS_LOW = 1,
    ACCESS_HIGH = 2,
    ACCESS_BOTH = 3
};

static enum pit_mode counter_mode(const struct pit_counter *counter)
{
    unsigned mode = (counter->control >> 1) & 7;
    return (enum pit_mode)(mode > 5 ? mode - 4 : mode); /* the upper bit of modes 2 and 3 is ignored */
}

static unsigned counter_access(const struct pit_counter *counter)
{
    return (counter->control >> 4) & 3;
}

/* Modes 1 and 5, which count from a rising edge of the gate on, whatever it does then. */
static bool counter_waits_for_gate(const struct pit_counter *counter)
{
    enum pit_mode mode = counter_mode(counter);
    return counter->has_gate && (mode == MODE_ONE_SHOT || mode == MODE_HARDWARE_STROBE);
}

static bool counter_is_counting(const struct pit_counter *counter)
{
    return counter_waits_for_gate(counter) ? counter->is_triggered : counter->gate;
}

static bool counter_is_periodic(const struct pit_counter *counter)
{
    enum pit_mode mode = counter_mode(counter);
    return mode == MODE_RATE || mode == MODE_SQUARE;
}

static uint64_t ns_to_ticks(uint64_t ns)
{
    return ns / NS_PER_S * PIT_HZ + ns % NS_PER_S * PIT_HZ / NS_PER_S;
}

/* Rounded up: after that many nanoseconds `ticks` have passed. */
static uint64_t ticks_to_ns(uint64_t ticks)
{
    return ticks / PIT_HZ * NS_PER_S + (ticks % PIT_HZ * NS_PER_S + PIT_HZ - 1) / PIT_HZ;
}

static uint64_t counter_elapsed(const struct pit_counter *counter, uint64_t now_ns)
{
    if (!counter_is_counting(counter)) {
        return ns_to_ticks(counter->held_ns);
    }
    return now_ns > counter->start_ns ? ns_to_ticks(now_ns - counter->start_ns) : 0;
}

static uint32_t bcd_to_binary(uint32_t value)
{
    return (value & 15) + (value >> 4 & 15) * 10 + (value >> 8 & 15) * 100 + (value >> 12 & 15) * 1000;
}

static uint32_t binary_to_bcd(uint32_t value)
{
    return value % 10 | value / 10 % 10 << 4 | value / 100 % 10 << 8 | value / 1000 % 10 << 12;
}

/* The counting element, 16 bits as a read shows it. */
static uint16_t counter_value(const struct pit_counter *counter, uint64_t now_ns)
{
    bool is_bcd = counter->control & 1;
    uint32_t span = is_bcd ? 10000 : 65536;
    uint64_t elapsed = counter_elapsed(counter, now_ns);
    uint64_t value = 0;
    if (!counter->is_loaded) {
        value = counter->reload;
    } else if (counter_mode(counter) == MODE_SQUARE) {
        /* Counts by two, once through for each half of the wave; an even start. */
        uint32_t even = counter->reload & ~1u;
        value = even ? even - 2 * elapsed % even : 0;
    } else if (counter_is_periodic(counter)) {
        value = counter->reload - elapsed % counter->reload;
    } else {
        value = (counter->reload + span - elapsed % span) % span; /* wraps and goes on */
    }
    value %= span;
    return (uint16_t)(is_bcd ? binary_to_bcd((uint32_t)value) : value);
}

static bool counter_output(const struct pit_counter *counter, uint64_t now_ns)
{
    uint64_t elapsed = counter_elapsed(counter, now_ns);
    enum pit_mode mode = counter_mode(counter);
    if (!counter->is_loaded || (!counter_is_counting(counter) && mode != MODE_TERMINAL_COUNT)) {
        return mode != MODE_TERMINAL_COUNT;
    }
    switch (mode) {
    case MODE_TERMINAL_COUNT:
    case MODE_ONE_SHOT:
        return elapsed >= counter->reload;
    case MODE_RATE:
        return elapsed % counter->reload != counter->reload - 1;
    case MODE_SQUARE:
        return elapsed % counter->reload < (counter->reload + 1) / 2;
    case MODE_STROBE:
    case MODE_HARDWARE_STROBE:
        return elapsed != counter->reload;
    }
    return true;
}

static void counter_load(struct pit_counter *counter, uint32_t count, uint64_t now_ns)
{
    bool is_bcd = counter->control & 1;
    uint32_t value = is_bcd ? bcd_to_binary(count) : count;
    counter->reload = value ? value : is_bcd ? 10000u : 65536u;
    if (!counter_waits_for_gate(counter)) {
        counter->start_ns = now_ns;
        counter->held_ns = 0;
    }
    counter->is_loaded = true;
    counter->fired = 0;
}

static void counter_write(struct pit_counter *counter, uint8_t value, uint64_t now_ns)
{
    switch (counter_access(counter)) {
    case ACCESS_LOW:
        counter_load(counter, value, now_ns);
        break;
    case ACCESS_HIGH:
        counter_load(counter, (uint32_t)value << 8, now_ns);
        break;
    default:
        if (counter->expects_high_write) {
            counter_load(counter, counter->low_write | (uint32_t)value << 8, now_ns);
        } else {
            counter->low_write = value;
            /* The first byte stops a one-shot count (datasheet, mode 0). */
            counter->is_loaded = counter->is_loaded && counter_is_periodic(counter);
        }
        counter->expects_high_write = !counter->expects_high_write;
    }
}

static uint8_t counter_read(struct pit_counter *counter, uint64_t now_ns)
{
    if (counter->has_status_latch) {
        counter->has_status_latch = false;
        return counter->status_latch;
    }
    uint16_t value = counter->has_latch ? counter->latch : counter_value(counter, now_ns);
    bool is_high = counter_access(counter) == ACCESS_HIGH;
    bool is_last = true;
    if (counter_access(counter) == ACCESS_BOTH) {
        is_high = counter->expects_high_read;
        is_last = is_high;
        counter->expects_high_read = !counter->expects_high_read;
    }
    if (is_last) {
        counter->has_latch = false;
    }
    return (uint8_t)(is_high ? value >> 8 : value);
}

static void counter_latch(struct pit_counter *counter, uint64_t now_ns)
{
    if (!counter->has_latch) { /* a second latch command is ignored until the first is read */
        counter->latch = counter_value(counter, now_ns);
        counter->has_latch = true;
    }
}

static void counter_latch_status(struct pit_counter *counter, uint64_t now_ns)
{
    if (!counter->has_status_latch) {
        unsigned output = counter_output(counter, now_ns) ? 0x80 : 0;
        unsigned is_null = counter->is_loaded ? 0 : 0x40;
        counter->status_latch = (uint8_t)(output | is_null | (counter->control & 0x3f));
        counter->has_status_latch = true;
    }
}

static void read_back(struct pit *pit, uint8_t command, uint64_t now_ns)
{
    for (unsigned i = 0; i < PIT_COUNTERS; i++) {
        if (!(command & 2u << i)) {
            continue;
        }
        if (!(command & 0x20)) {
            counter_latch(&pit->counter[i], now_ns);
        }
        if (!(command & 0x10)) {
            counter_latch_status(&pit->counter[i], now_ns);
        }
    }
}

static void control_write(struct pit *pit, uint8_t command, uint64_t now_ns)
{
    if (command >> 6 == 3) {
        read_back(pit, command, now_ns);
        return;
    }
    struct pit_counter *counter = &pit->counter[command >> 6];
    if ((command >> 4 & 3) == ACCESS_LATCH) {
        counter_latch(counter, now_ns);
        return;
    }
    *counter = (struct pit_counter){.control = command & 0x3f,
                                    .has_gate = counter->has_gate,
                                    .gate = counter->gate,
                                    .reload = counter->reload};
}

void pit_init(struct pit *pit)
{
    memset(pit, 0, sizeof(*pit));
    for (unsigned i = 0; i < PIT_COUNTERS; i++) {
        pit->counter[i] =
            (struct pit_counter){.control = 0x30, .has_gate = i == 2, .gate = i != 2, .reload = 65536};
    }
}

static uint8_t port_b_read(const struct pit *pit, uint64_t now_ns)
{
    unsigned refresh = now_ns / 15085 & 1 ? 0x10 : 0; /* toggles with every refresh cycle */
    unsigned output = counter_output(&pit->counter[2], now_ns) ? 0x20 : 0;
    return (uint8_t)(pit->port_b | refresh | output);
}

/* In modes 0 and 4 the count pauses while the gate is low; in the others a rising gate starts it again. */
static void gate_set(struct pit_counter *counter, bool gate, uint64_t now_ns)
{
    enum pit_mode mode = counter_mode(counter);
    bool goes_on = mode == MODE_TERMINAL_COUNT || mode == MODE_STROBE;
    if (gate == counter->gate) {
        return;
    }
    if (gate) {
        counter->start_ns = now_ns - (goes_on ? counter->held_ns : 0);
        counter->is_triggered = counter->is_loaded;
    } else if (!counter_waits_for_gate(counter)) {
        counter->held_ns = now_ns - counter->start_ns;
    }
    counter->gate = gate;
}

static void port_b_write(struct pit *pit, uint8_t value, uint64_t now_ns)
{
    gate_set(&pit->counter[2], value & 1, now_ns);
    pit->port_b = value & 0x0f;
}

uint8_t pit_read(struct pit *pit, uint16_t port, uint64_t now_ns)
{
    if (port == 0x61) {
        return port_b_read(pit, now_ns);
    }
    unsigned index = port & 3u;
    return index < PIT_COUNTERS ? counter_read(&pit->counter[index], now_ns) : 0xff; /* 0x43 is write-only */
}

void pit_write(struct pit *pit, uint16_t port, uint8_t value, uint64_t now_ns)
{
    unsigned index = port & 3u;
    if (port == 0x61) {
        port_b_write(pit, value, now_ns);
    } else if (index < PIT_COUNTERS) {
        counter_write(&pit->counter[index], value, now_ns);
    } else {
        control_write(pit, value, now_ns);
    }
}

uint64_t pit_deadline_ns(const struct pit *pit)
{
    const struct pit_counter *counter = &pit->counter[0];
    if (!counter->is_loaded || (!counter_is_periodic(counter) && counter->fired)) {
        return UINT64_MAX;
    }
    return counter->start_ns + ticks_to_ns((counter->fired + 1) * counter->reload);
}

bool pit_poll(struct pit *pit, uint64_t now_ns)
{
    if (pit_deadline_ns(pit) > now_ns) {
        return false;
    }
    struct pit_counter *counter = &pit->counter[0];
    uint64_t due = counter_elapsed(counter, now_ns) / counter->reload;
    counter->fired = due > counter->fired ? due : counter->fired + 1;
    return true;
}
