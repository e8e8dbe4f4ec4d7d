/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt router: from the pins of the I/O APIC and from message-signalled
 * interrupts to interrupts as the kernel numbers them.
 *
 * A device drives a pin (`irq_set_pin`, `irq_pulse_pin`); the kernel routes pins
 * and masks interrupts; whoever runs the machine takes what is pending.
 *
 * Invariants: an interrupt has at most one pin; an edge that comes while the
 * line is masked is remembered once (DIFFERS: an I/O APIC forgets it), and so is
 * a message; a level-triggered interrupt is pending exactly while its pin is asserted. Polarity is what the device's driver
 * believes about the wire; pins here are asserted or not, so it changes nothing.
 *
 * Source: Intel 82093AA I/O APIC datasheet (redirection table entries: trigger
 * mode, mask). It is not the local APIC: there is no priority beyond the number
 * and no end-of-interrupt register, because the kernel owns those.
 */
#ifndef SELKIE_DEVICE_IRQ_H
#define SELKIE_DEVICE_IRQ_H

#include <stdbool.h>
#include <stdint.h>

enum {
    IRQ_COUNT = 126, /* vector - 0x20, as capabilities number them */
    IRQ_PINS = 24,   /* of the one I/O APIC */
    IRQ_NO_PIN = 0xff
};

/* Pins as a PC wires them: the identity, but the timer is on 2. */
enum irq_pin {
    IRQ_PIN_TIMER = 2,
    IRQ_PIN_SERIAL = 4,
    IRQ_PIN_RTC = 8
};

struct irq_line {
    uint8_t pin; /* IRQ_NO_PIN: not routed */
    bool is_level;
    bool is_masked;
    bool has_edge; /* an edge came that nobody took yet */
};

struct irq_router {
    struct irq_line line[IRQ_COUNT];
    bool is_asserted[IRQ_PINS];
};

void irq_init(struct irq_router *router); /* every line unrouted and masked */

/* What the kernel asks (struct machine_bus). Numbers out of range are ignored. */
void irq_route(struct irq_router *router, uint32_t irq, uint32_t ioapic, uint32_t pin, bool is_level);
void irq_mask(struct irq_router *router, uint32_t irq, bool masked);

/* What a device does. */
void irq_set_pin(struct irq_router *router, unsigned pin, bool asserted);
void irq_pulse_pin(struct irq_router *router, unsigned pin);

/* A device writes `value` to `address`: if that is where a processor takes messages, an interrupt that no pin drives
 * is requested. */
void irq_message(struct irq_router *router, uint32_t address, uint32_t value);

/* The unmasked interrupt that such a message requests, or -1: nobody would hear it. */
int irq_of_message(const struct irq_router *router, uint32_t address, uint32_t value);

/* The lowest pending unmasked interrupt, or -1. `irq_take` acknowledges an edge; a
 * level-triggered one stays pending until the device lets go of the pin. */
int irq_pending(const struct irq_router *router);
int irq_take(struct irq_router *router);

/* The unmasked interrupt that `pin` is routed to, or -1: nobody would hear it. */
int irq_of_pin(const struct irq_router *router, unsigned pin);

#endif
