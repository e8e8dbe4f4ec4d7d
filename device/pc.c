/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting the PC together. Every register access ends with the pins brought up to date.
 */
#include "device/pc.h"

#include <string.h>

#include "device/pmtimer.h"

enum {
    COM1 = 0x3f8,
    QUIET_FACTOR = 4,
    QUIET_ANSWER_MAX_NS = 1000 * 1000 /* a handler that takes longer does not do so for want of speed */
};

static uint64_t now(const struct pc *pc)
{
    return pc->outside.now_ns(pc->outside.world);
}

static void hpet_pins_update(struct pc *pc)
{
    unsigned fired = hpet_poll(&pc->hpet, now(pc));
    for (unsigned i = 0; i < HPET_TIMERS; i++) {
        unsigned pin = hpet_pin(&pc->hpet, i);
        uint32_t address, value;
        if (hpet_message(&pc->hpet, i, &address, &value)) {
            if (fired >> i & 1) {
                irq_message(&pc->irqs, address, value);
            }
            continue;
        }
        if (pin >= IRQ_PINS) {
            continue;
        }
        if (hpet_is_level(&pc->hpet, i)) {
            irq_set_pin(&pc->irqs, pin, hpet_is_asserted(&pc->hpet, i));
        } else if (fired >> i & 1) {
            irq_pulse_pin(&pc->irqs, pin);
        }
    }
}

static void pins_update(struct pc *pc)
{
    bool is_legacy = hpet_is_legacy(&pc->hpet);
    irq_set_pin(&pc->irqs, IRQ_PIN_SERIAL, serial_is_asserted(&pc->serial));
    serial_settle(&pc->serial, now(pc));
    irq_set_pin(&pc->irqs, IRQ_PIN_SERIAL, serial_is_asserted(&pc->serial));
    if (pit_poll(&pc->pit, now(pc)) && !is_legacy) {
        irq_pulse_pin(&pc->irqs, IRQ_PIN_TIMER);
    }
    rtc_poll(&pc->rtc, now(pc));
    if (!is_legacy) {
        irq_set_pin(&pc->irqs, IRQ_PIN_RTC, rtc_is_asserted(&pc->rtc));
    }
    hpet_pins_update(pc);
}

static uint32_t com1_in(void *device, uint16_t port, unsigned width)
{
    struct pc *pc = device;
    (void)width;
    if (serial_is_drained(&pc->serial)) {
        pc->outside.look_for_input(pc->outside.world);
    }
    pins_update(pc); /* what arrived before this read is there */
    uint8_t value = serial_read(&pc->serial, (unsigned)port - COM1);
    pins_update(pc);
    return value;
}

static void com1_out(void *device, uint16_t port, unsigned width, uint32_t value)
{
    struct pc *pc = device;
    (void)width;
    serial_write(&pc->serial, (unsigned)port - COM1, (uint8_t)value);
    pins_update(pc);
}

static uint32_t timer_in(void *device, uint16_t port, unsigned width)
{
    struct pc *pc = device;
    (void)width;
    return pit_read(&pc->pit, port, now(pc));
}

static void timer_out(void *device, uint16_t port, unsigned width, uint32_t value)
{
    struct pc *pc = device;
    (void)width;
    pins_update(pc); /* what fell due before this write still counts */
    pit_write(&pc->pit, port, (uint8_t)value, now(pc));
}

static uint32_t rtc_in(void *device, uint16_t port, unsigned width)
{
    struct pc *pc = device;
    (void)width;
    uint8_t value = rtc_read(&pc->rtc, port, now(pc));
    pins_update(pc);
    return value;
}

static void rtc_out(void *device, uint16_t port, unsigned width, uint32_t value)
{
    struct pc *pc = device;
    (void)width;
    rtc_write(&pc->rtc, port, (uint8_t)value, now(pc));
    pins_update(pc);
}

static void reset(struct pc *pc)
{
    if (pc->outside.reset) {
        pc->outside.reset(pc->outside.world);
    }
}

static uint32_t pci_in(void *device, uint16_t port, unsigned width)
{
    struct pc *pc = device;
    return pci_read(&pc->pci, port, width);
}

static void pci_out(void *device, uint16_t port, unsigned width, uint32_t value)
{
    struct pc *pc = device;
    if (pci_write(&pc->pci, port, width, value)) {
        reset(pc);
    }
}

static uint32_t pic_in(void *device, uint16_t port, unsigned width)
{
    (void)width;
    return pic_read(device, port);
}

static void pic_out(void *device, uint16_t port, unsigned width, uint32_t value)
{
    (void)width;
    pic_write(device, port, (uint8_t)value);
}

static uint32_t keyboard_in(void *device, uint16_t port, unsigned width)
{
    struct pc *pc = device;
    (void)width;
    return keyboard_read(&pc->keyboard, port);
}

static void keyboard_out(void *device, uint16_t port, unsigned width, uint32_t value)
{
    struct pc *pc = device;
    (void)width;
    if (keyboard_write(&pc->keyboard, port, (uint8_t)value)) {
        reset(pc);
    }
}

/* Any part of the counter. */
static uint32_t pmtimer_in(void *device, uint16_t port, unsigned width)
{
    (void)width;
    return pmtimer_read(now(device)) >> (8 * (port - PMTIMER_PORT));
}

static void pmtimer_out(void *device, uint16_t port, unsigned width, uint32_t value)
{
    (void)device, (void)port, (void)width, (void)value;
}

static void ports_connect(struct pc *pc)
{
    const struct port_range ranges[] = {
        {.first = 0x20, .last = 0x21, .device = &pc->pic, .in = pic_in, .out = pic_out},
        {.first = 0xa0, .last = 0xa1, .device = &pc->pic, .in = pic_in, .out = pic_out},
        {.first = 0x60, .last = 0x60, .device = pc, .in = keyboard_in, .out = keyboard_out},
        {.first = 0x64, .last = 0x64, .device = pc, .in = keyboard_in, .out = keyboard_out},
        {.first = PMTIMER_PORT,
         .last = PMTIMER_PORT + 3,
         .takes_any_width = true,
         .device = pc,
         .in = pmtimer_in,
         .out = pmtimer_out},
        {.first = 0x40, .last = 0x43, .device = pc, .in = timer_in, .out = timer_out},
        {.first = 0x61, .last = 0x61, .device = pc, .in = timer_in, .out = timer_out},
        {.first = 0x70, .last = 0x71, .device = pc, .in = rtc_in, .out = rtc_out},
        {.first = COM1, .last = COM1 + 7, .device = pc, .in = com1_in, .out = com1_out},
        {.first = 0xcf8, .last = 0xcff, .takes_any_width = true, .device = pc, .in = pci_in, .out = pci_out},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        (void)ports_add(&pc->ports, &ranges[i]); /* the table above is disjoint and short */
    }
}

void pc_init(struct pc *pc, const struct pc_world *outside, uint64_t hpet_paddr)
{
    memset(pc, 0, sizeof(*pc));
    pc->outside = *outside;
    irq_init(&pc->irqs);
    serial_init(&pc->serial, outside->put, outside->world);
    pit_init(&pc->pit);
    hpet_init(&pc->hpet);
    if (outside->is_exact) {
        pc->hpet.hold_ticks = 0;
    }
    pc->hpet_paddr = hpet_paddr;
    pic_init(&pc->pic);
    keyboard_init(&pc->keyboard);
    rtc_init(&pc->rtc, outside->unix_seconds, outside->world);
    ports_connect(pc);
}

static uint32_t bus_port_in(void *world, uint16_t port, unsigned width)
{
    struct pc *pc = world;
    return ports_in(&pc->ports, port, width);
}

static void bus_port_out(void *world, uint16_t port, unsigned width, uint32_t value)
{
    struct pc *pc = world;
    ports_out(&pc->ports, port, width, value);
}

/* DIFFERS: whoever is not the handler gets several times as long as the handler took: a timer that is faster than its
 * driver would leave nothing for others. */
static uint64_t quiet_after(const struct pc *pc)
{
    uint64_t answer_ns = now(pc) - pc->taken_ns, least_ns = pc->outside.interrupt_spacing_ns;
    uint64_t quiet_ns = QUIET_FACTOR * (answer_ns < QUIET_ANSWER_MAX_NS ? answer_ns : QUIET_ANSWER_MAX_NS);
    if (least_ns == 0)
        return 0;
    return quiet_ns > least_ns ? quiet_ns : least_ns;
}

static void bus_irq_mask(void *world, uint32_t irq, bool masked)
{
    struct pc *pc = world;
    irq_mask(&pc->irqs, irq, masked);
    if (!masked) {
        pc->quiet_until_ns = now(pc) + quiet_after(pc);
    }
}

static void bus_irq_route(void *world, uint32_t irq, uint32_t ioapic, uint32_t pin, bool is_level,
                          bool is_low_active)
{
    struct pc *pc = world;
    (void)is_low_active;
    irq_route(&pc->irqs, irq, ioapic, pin, is_level);
}

static bool bus_mmio_is_claimed(void *world, uint64_t paddr)
{
    const struct pc *pc = world;
    return paddr >> 12 == pc->hpet_paddr >> 12;
}

/* The aligned 8-byte word that holds `paddr`. */
static uint64_t mmio_word(const struct pc *pc, uint64_t paddr)
{
    uint64_t offset = (paddr - pc->hpet_paddr) & ~7ull;
    return offset < HPET_SIZE ? hpet_read(&pc->hpet, (unsigned)offset, now(pc)) : 0;
}

static uint64_t mmio_mask(uint64_t paddr, unsigned width)
{
    uint64_t mask = width < 8 ? (1ull << (8 * width)) - 1 : UINT64_MAX;
    return mask << (8 * (paddr & 7));
}

static uint64_t bus_mmio_read(void *world, uint64_t paddr, unsigned width)
{
    const struct pc *pc = world;
    return (mmio_word(pc, paddr) & mmio_mask(paddr, width)) >> (8 * (paddr & 7));
}

static void bus_mmio_write(void *world, uint64_t paddr, unsigned width, uint64_t value)
{
    struct pc *pc = world;
    uint64_t mask = mmio_mask(paddr, width);
    uint64_t offset = (paddr - pc->hpet_paddr) & ~7ull;
    uint64_t word = (mmio_word(pc, paddr) & ~mask) | (value << (8 * (paddr & 7)) & mask);
    pins_update(pc); /* what fell due before this write still counts */
    if (offset < HPET_SIZE) {
        hpet_write(&pc->hpet, (unsigned)offset, word, now(pc));
    }
    pins_update(pc);
}

static bool bus_mmio_counter(void *world, struct machine_counter *counter)
{
    const struct pc *pc = world;
    unsigned offset;
    bool is_counting = hpet_counter(&pc->hpet, &offset, &counter->value, &counter->start_ns);
    counter->paddr = pc->hpet_paddr + offset;
    counter->tick_ns = HPET_TICK_NS;
    counter->held = pc->hpet.hold.value;
    counter->held_until_ns = pc->hpet.hold.until_ns;
    return is_counting;
}

struct machine_bus pc_bus(struct pc *pc)
{
    return (struct machine_bus){
        .world = pc,
        .port_in = bus_port_in,
        .port_out = bus_port_out,
        .irq_mask = bus_irq_mask,
        .irq_route_ioapic = bus_irq_route,
        .mmio_is_claimed = bus_mmio_is_claimed,
        .mmio_read = bus_mmio_read,
        .mmio_write = bus_mmio_write,
        .mmio_counter = bus_mmio_counter,
        .ioapic_count = 1,
        .ioapic_pins = IRQ_PINS,
    };
}

size_t pc_input(struct pc *pc, const void *bytes, size_t size)
{
    size_t taken = serial_input(&pc->serial, bytes, size);
    pins_update(pc);
    return taken;
}

size_t pc_input_room(const struct pc *pc)
{
    return serial_room(&pc->serial);
}

/* The interrupt that a timer of the HPET can raise in future, or -1. */
static int hpet_irq(const struct pc *pc, unsigned timer)
{
    uint32_t address, value;
    if (hpet_deadline_ns(&pc->hpet, timer) == UINT64_MAX) {
        return -1;
    }
    return hpet_message(&pc->hpet, timer, &address, &value)
               ? irq_of_message(&pc->irqs, address, value)
               : irq_of_pin(&pc->irqs, hpet_pin(&pc->hpet, timer));
}

/* The other timers: the interrupt that each can raise in future, or -1, and when. */
struct source {
    int irq;
    uint64_t deadline_ns;
};

enum {
    SOURCE_PIT,
    SOURCE_RTC,
    SOURCE_SERIAL, /* its receiver's time-out */
    SOURCE_HPET,
    SOURCES = SOURCE_HPET + HPET_TIMERS
};

static struct source source_of_pin(const struct pc *pc, unsigned pin, uint64_t deadline_ns)
{
    return (struct source){deadline_ns != UINT64_MAX ? irq_of_pin(&pc->irqs, pin) : -1, deadline_ns};
}

static struct source source_at(const struct pc *pc, unsigned index)
{
    bool is_legacy = hpet_is_legacy(&pc->hpet);
    switch (index) {
    case SOURCE_PIT:
        return source_of_pin(pc, IRQ_PIN_TIMER, is_legacy ? UINT64_MAX : pit_deadline_ns(&pc->pit));
    case SOURCE_RTC:
        return source_of_pin(pc, IRQ_PIN_RTC, is_legacy ? UINT64_MAX : rtc_deadline_ns(&pc->rtc));
    case SOURCE_SERIAL:
        return source_of_pin(pc, IRQ_PIN_SERIAL, serial_deadline_ns(&pc->serial));
    default:
        return (struct source){hpet_irq(pc, index - SOURCE_HPET),
                               hpet_deadline_ns(&pc->hpet, index - SOURCE_HPET)};
    }
}

uint64_t pc_deadline_ns(const struct pc *pc)
{
    uint64_t deadline = UINT64_MAX;
    if (irq_pending(&pc->irqs) >= 0) {
        return pc->quiet_until_ns;
    }
    for (unsigned i = 0; i < SOURCES; i++) {
        struct source source = source_at(pc, i);
        /* A timer that nobody hears wakes nobody: an idle host stays idle. */
        if (source.irq >= 0 && source.deadline_ns < deadline) {
            deadline = source.deadline_ns;
        }
    }
    return deadline;
}

int pc_take_irq(struct pc *pc)
{
    pins_update(pc);
    int irq = now(pc) < pc->quiet_until_ns ? -1 : irq_take(&pc->irqs);
    if (irq >= 0) {
        pc->taken_ns = now(pc);
    }
    return irq;
}

bool pc_can_wake(const struct pc *pc, bool input_is_open, bool (*is_handled)(void *world, uint32_t irq),
                 void *world)
{
    int serial = irq_of_pin(&pc->irqs, IRQ_PIN_SERIAL);
    if (irq_pending(&pc->irqs) >= 0) {
        return true; /* let the kernel see it; it may have something to say even about one that nobody handles */
    }
    for (unsigned i = 0; i < SOURCES; i++) {
        int irq = source_at(pc, i).irq;
        if (irq >= 0 && is_handled(world, (uint32_t)irq)) {
            return true;
        }
    }
    return serial >= 0 && input_is_open && serial_wants_input(&pc->serial) &&
           is_handled(world, (uint32_t)serial);
}
