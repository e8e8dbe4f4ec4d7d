/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt router. See irq.h for what holds.
 */
#include "device/irq.h"

#include <string.h>

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
    if (line->is_masked || line->pin == IRQ_NO_PIN) {
        return false;
    }
    return line->is_level ? router->is_asserted[line->pin] : line->has_edge;
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
