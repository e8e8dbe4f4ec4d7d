/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivering interrupts to notifications, and the capabilities that say which.
 * Manual: section "Interrupt Delivery"; API reference seL4_IRQControl, seL4_IRQHandler.
 */
#include "kernel/irq.h"

#include "kernel/invocation.h"
#include "kernel/ipc.h"
#include "kernel/object.h"
#include "kernel/print.h"
#include "kernel/state.h"

static void irq_mask(struct kernel *k, uint32_t irq, bool is_masked)
{
    k->machine->bus.irq_mask(k->machine->bus.world, irq, is_masked);
}

static bool notification_can_be_signalled(struct cap cap)
{
    return cap.type == CAP_NOTIFICATION && cap.can_send;
}

static void irq_signal(struct kernel *k, uint32_t irq)
{
    struct cap cap = k->state->irq_slot[irq].cap;
    if (notification_can_be_signalled(cap))
        notification_signal(k, arena_at(k, cap.paddr), cap.badge);
    else
        kernel_print(k, "Undelivered IRQ: %d\n", (int)irq);
}

void irq_deliver(struct kernel *k, uint32_t irq)
{
    if (irq >= KERNEL_IRQS)
        return;
    switch ((enum irq_mode)k->state->irq_mode[irq]) {
    case IRQ_SIGNAL:
        irq_signal(k, irq);
        irq_mask(k, irq, true);
        return;
    case IRQ_INACTIVE:
        /* A line that was released with a request on its way. */
        irq_mask(k, irq, true);
        return;
    case IRQ_TIMER:
    case IRQ_RESERVED:
        return;
    }
}

bool kernel_irq_is_handled(const struct kernel *k, uint32_t irq)
{
    return irq < KERNEL_IRQS && k->state->irq_mode[irq] == IRQ_SIGNAL &&
           notification_can_be_signalled(k->state->irq_slot[irq].cap);
}

bool irq_is_active(const struct kernel *k, uint32_t irq)
{
    return k->state->irq_mode[irq] != IRQ_INACTIVE;
}

void irq_issue(struct kernel *k, uint32_t irq, struct slot *destination, struct slot *control)
{
    ASSERT(irq < KERNEL_IRQS && !irq_is_active(k, irq));
    k->state->irq_mode[irq] = IRQ_SIGNAL;
    irq_mask(k, irq, false);
    slot_insert(k, destination, cap_irq_handler(irq), control);
}

void irq_handler_clear(struct kernel *k, uint32_t irq)
{
    slot_delete_simple(k, &k->state->irq_slot[irq]);
}

void irq_release(struct kernel *k, uint32_t irq)
{
    k->state->irq_mode[irq] = IRQ_INACTIVE;
    k->state->irq_route[irq] = (struct irq_route){.is_ioapic = false};
    irq_mask(k, irq, true);
}

struct result irq_control_decode(struct kernel *k, struct invocation *in)
{
    if (in->operation != OPERATION_IRQ_ISSUE_IRQ_HANDLER)
        return x86_irq_control_decode(k, in);
    if (in->length < 3 || !in->extra[0])
        return fail_truncated_message();
    return x86_irq_line_decode(k, in);
}

static struct result irq_handler_decode_set(struct kernel *k, struct invocation *in, uint32_t irq)
{
    struct slot *notification = in->extra[0];
    if (!notification)
        return fail_truncated_message();
    if (!notification_can_be_signalled(notification->cap)) {
        remark(k, "IRQHandler SetNotification: no notification capability that can send.");
        return fail_invalid_capability(0);
    }
    irq_handler_clear(k, irq);
    slot_insert(k, &k->state->irq_slot[irq], notification->cap, notification);
    return result_ok();
}

struct result irq_handler_decode(struct kernel *k, struct invocation *in)
{
    uint32_t irq = (uint32_t)in->cap.irq;

    switch (in->operation) {
    case OPERATION_IRQ_ACK_IRQ:
        irq_mask(k, irq, false);
        return result_ok();
    case OPERATION_IRQ_SET_IRQ_HANDLER:
        return irq_handler_decode_set(k, in, irq);
    case OPERATION_IRQ_CLEAR_IRQ_HANDLER:
        irq_handler_clear(k, irq);
        return result_ok();
    default:
        remark(k, "IRQHandler: Illegal operation.");
        return fail_illegal_operation();
    }
}
