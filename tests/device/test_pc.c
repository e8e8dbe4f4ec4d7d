/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PC as a whole through its bus: serial port, clock, timer interrupts, and when it can still wake anybody.
 */
#include "device/pc.h"
#include "tests/check.h"

#define MS 1000000ull

static struct outside {
    uint64_t now_ns;
    int64_t unix_seconds;
    char out[64];
    size_t out_size;
    const char *in; /* typed, not yet read */
    struct pc *pc;
} outside;

static uint64_t now_ns(void *world)
{
    (void)world;
    return outside.now_ns;
}

static int64_t unix_seconds(void *world)
{
    (void)world;
    return outside.unix_seconds;
}

static void put(void *world, char character)
{
    (void)world;
    if (outside.out_size < sizeof(outside.out) - 1) {
        outside.out[outside.out_size++] = character;
    }
}

static void look_for_input(void *world)
{
    (void)world;
    while (outside.in && *outside.in && pc_input(outside.pc, outside.in, 1)) {
        outside.in++;
    }
}

static struct machine_bus start(struct pc *pc)
{
    const struct pc_world world = {
        .now_ns = now_ns, .unix_seconds = unix_seconds, .put = put, .look_for_input = look_for_input};
    memset(&outside, 0, sizeof(outside));
    outside.pc = pc;
    pc_init(pc, &world, 0xfed00000);
    return pc_bus(pc);
}

static void out8(const struct machine_bus *bus, uint16_t port, uint8_t value)
{
    bus->port_out(bus->world, port, 1, value);
}

static uint8_t in8(const struct machine_bus *bus, uint16_t port)
{
    return (uint8_t)bus->port_in(bus->world, port, 1);
}

static bool everything(void *world, uint32_t irq)
{
    (void)world;
    (void)irq;
    return true;
}

static bool nothing(void *world, uint32_t irq)
{
    (void)world;
    (void)irq;
    return false;
}

static void test_serial_output(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    CHECK_EQ(in8(&bus, 0x3fd) & 0x60, 0x60);
    out8(&bus, 0x3f8, 'h');
    out8(&bus, 0x3f8, 'i');
    CHECK_STR_EQ(outside.out, "hi");
}

static void test_serial_registers(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    out8(&bus, 0x3fb, 0x83);
    out8(&bus, 0x3f8, 12);
    out8(&bus, 0x3f9, 1);
    CHECK_EQ(in8(&bus, 0x3f8), 12);
    CHECK_EQ(in8(&bus, 0x3f9), 1);
    out8(&bus, 0x3fb, 0x03);
    CHECK_EQ(in8(&bus, 0x3f9), 0);
    CHECK_EQ(in8(&bus, 0x3fb), 0x03);
    out8(&bus, 0x3ff, 0x5a);
    CHECK_EQ(in8(&bus, 0x3ff), 0x5a);
    CHECK_EQ(in8(&bus, 0x3fa), 0x01);
    out8(&bus, 0x3fa, 0x07);
    CHECK_EQ(in8(&bus, 0x3fa), 0xc1);
    CHECK_EQ(in8(&bus, 0x3fe), 0xb0);
    CHECK_EQ(outside.out_size, 0);
}

static void test_serial_loopback(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    out8(&bus, 0x3fc, 0x1e);
    CHECK_EQ(in8(&bus, 0x3fe) & 0xf0, 0xd0); /* the classic probe: RTS, OUT1 and OUT2 come back */
    out8(&bus, 0x3f8, 0xae);
    CHECK_EQ(in8(&bus, 0x3f8), 0xae);
    CHECK_EQ(outside.out_size, 0);
}

static void test_serial_input_by_polling(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    CHECK_EQ(in8(&bus, 0x3fd) & 1, 0);
    outside.in = "ab";
    CHECK_EQ(in8(&bus, 0x3fd) & 1, 1);
    CHECK_EQ(in8(&bus, 0x3f8), 'a');
    CHECK_EQ(in8(&bus, 0x3f8), 'b');
    CHECK_EQ(in8(&bus, 0x3fd) & 1, 0);
}

static void test_serial_interrupt(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    bus.irq_route_ioapic(bus.world, 0x14, 0, 4, false, false);
    bus.irq_mask(bus.world, 0x14, false);
    out8(&bus, 0x3f9, 0x01);
    out8(&bus, 0x3fc, 0x0b);
    CHECK_EQ(pc_take_irq(&pc), -1);
    CHECK(pc_can_wake(&pc, true, everything, NULL));
    CHECK(!pc_can_wake(&pc, false, everything, NULL));
    CHECK(!pc_can_wake(&pc, true, nothing, NULL));
    CHECK_EQ(pc_input(&pc, "xy", 2), 2);
    CHECK_EQ(pc_take_irq(&pc), 0x14);
    CHECK_EQ(in8(&bus, 0x3fa) & 0x0f, 0x04);
    CHECK_EQ(in8(&bus, 0x3f8), 'x');
    CHECK_EQ(pc_take_irq(&pc), -1); /* edge-triggered: the wire never fell */
    CHECK_EQ(in8(&bus, 0x3f8), 'y');
    CHECK_EQ(pc_input(&pc, "z", 1), 1);
    CHECK_EQ(pc_take_irq(&pc), 0x14);
}

static void test_serial_transmit_interrupt(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    bus.irq_route_ioapic(bus.world, 0x14, 0, 4, false, false);
    bus.irq_mask(bus.world, 0x14, false);
    out8(&bus, 0x3fc, 0x08);
    out8(&bus, 0x3f9, 0x02);
    CHECK_EQ(pc_take_irq(&pc), 0x14);
    CHECK_EQ(in8(&bus, 0x3fa) & 0x0f, 0x02);
    CHECK_EQ(in8(&bus, 0x3fa) & 0x0f, 0x01);
    out8(&bus, 0x3f8, 'q');
    CHECK_EQ(pc_take_irq(&pc), 0x14);
}

static void test_serial_queue_is_bounded(void)
{
    struct pc pc;
    char bytes[SERIAL_QUEUE + 10] = {0};
    (void)start(&pc);
    CHECK_EQ(pc_input(&pc, bytes, sizeof(bytes)), SERIAL_QUEUE);
    CHECK_EQ(pc_input_room(&pc), 0);
    CHECK_EQ(pc_input(&pc, bytes, 1), 0);
}

static void test_timer_interrupt(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    out8(&bus, 0x43, 0x30);
    out8(&bus, 0x40, 0xa9); /* 1193: 1 ms */
    out8(&bus, 0x40, 0x04);
    CHECK_EQ(pc_deadline_ns(&pc), UINT64_MAX); /* nobody hears it */
    CHECK(!pc_can_wake(&pc, false, everything, NULL));
    bus.irq_route_ioapic(bus.world, 0x10, 0, 2, false, false);
    bus.irq_mask(bus.world, 0x10, false);
    CHECK(pc_deadline_ns(&pc) < 2 * MS);
    CHECK(pc_can_wake(&pc, false, everything, NULL));
    CHECK(!pc_can_wake(&pc, false, nothing, NULL));
    CHECK_EQ(pc_take_irq(&pc), -1);
    outside.now_ns = 2 * MS;
    CHECK_EQ(pc_take_irq(&pc), 0x10);
    CHECK_EQ(pc_take_irq(&pc), -1);
    CHECK(!pc_can_wake(&pc, false, everything, NULL));
}

static void test_rtc_date(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    static const struct {
        int64_t unix_seconds;
        uint8_t second, minute, hour, weekday, day, month, year, century;
    } dates[] = {
        {0, 0x00, 0x00, 0x00, 5, 0x01, 0x01, 0x70, 0x19},
        {951827696, 0x56, 0x34, 0x12, 3, 0x29, 0x02, 0x00, 0x20}, /* 2000-02-29 12:34:56, a Tuesday */
        {1798761599, 0x59, 0x59, 0x23, 5, 0x31, 0x12, 0x26, 0x20},
        {4107542400, 0x00, 0x00, 0x00, 2, 0x01, 0x03, 0x00, 0x21}, /* 2100 has no 29th of February */
    };
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        const uint8_t index[] = {0, 2, 4, 6, 7, 8, 9, 0x32};
        outside.unix_seconds = dates[i].unix_seconds;
        for (size_t j = 0; j < sizeof(index); j++) {
            out8(&bus, 0x70, index[j]);
            CHECK_EQ(in8(&bus, 0x71), (&dates[i].second)[j]);
        }
    }
}

static void test_rtc_formats(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    outside.unix_seconds = 13 * 3600 + 45;
    out8(&bus, 0x70, 0x0b);
    CHECK_EQ(in8(&bus, 0x71), 0x02);
    out8(&bus, 0x71, 0x06);
    out8(&bus, 0x70, 0x00);
    CHECK_EQ(in8(&bus, 0x71), 45);
    out8(&bus, 0x70, 0x0b);
    out8(&bus, 0x71, 0x00);
    out8(&bus, 0x70, 0x84);
    CHECK_EQ(in8(&bus, 0x71), 0x81); /* 1 pm */
    out8(&bus, 0x70, 0x0a);
    CHECK_EQ(in8(&bus, 0x71) & 0x80, 0);
    out8(&bus, 0x70, 0x0d);
    CHECK_EQ(in8(&bus, 0x71), 0x80);
    out8(&bus, 0x70, 0x40);
    out8(&bus, 0x71, 0x77);
    CHECK_EQ(in8(&bus, 0x71), 0x77);
    CHECK_EQ(in8(&bus, 0x70), 0xff);
}

CHECK_MAIN(CHECK_TEST(test_serial_output), CHECK_TEST(test_serial_registers),
           CHECK_TEST(test_serial_loopback), CHECK_TEST(test_serial_input_by_polling),
           CHECK_TEST(test_serial_interrupt), CHECK_TEST(test_serial_transmit_interrupt),
           CHECK_TEST(test_serial_queue_is_bounded), CHECK_TEST(test_timer_interrupt),
           CHECK_TEST(test_rtc_date), CHECK_TEST(test_rtc_formats))
