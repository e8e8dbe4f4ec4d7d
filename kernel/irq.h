/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts, as capabilities to them see them.
 *
 * An interrupt is numbered as its capability numbers it: the processor's vector
 * minus 0x20, 0 to KERNEL_IRQS - 1. The machine's bus uses the same numbers. How
 * a user names an interrupt when asking for its handler is the architecture's
 * business (on x86, x86_64/irq.c: the user's vector v is interrupt v + 16).
 *
 * Invariant (kernel_check: "irq"): exactly the interrupts that some
 * handler capability names are IRQ_SIGNAL; the slot of every other one is empty,
 * and a filled one holds a notification capability that can send.
 *
 * Manual: section "Interrupt Delivery".
 */
#ifndef SELKIE_KERNEL_IRQ_H
#define SELKIE_KERNEL_IRQ_H

#include "kernel/kernel.h"
#include "kernel/slot.h"

/* An interrupt arrived: signal whoever handles it and mask the line until Ack. Any number is safe. */
void irq_deliver(struct kernel *k, uint32_t irq);

bool irq_is_active(const struct kernel *k, uint32_t irq); /* it has, or never can have, a handler */

/* Put the handler capability of `irq` into the empty slot `destination`, below the control capability, and
 * let the line deliver at once. The bus is routed already. */
void irq_issue(struct kernel *k, uint32_t irq, struct slot *destination, struct slot *control);

/* The last capability to the handler goes: first nobody is signalled any more, then, the slot being empty,
 * the line is masked and may be issued again. */
void irq_handler_clear(struct kernel *k, uint32_t irq);
void irq_release(struct kernel *k, uint32_t irq);

/* At boot: which of the low interrupts never have a handler, and the wiring that nobody has to ask for. */
bool x86_irq_is_reserved(const struct kernel *k, uint32_t irq);
void x86_irq_boot(struct kernel *k);

#endif
