/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port dispatch, the empty PCI bus and the interrupt router.
 */
#include "device/irq.h"
#include "device/pci.h"
#include "device/ports.h"
#include "tests/check.h"

static uint32_t echo_in(void *device, uint16_t port, unsigned width)
{
    (void)device;
    (void)width;
    return 0x1100u + port;
}

static uint32_t last_out;

static void echo_out(void *device, uint16_t port, unsigned width, uint32_t value)
{
    (void)device;
    (void)width;
    last_out = last_out << 8 ^ (value + port);
}

static struct port_range range_of(uint16_t first, uint16_t last)
{
    return (struct port_range){.first = first, .last = last, .in = echo_in, .out = echo_out};
}

static void test_nobody_reads_all_ones(void)
{
    struct ports ports = {0};
    CHECK_EQ(ports_in(&ports, 0x80, 1), 0xff);
    CHECK_EQ(ports_in(&ports, 0x80, 2), 0xffff);
    CHECK_EQ(ports_in(&ports, 0x80, 4), 0xffffffff);
    ports_out(&ports, 0x80, 4, 1);
}

static void test_ranges_are_disjoint(void)
{
    struct ports ports = {0};
    struct port_range first = range_of(0x10, 0x13);
    struct port_range overlapping = range_of(0x13, 0x20);
    struct port_range backwards = range_of(0x30, 0x2f);
    CHECK(ports_add(&ports, &first));
    CHECK(!ports_add(&ports, &overlapping));
    CHECK(!ports_add(&ports, &backwards));
    CHECK_EQ(ports.count, 1);
}

static void test_wide_access_is_split(void)
{
    struct ports ports = {0};
    struct port_range range = range_of(0x10, 0x11);
    CHECK(ports_add(&ports, &range));
    CHECK_EQ(ports_in(&ports, 0x10, 1), 0x10);
    CHECK_EQ(ports_in(&ports, 0x10, 4), 0xffff1110); /* the upper two have nobody */
    CHECK_EQ(ports_in(&ports, 0xffff, 2), 0xffff);   /* past the last port it wraps */
    last_out = 0;
    ports_out(&ports, 0x10, 2, 0x0201);
    CHECK_EQ(last_out, 0x11u << 8 ^ 0x13u);
}

static void test_pci_is_empty(void)
{
    struct pci pci = {0};
    pci_write(&pci, 0xcf8, 4, 0x80001003);
    CHECK_EQ(pci_read(&pci, 0xcf8, 4), 0x80001000);
    CHECK_EQ(pci_read(&pci, 0xcfc, 4), 0xffffffff);
    pci_write(&pci, 0xcf8, 1, 0);
    CHECK_EQ(pci_read(&pci, 0xcf8, 4), 0x80001000);
}

static void test_host_bridge_is_read_only(void)
{
    struct pci pci = {0};
    for (uint32_t offset = 0; offset < 256; offset += 4) {
        pci_write(&pci, 0xcf8, 4, 0x80000000 | offset);
        uint32_t word = pci_read(&pci, 0xcfc, 4);
        CHECK(offset != 8 || word >> 16 == 0x0600); /* its class */
        pci_write(&pci, 0xcfc, 4, ~word);
        CHECK_EQ(pci_read(&pci, 0xcfc, 4), word);
    }
    for (uint32_t function = 1; function < 0x10000; function++) { /* of all buses and devices */
        pci_write(&pci, 0xcf8, 4, 0x80000000 | function << 8);
        CHECK_EQ(pci_read(&pci, 0xcfc, 4), 0xffffffff);
    }
}

static void test_edge_waits_for_unmask(void)
{
    struct irq_router router;
    irq_init(&router);
    irq_pulse_pin(&router, 2);
    irq_route(&router, 0x10, 0, 2, false);
    irq_mask(&router, 0x10, false);
    CHECK_EQ(irq_take(&router), -1); /* an edge before the route is nobody's */
    irq_mask(&router, 0x10, true);
    irq_pulse_pin(&router, 2);
    irq_pulse_pin(&router, 2);
    CHECK_EQ(irq_take(&router), -1);
    irq_mask(&router, 0x10, false);
    CHECK_EQ(irq_take(&router), 0x10);
    CHECK_EQ(irq_take(&router), -1); /* two edges melt into one */
}

static void test_level_stays(void)
{
    struct irq_router router;
    irq_init(&router);
    irq_route(&router, 5, 0, 4, true);
    irq_mask(&router, 5, false);
    irq_set_pin(&router, 4, true);
    CHECK_EQ(irq_take(&router), 5);
    CHECK_EQ(irq_take(&router), 5);
    irq_mask(&router, 5, true);
    CHECK_EQ(irq_take(&router), -1);
    irq_mask(&router, 5, false);
    irq_set_pin(&router, 4, false);
    CHECK_EQ(irq_take(&router), -1);
}

static void test_lowest_first_and_bad_numbers(void)
{
    struct irq_router router;
    irq_init(&router);
    irq_route(&router, 7, 0, 3, false);
    irq_route(&router, 6, 0, 3, false);
    irq_mask(&router, 7, false);
    irq_mask(&router, 6, false);
    irq_pulse_pin(&router, 3);
    CHECK_EQ(irq_of_pin(&router, 3), 6);
    CHECK_EQ(irq_take(&router), 6);
    CHECK_EQ(irq_take(&router), 7);
    irq_route(&router, 126, 0, 3, false);
    irq_route(&router, 8, 1, 3, false);
    irq_route(&router, 8, 0, 24, false);
    irq_mask(&router, 200, false);
    CHECK_EQ(router.line[8].pin, IRQ_NO_PIN);
    CHECK_EQ(irq_of_pin(&router, 9), -1);
}

CHECK_MAIN(CHECK_TEST(test_nobody_reads_all_ones), CHECK_TEST(test_ranges_are_disjoint),
           CHECK_TEST(test_wide_access_is_split), CHECK_TEST(test_pci_is_empty),
           CHECK_TEST(test_host_bridge_is_read_only),
           CHECK_TEST(test_edge_waits_for_unmask), CHECK_TEST(test_level_stays),
           CHECK_TEST(test_lowest_first_and_bad_numbers))
