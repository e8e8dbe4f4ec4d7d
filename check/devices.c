/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "irq" and "ports": what the kernel says is issued, and the capabilities that
 * were issued.
 */
#include <string.h>

#include "check/heap.h"

static const char IRQ[] = "irq";
static const char PORTS[] = "ports";

/* A capability below a control capability cannot be adrift while that is not. */
static bool control_exists(const struct heap *heap, enum cap_type type)
{
    for (uint32_t i = 0; i < heap->count; i++) {
        if (heap->slots[i].slot->cap.type == type)
            return true;
    }
    return false;
}

static void irqs_check(const struct heap *heap)
{
    const struct kernel_state *s = heap->k->state;
    bool has_handler[KERNEL_IRQS] = {false};
    bool is_exact = control_exists(heap, CAP_IRQ_CONTROL);

    for (uint32_t i = 0; i < heap->count; i++) {
        struct cap cap = heap->slots[i].slot->cap;
        if (cap.type != CAP_IRQ_HANDLER)
            continue;
        CHECK_THAT(IRQ, cap.irq < KERNEL_IRQS && s->irq_mode[cap.irq] == IRQ_SIGNAL,
                   "slot 0x%lx handles interrupt %lu, which is not issued", heap->slots[i].paddr, cap.irq);
        has_handler[cap.irq] = true;
    }
    for (unsigned irq = 0; irq < KERNEL_IRQS; irq++) {
        const struct slot *slot = &s->irq_slot[irq];
        CHECK_THAT(IRQ, !is_exact || (s->irq_mode[irq] == IRQ_SIGNAL) == has_handler[irq],
                   "interrupt %u: mode %u, handled %u", irq, s->irq_mode[irq], has_handler[irq]);
        CHECK_THAT(IRQ,
                   slot_is_empty(slot) || ((has_handler[irq] || !is_exact) &&
                                           slot->cap.type == CAP_NOTIFICATION && slot->cap.can_send),
                   "interrupt %u signals through a capability of type %u, handled %u", irq,
                   (unsigned)slot->cap.type, has_handler[irq]);
    }
}

static uint64_t port_bit(uint32_t port)
{
    return 1ull << (port % 64);
}

static void port_cap_check(const struct heap_slot *at, uint64_t *covered, const struct slot *prev)
{
    struct cap cap = at->slot->cap;
    bool is_copy = prev && prev->cap.type == CAP_IO_PORT && prev->cap.port_first == cap.port_first &&
                   prev->cap.port_last == cap.port_last;
    CHECK_THAT(PORTS, cap.port_first <= cap.port_last, "slot 0x%lx has ports 0x%x to 0x%x", at->paddr,
               (unsigned)cap.port_first, (unsigned)cap.port_last);
    if (is_copy)
        return;
    for (uint32_t port = cap.port_first; port <= cap.port_last; port++) {
        CHECK_THAT(PORTS, !(covered[port / 64] & port_bit(port)), "port 0x%x is issued twice, once to 0x%lx",
                   port, at->paddr);
        covered[port / 64] |= port_bit(port);
    }
}

static void ports_check(const struct heap *heap)
{
    static uint64_t covered[65536 / 64];
    bool is_exact = control_exists(heap, CAP_IO_PORT_CONTROL);
    memset(covered, 0, sizeof covered);
    for (uint32_t i = 0; i < heap->count; i++) {
        const struct heap_slot *at = &heap->slots[i];
        if (at->slot->cap.type == CAP_IO_PORT)
            port_cap_check(at, covered, slot_at(heap->k, at->slot->prev));
    }
    for (unsigned i = 0; i < 65536 / 64; i++)
        CHECK_THAT(PORTS, covered[i] == heap->k->state->port_bitmap[i] || !is_exact,
                   "ports from 0x%x on: issued 0x%lx, capabilities for 0x%lx", i * 64,
                   heap->k->state->port_bitmap[i], covered[i]);
}

void check_devices(const struct heap *heap)
{
    irqs_check(heap);
    ports_check(heap);
}
