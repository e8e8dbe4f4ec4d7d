/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * I/O ports and interrupts. Every expectation is what a real seL4 16.0.0 answers.
 */
#include "tests/kernel/x86_64/fixture.h"

static struct result port_issue(uint64_t first, uint64_t last, unsigned root, uint64_t index, uint64_t depth)
{
    return invoke(ABI_SLOT_IO_PORT_CONTROL, OPERATION_X86_IO_PORT_CONTROL_ISSUE, root, NO_CAP, 4, first, last,
                  index, depth);
}

static struct result port_in(unsigned cap, enum operation operation, uint64_t port)
{
    return invoke(cap, operation, NO_CAP, NO_CAP, 1, port);
}

static void test_port_issue(void)
{
    fixture_reset();
    unsigned endpoint = make(OBJECT_ENDPOINT);
    unsigned port = next_slot++;
    CHECK_EQ(copy(ABI_SLOT_IO_PORT_CONTROL, 15), 0);
    CHECK_FAIL(port_in(ABI_SLOT_IO_PORT_CONTROL, OPERATION_X86_IO_PORT_IN8, 0x80), ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(invoke(ABI_SLOT_IO_PORT_CONTROL, OPERATION_X86_IO_PORT_CONTROL_ISSUE, ABI_SLOT_CNODE, NO_CAP,
                      3, W(0x80), W(0x8f), W(port)),
               ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL(port_issue(0x80, 0x8f, NO_CAP, port, 64), ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL_INDEX(port_issue(0x84, 0x80, endpoint, port, 65), ABI_INVALID_ARGUMENT, 1);
    CHECK_FAIL_RANGE(port_issue(0x10080, 0x1008f, ABI_SLOT_CNODE, port, 65), 1, 64);
    CHECK_FAIL_ROOT(port_issue(0x80, 0x8f, endpoint, port, 64));
    CHECK_FAIL(port_issue(0x80, 0x8f, ABI_SLOT_CNODE, endpoint, 64), ABI_DELETE_FIRST);
    CHECK_OK(port_issue(0x10080, 0x2008f, ABI_SLOT_CNODE, port, 64));
    CHECK_FAIL(port_issue(0x8f, 0x90, endpoint, port, 64), ABI_REVOKE_FIRST);
    CHECK_OK(port_issue(0xffff, 0xffff, ABI_SLOT_CNODE, next_slot++, 64));
    CHECK_OK(port_issue(0x90, 0x90, ABI_SLOT_CNODE, next_slot++, 64));
}

static void test_port_access(void)
{
    fixture_reset();
    unsigned port = next_slot++;
    CHECK_OK(port_issue(0x80, 0x8f, ABI_SLOT_CNODE, port, 64));
    CHECK_FAIL(port_in(port, OPERATION_X86_IO_PORT_CONTROL_ISSUE, 0x80), ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(invoke(port, OPERATION_X86_IO_PORT_IN8, NO_CAP, NO_CAP, 0), ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL(port_in(port, OPERATION_X86_IO_PORT_OUT8, 0x90), ABI_TRUNCATED_MESSAGE);
    CHECK_OK(port_in(port, OPERATION_X86_IO_PORT_IN8, 0x10080));
    CHECK_EQ(reply_word(), 0xff);
    CHECK_OK(port_in(port, OPERATION_X86_IO_PORT_IN32, 0x8c));
    CHECK_EQ(reply_word(), 0xffffffff);
    CHECK_EQ(seen.width, 4);
    CHECK_FAIL(port_in(port, OPERATION_X86_IO_PORT_IN32, 0x8d), ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(port_in(port, OPERATION_X86_IO_PORT_IN16, 0x7f), ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(port_in(port, OPERATION_X86_IO_PORT_IN32, 0xfffe), ABI_ILLEGAL_OPERATION);
    CHECK_OK(invoke(port, OPERATION_X86_IO_PORT_OUT8, NO_CAP, NO_CAP, 2, W(0x81), W(0x1234)));
    CHECK_EQ(seen.port, 0x81);
    CHECK_EQ(seen.port_value, 0x34);
}

static void test_port_capabilities(void)
{
    fixture_reset();
    unsigned port = next_slot++;
    CHECK_OK(port_issue(0x80, 0x8f, ABI_SLOT_CNODE, port, 64));
    unsigned first = copy(port, 0);
    revoke(port);
    CHECK(slot_is_empty(slot(first)));
    unsigned second = copy(port, 0);
    delete (port);
    CHECK_OK(port_in(second, OPERATION_X86_IO_PORT_IN8, 0x80));
    CHECK_FAIL(port_issue(0x80, 0x80, ABI_SLOT_CNODE, port, 64), ABI_REVOKE_FIRST);
    revoke(ABI_SLOT_IO_PORT_CONTROL);
    CHECK(slot_is_empty(slot(second)));
    CHECK_OK(port_issue(0x80, 0x80, ABI_SLOT_CNODE, port, 64));
}

struct request {
    uint64_t source[4]; /* I/O APIC, pin, level, polarity; or bus, device, function, handle */
    uint64_t vector;
};

static struct result irq_issue_with(enum operation operation, unsigned root, uint64_t index, struct request r)
{
    return invoke(ABI_SLOT_IRQ_CONTROL, operation, root, NO_CAP, 7, index, W(64), r.source[0], r.source[1],
                  r.source[2], r.source[3], r.vector);
}

static struct result ioapic_issue(unsigned root, uint64_t index, struct request r)
{
    return irq_issue_with(OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_IOAPIC, root, index, r);
}

static struct result msi_issue(unsigned root, uint64_t index, struct request r)
{
    return irq_issue_with(OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_MSI, root, index, r);
}

static void test_irq_issue_refusals_in_order(void)
{
    fixture_reset();
    unsigned endpoint = make(OBJECT_ENDPOINT);
    unsigned to = next_slot++;
    CHECK_FAIL(invoke(ABI_SLOT_IRQ_CONTROL, OPERATION_IRQ_ISSUE_IRQ_HANDLER, NO_CAP, NO_CAP, 0),
               ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL(invoke(ABI_SLOT_IRQ_CONTROL, OPERATION_IRQ_ISSUE_IRQ_HANDLER, ABI_SLOT_CNODE, NO_CAP, 3,
                      W(9999), W(to), W(64)),
               ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(invoke(ABI_SLOT_IRQ_CONTROL, OPERATION_IRQ_ACK_IRQ, NO_CAP, NO_CAP, 0), ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(invoke(ABI_SLOT_IRQ_CONTROL, OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_MSI, ABI_SLOT_CNODE, NO_CAP,
                      6, W(to), W(64), W(0), W(0), W(0), W(0)),
               ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL(ioapic_issue(NO_CAP, to, (struct request){{0, 2, 0, 0}, 5}), ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL_RANGE(ioapic_issue(endpoint, to, (struct request){{9, 99, 9, 9}, 108}), 0, 107);
    CHECK_FAIL_ROOT(ioapic_issue(endpoint, to, (struct request){{9, 99, 9, 9}, 107}));
    CHECK_FAIL(ioapic_issue(ABI_SLOT_CNODE, endpoint, (struct request){{9, 99, 9, 9}, 107}),
               ABI_DELETE_FIRST);
    CHECK_FAIL_RANGE(ioapic_issue(ABI_SLOT_CNODE, to, (struct request){{9, 99, 9, 9}, 107}), 0, 0);
    CHECK_FAIL_RANGE(ioapic_issue(ABI_SLOT_CNODE, to, (struct request){{0, 24, 9, 9}, 107}), 0, 23);
    CHECK_FAIL_RANGE(ioapic_issue(ABI_SLOT_CNODE, to, (struct request){{0, 23, 9, 9}, 107}), 0, 1);
    CHECK_FAIL_RANGE(ioapic_issue(ABI_SLOT_CNODE, to, (struct request){{0, 23, 1, 9}, 107}), 0, 1);
    CHECK_OK(ioapic_issue(ABI_SLOT_CNODE, to, (struct request){{0, 23, 1, 0}, 107}));
    CHECK_EQ(slot(to)->cap.irq, 123);
    CHECK(seen.route_irq == 123 && seen.route_pin == 23 && seen.route_is_level && !seen.route_is_low_active);
    CHECK_FAIL(ioapic_issue(endpoint, to, (struct request){{9, 99, 9, 9}, 107}), ABI_REVOKE_FIRST);
    CHECK_FAIL(msi_issue(endpoint, to, (struct request){{999, 99, 99, 9}, 107}), ABI_REVOKE_FIRST);
    CHECK_FAIL_RANGE(msi_issue(ABI_SLOT_CNODE, next_slot, (struct request){{256, 32, 8, 9}, 105}), 0, 255);
    CHECK_FAIL_RANGE(msi_issue(ABI_SLOT_CNODE, next_slot, (struct request){{255, 32, 8, 9}, 105}), 0, 31);
    CHECK_FAIL_RANGE(msi_issue(ABI_SLOT_CNODE, next_slot, (struct request){{255, 31, 8, 9}, 105}), 0, 7);
    CHECK_OK(msi_issue(ABI_SLOT_CNODE, next_slot++, (struct request){{255, 31, 7, ~0ull}, 105}));
}

static void test_irq_delivery(void)
{
    fixture_reset();
    unsigned endpoint = make(OBJECT_ENDPOINT);
    unsigned notification = make(OBJECT_NOTIFICATION);
    unsigned deaf = copy(notification, 2);
    unsigned handler = next_slot++;
    struct notification *object = arena_at(&kernel, slot(notification)->cap.paddr);
    slot(notification)->cap.badge = 0x40;
    CHECK_OK(ioapic_issue(ABI_SLOT_CNODE, handler, (struct request){{0, 2, 0, 0}, 0}));
    CHECK_FAIL(invoke(handler, OPERATION_IRQ_SET_IRQ_HANDLER, NO_CAP, NO_CAP, 0), ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL(invoke(handler, OPERATION_IRQ_ISSUE_IRQ_HANDLER, NO_CAP, NO_CAP, 0), ABI_ILLEGAL_OPERATION);
    CHECK_FAIL_INDEX(invoke(handler, OPERATION_IRQ_SET_IRQ_HANDLER, endpoint, NO_CAP, 0),
                     ABI_INVALID_CAPABILITY, 0);
    CHECK_FAIL_INDEX(invoke(handler, OPERATION_IRQ_SET_IRQ_HANDLER, deaf, NO_CAP, 0), ABI_INVALID_CAPABILITY,
                     0);
    CHECK(!kernel_irq_is_handled(&kernel, 16));
    irq_deliver(&kernel, 16);
    CHECK(seen.irq_is_masked[16]); /* undelivered */
    CHECK_EQ(object->state, NOTIFICATION_IDLE);
    CHECK_OK(invoke(handler, OPERATION_IRQ_SET_IRQ_HANDLER, notification, NO_CAP, 0));
    CHECK_OK(invoke(handler, OPERATION_IRQ_SET_IRQ_HANDLER, notification, NO_CAP, 0));
    CHECK(kernel_irq_is_handled(&kernel, 16));
    CHECK_OK(invoke(handler, OPERATION_IRQ_ACK_IRQ, NO_CAP, NO_CAP, 0));
    CHECK(!seen.irq_is_masked[16]);
    irq_deliver(&kernel, 16);
    CHECK(seen.irq_is_masked[16]);
    CHECK_EQ(object->state, NOTIFICATION_ACTIVE);
    CHECK_EQ(object->badge, 0x40);
    CHECK_OK(invoke(handler, OPERATION_IRQ_CLEAR_IRQ_HANDLER, NO_CAP, NO_CAP, 0));
    CHECK_OK(invoke(handler, OPERATION_IRQ_CLEAR_IRQ_HANDLER, NO_CAP, NO_CAP, 0));
    CHECK(!kernel_irq_is_handled(&kernel, 16));
    irq_deliver(&kernel, KERNEL_IRQS); /* nobody's */
    irq_deliver(&kernel, ~0u);
}

static void test_irq_handler_deletion(void)
{
    fixture_reset();
    unsigned notification = make(OBJECT_NOTIFICATION);
    unsigned handler = next_slot++;
    struct request request = {{0, 23, 1, 1}, 107};
    CHECK_OK(ioapic_issue(ABI_SLOT_CNODE, handler, request));
    unsigned again = copy(handler, 15);
    CHECK_OK(invoke(handler, OPERATION_IRQ_SET_IRQ_HANDLER, notification, NO_CAP, 0));
    delete (handler);
    CHECK(kernel_irq_is_handled(&kernel, 123));
    CHECK_FAIL(ioapic_issue(ABI_SLOT_CNODE, handler, request), ABI_REVOKE_FIRST);
    delete (again);
    CHECK(seen.irq_is_masked[123] && !irq_is_active(&kernel, 123));
    CHECK(slot_is_empty(&kernel.state->irq_slot[123]));
    CHECK_OK(ioapic_issue(ABI_SLOT_CNODE, handler, request));
    CHECK(!seen.irq_is_masked[123]);
    revoke(ABI_SLOT_IRQ_CONTROL);
    CHECK(slot_is_empty(slot(handler)));
}

CHECK_MAIN(CHECK_TEST(test_port_issue), CHECK_TEST(test_port_access), CHECK_TEST(test_port_capabilities),
           CHECK_TEST(test_irq_issue_refusals_in_order), CHECK_TEST(test_irq_delivery),
           CHECK_TEST(test_irq_handler_deletion))
