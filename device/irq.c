/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt router. See irq.h for what holds.
 */
#include "device/irq.h"

#include <string.h>

enum {
    FIRST_VECTOR = 0x20,
    MESSAGE_PAGE = 0xfee /* bits 31:20 of the addresses that processors take messages at */
};

void irq_init(struct irq_router *router)
{
    memset(router, 0, sizeof(*router));
    for (unsigned i = 0; i < IRQ_COUNT; i++) {
        router->line[i].pin = IRQ_NO_PIN;
        router->line[i].is_masked = true;
    }
}

void irq_route(struct irq_router *router, uint32_t irq, uint32_t ioapic, uint32_t pin, bool is_level)
{
    if (irq >= IRQ_COUNT || ioapic != 0 || pin >= IRQ_PINS) {
        return;
    }
    struct irq_line *line = &router->line[irq];
    line->pin = (uint8_t)pin;
    line->is_level = is_level;
    line->has_edge = false;
}

void irq_mask(struct irq_router *router, uint32_t irq, bool masked)
{
    if (irq < IRQ_COUNT) {
        router->line[irq].is_masked = masked;
    }
}

void irq_set_pin(struct irq_router *router, unsigned pin, bool asserted)
{
    bool is_rising = asserted && !router->is_asserted[pin];
    router->is_asserted[pin] = asserted;
    for (unsigned i = 0; is_rising && i < IRQ_COUNT; i++) {
        struct irq_line *line = &router->line[i];
        line->has_edge = line->has_edge || (line->pin == pin && !line->is_level);
    }
}

void irq_pulse_pin(struct irq_router *router, unsigned pin)
{
    irq_set_pin(router, pin, false);
    irq_set_pin(router, pin, true);
    irq_set_pin(router, pin, false);
}

static bool line_is_pending(const struct irq_router *router, const struct irq_line *line)
{
    if (line->is_masked) {
        return false;
    }
    bool is_held = line->is_level && line->pin != IRQ_NO_PIN && router->is_asserted[line->pin];
    return is_held || line->has_edge; /* a line that messages use may have had a pin once */
}

/* The interrupt whose vector a message carries. */
static int message_irq(uint32_t address, uint32_t value)
{
    uint32_t irq = (value & 0xff) - FIRST_VECTOR;
    return address >> 20 == MESSAGE_PAGE && irq < IRQ_COUNT ? (int)irq : -1;
}

void irq_message(struct irq_router *router, uint32_t address, uint32_t value)
{
    int irq = message_irq(address, value);
    if (irq >= 0) {
        router->line[irq].has_edge = true;
    }
}

int irq_of_message(const struct irq_router *router, uint32_t address, uint32_t value)
{
    int irq = message_irq(address, value);
    return irq >= 0 && !router->line[irq].is_masked ? irq : -1;
}

int irq_pending(const struct irq_router *router)
{
    for (unsigned i = 0; i < IRQ_COUNT; i++) {
        if (line_is_pending(router, &router->line[i])) {
            return (int)i;
        }
    }
    return -1;
}

int irq_take(struct irq_router *router)
{
    int irq = irq_pending(router);
    if (irq >= 0) {
        router->line[irq].has_edge = false;
    }
    return irq;
}

int irq_of_pin(const struct irq_router *router, unsigned pin)
{
    for (unsigned i = 0; i < IRQ_COUNT; i++) {
        if (router->line[i].pin == pin && !router->line[i].is_masked) {
            return (int)i;
        }
    }
    return -1;
}
