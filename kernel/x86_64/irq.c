/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where x86 interrupts come from: I/O APIC pins and message-signalled interrupts, or the legacy controller.
 *
 * Three numbers name one interrupt. The processor's vector counts from 0; the
 * first 0x20 are exceptions, so interrupt i has vector i + 0x20. The first 16
 * interrupts belong to the legacy controller, so what a user calls `vector`, 0
 * to VECTOR_LAST, is interrupt vector + 16; the two above those are the
 * kernel's own. (libsel4's IRQ_OFFSET, 0x20 + 16, is the sum of both steps.)
 *
 * Manual: section "x86-Specific I/O", "Interrupts".
 */
#include "kernel/invocation.h"
#include "kernel/irq.h"
#include "kernel/state.h"
#include "kernel/x86_64/x86.h"

enum {
    LINE_LAST = 15, /* of the legacy controller */
    LINE_CASCADE = 2,
    LINE_TIMER = 0,
    TIMER_PIN = 2, /* the others have the pin of their number */
    USER_IRQ_FIRST = 16,
    USER_IRQ_LAST = 123, /* above: the timer and the IOMMU */
    VECTOR_LAST = USER_IRQ_LAST - USER_IRQ_FIRST,
    PCI_BUS_LAST = 255,
    PCI_DEVICE_LAST = 31,
    PCI_FUNCTION_LAST = 7
};

/* Message words that both ways of asking have in common: 0 index, 1 depth, 6 vector. */
enum {
    WORD_INDEX = 0,
    WORD_DEPTH = 1,
    WORD_VECTOR = 6,
    WORDS = 7
};

static struct result word_check_range(struct kernel *k, const char *what, uint64_t value, uint64_t last)
{
    if (value <= last)
        return result_ok();
    remark(k, "IRQControl: %s %lu is not in 0 to %lu.", what, value, last);
    return fail_range(0, last);
}

/* Words 2 to 5: I/O APIC, pin, level-triggered, low-active. */
static struct result ioapic_decode(struct kernel *k, const struct invocation *in)
{
    const struct machine_bus *bus = &k->machine->bus;
    if (bus->ioapic_count == 0)
        return fail_illegal_operation();
    struct result checked = word_check_range(k, "I/O APIC", invocation_word(in, 2), bus->ioapic_count - 1);
    if (result_is_ok(checked))
        checked = word_check_range(k, "pin", invocation_word(in, 3), bus->ioapic_pins - 1);
    if (result_is_ok(checked))
        checked = word_check_range(k, "level", invocation_word(in, 4), 1);
    if (result_is_ok(checked))
        checked = word_check_range(k, "polarity", invocation_word(in, 5), 1);
    return checked;
}

/* Words 2 to 5: PCI bus, device, function, and a handle that may be anything. */
static struct result msi_decode(struct kernel *k, const struct invocation *in)
{
    struct result checked = word_check_range(k, "PCI bus", invocation_word(in, 2), PCI_BUS_LAST);
    if (result_is_ok(checked))
        checked = word_check_range(k, "PCI device", invocation_word(in, 3), PCI_DEVICE_LAST);
    if (result_is_ok(checked))
        checked = word_check_range(k, "PCI function", invocation_word(in, 4), PCI_FUNCTION_LAST);
    return checked;
}

static void ioapic_route(struct kernel *k, const struct invocation *in, uint32_t irq)
{
    const struct machine_bus *bus = &k->machine->bus;
    struct irq_route *route = &k->state->irq_route[irq];
    *route = (struct irq_route){.ioapic = (uint32_t)invocation_word(in, 2),
                                .pin = (uint32_t)invocation_word(in, 3),
                                .is_ioapic = true};
    bus->irq_route_ioapic(bus->world, irq, route->ioapic, route->pin, invocation_word(in, 4) != 0,
                          invocation_word(in, 5) != 0);
}

bool x86_irq_is_reserved(const struct kernel *k, uint32_t irq)
{
    return k->abi->config.has_pic ? irq == LINE_CASCADE : irq <= LINE_LAST;
}

/* The legacy controller's lines never change, and it remembers an edge before anybody asks for the line. */
void x86_irq_boot(struct kernel *k)
{
    const struct machine_bus *bus = &k->machine->bus;
    for (uint32_t irq = 0; k->abi->config.has_pic && irq <= LINE_LAST; irq++)
        if (irq != LINE_CASCADE)
            bus->irq_route_ioapic(bus->world, irq, 0, irq == LINE_TIMER ? TIMER_PIN : irq, false, false);
}

/* Message words: 0 line, 1 index, 2 depth. */
struct result x86_irq_line_decode(struct kernel *k, struct invocation *in)
{
    if (!k->abi->config.has_pic) {
        remark(k, "IRQControl Get: on x86, ask for an I/O APIC or MSI handler.");
        return fail_illegal_operation();
    }
    struct result checked = word_check_range(k, "interrupt", invocation_word(in, 0), LINE_LAST);
    if (!result_is_ok(checked))
        return checked;
    uint32_t irq = (uint32_t)invocation_word(in, 0);
    if (irq_is_active(k, irq)) {
        remark(k, "IRQControl: interrupt %u has a handler already.", irq);
        return fail_revoke_first();
    }
    struct slot *destination;
    checked =
        x86_destination(k, in->extra[0], invocation_word(in, 1), invocation_word(in, 2), &destination);
    if (result_is_ok(checked))
        irq_issue(k, irq, destination, in->slot);
    return checked;
}

struct result x86_irq_control_decode(struct kernel *k, struct invocation *in)
{
    bool is_ioapic = in->operation == OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_IOAPIC;

    if (k->abi->config.has_pic) {
        remark(k, "IRQControl: this kernel has no I/O APIC.");
        return fail_illegal_operation();
    }
    if (!is_ioapic && in->operation != OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_MSI) {
        remark(k, "IRQControl: Illegal operation.");
        return fail_illegal_operation();
    }
    if (in->length < WORDS || !in->extra[0]) {
        remark(k, "IRQControl: Truncated message.");
        return fail_truncated_message();
    }
    struct result checked = word_check_range(k, "vector", invocation_word(in, WORD_VECTOR), VECTOR_LAST);
    if (!result_is_ok(checked))
        return checked;
    uint32_t irq = (uint32_t)invocation_word(in, WORD_VECTOR) + USER_IRQ_FIRST;
    if (irq_is_active(k, irq)) {
        remark(k, "IRQControl: interrupt %u has a handler already.", irq);
        return fail_revoke_first();
    }
    struct slot *destination;
    checked = x86_destination(k, in->extra[0], invocation_word(in, WORD_INDEX),
                              invocation_word(in, WORD_DEPTH), &destination);
    if (!result_is_ok(checked))
        return checked;
    checked = is_ioapic ? ioapic_decode(k, in) : msi_decode(k, in);
    if (!result_is_ok(checked))
        return checked;

    if (is_ioapic)
        ioapic_route(k, in, irq);
    irq_issue(k, irq, destination, in->slot);
    return result_ok();
}
