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
    unsigned resets;
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

static void reset(void *world)
{
    (void)world;
    outside.resets++;
}

static struct machine_bus start(struct pc *pc)
{
    const struct pc_world world = {.now_ns = now_ns,
                                   .unix_seconds = unix_seconds,
                                   .put = put,
                                   .look_for_input = look_for_input,
                                   .reset = reset};
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
    CHECK_EQ(pc_take_irq(&pc), 0x14); /* without FIFOs each character is an edge */
    CHECK_EQ(in8(&bus, 0x3f8), 'y');
    CHECK_EQ(pc_input(&pc, "z", 1), 1);
    CHECK_EQ(pc_take_irq(&pc), 0x14);
}

/* Gated by OUT2, and off in loopback. */
static void test_serial_interrupt_gates(void)
{
    static const struct {
        uint8_t modem;
        int irq;
    } gates[] = {{0x03, -1}, {0x1b, -1}, {0x0b, 0x14}};
    for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
        struct pc pc;
        struct machine_bus bus = start(&pc);
        bus.irq_route_ioapic(bus.world, 0x14, 0, 4, false, false);
        bus.irq_mask(bus.world, 0x14, false);
        out8(&bus, 0x3fc, gates[i].modem);
        out8(&bus, 0x3f9, 0x02);
        CHECK_EQ(pc_take_irq(&pc), gates[i].irq);
    }
}

/* However slow the line is said to be. */
static void test_serial_takes_no_time(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    out8(&bus, 0x3fb, 0x83);
    out8(&bus, 0x3f8, 0xff);
    out8(&bus, 0x3f9, 0xff);
    out8(&bus, 0x3fb, 0x03);
    for (unsigned i = 0; i < 40; i++) {
        CHECK_EQ(in8(&bus, 0x3fd) & 0x60, 0x60);
        out8(&bus, 0x3f8, 'a');
        CHECK_EQ(outside.out_size, i + 1);
    }
    CHECK_EQ(pc_input(&pc, "xy", 2), 2);
    CHECK_EQ(in8(&bus, 0x3f8), 'x');
    CHECK_EQ(in8(&bus, 0x3fd) & 1, 1);
    CHECK_EQ(in8(&bus, 0x3f8), 'y');
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
    CHECK_EQ(pc_input(&pc, bytes, sizeof(bytes)), 1); /* the chip itself took one */
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
        struct pc pc;
        struct machine_bus bus = start(&pc);
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

/* Four characters' time without a new one, and less than the trigger level. */
static void test_serial_timeout(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    bus.irq_route_ioapic(bus.world, 0x14, 0, 4, false, false);
    bus.irq_mask(bus.world, 0x14, false);
    out8(&bus, 0x3fa, 0x81);
    out8(&bus, 0x3fc, 0x0b);
    out8(&bus, 0x3f9, 0x01);
    CHECK_EQ(pc_input(&pc, "abc", 3), 3);
    CHECK_EQ(pc_take_irq(&pc), -1);
    CHECK_EQ(pc_deadline_ns(&pc), 347222); /* 40 bits at 115200 baud */
    CHECK(pc_can_wake(&pc, false, everything, NULL));
    outside.now_ns = 347222;
    CHECK_EQ(pc_take_irq(&pc), 0x14);
    CHECK_EQ(in8(&bus, 0x3fa), 0xcc);
    CHECK_EQ(in8(&bus, 0x3f8), 'a');
    CHECK_EQ(in8(&bus, 0x3fa), 0xc1);
    CHECK_EQ(pc_input(&pc, "defghi", 6), 6);
    CHECK_EQ(in8(&bus, 0x3fa), 0xc4);
    CHECK_EQ(pc_deadline_ns(&pc), 0); /* an interrupt is pending */
    CHECK_EQ(pc_take_irq(&pc), 0x14);
}

static void test_serial_modem_changes(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    out8(&bus, 0x3fc, 0x10); /* all four lines fall but the ring indicator, which was low */
    CHECK_EQ(in8(&bus, 0x3fe), 0x0b);
    CHECK_EQ(in8(&bus, 0x3fe), 0x00);
    out8(&bus, 0x3fc, 0x14);
    CHECK_EQ(in8(&bus, 0x3fe), 0x40); /* ringing begins: no change to speak of */
    out8(&bus, 0x3fc, 0x10);
    CHECK_EQ(in8(&bus, 0x3fe), 0x04);
    out8(&bus, 0x3f9, 0x08);
    out8(&bus, 0x3fc, 0x12);
    CHECK_EQ(in8(&bus, 0x3fa), 0x00);
}

static void rtc_set(const struct machine_bus *bus, uint8_t index, uint8_t value)
{
    out8(bus, 0x70, index);
    out8(bus, 0x71, value);
}

static uint8_t rtc_get(const struct machine_bus *bus, uint8_t index)
{
    out8(bus, 0x70, index);
    return in8(bus, 0x71);
}

/* The host is asked once; from then on the machine's clock moves it, and what a program set stays set. */
static void test_rtc_goes_by_the_machine(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    outside.unix_seconds = 10;
    CHECK_EQ(rtc_get(&bus, 0x00), 0x10);
    outside.unix_seconds = 3600;
    CHECK_EQ(rtc_get(&bus, 0x00), 0x10);
    outside.now_ns = 5000 * MS;
    CHECK_EQ(rtc_get(&bus, 0x00), 0x15);
    rtc_set(&bus, 0x09, 0x33);
    outside.now_ns = 7000 * MS;
    CHECK_EQ(rtc_get(&bus, 0x00), 0x17);
    CHECK_EQ(rtc_get(&bus, 0x09), 0x33);
    bus = start(&pc); /* another run */
    outside.unix_seconds = 10;
    CHECK_EQ(rtc_get(&bus, 0x09), 0x70);
}

static void test_rtc_interrupts(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    bus.irq_route_ioapic(bus.world, 0x18, 0, 8, false, false);
    bus.irq_mask(bus.world, 0x18, false);
    rtc_set(&bus, 0x0a, 0x2f); /* 2 Hz */
    rtc_set(&bus, 0x0b, 0x42);
    CHECK_EQ(pc_deadline_ns(&pc), 500 * MS);
    CHECK(pc_can_wake(&pc, false, everything, NULL));
    outside.now_ns = 500 * MS;
    CHECK_EQ(pc_take_irq(&pc), 0x18);
    CHECK_EQ(pc_deadline_ns(&pc), UINT64_MAX); /* until register C was read */
    CHECK_EQ(rtc_get(&bus, 0x0c), 0xc0);
    CHECK_EQ(rtc_get(&bus, 0x0c), 0x00);
    CHECK_EQ(pc_deadline_ns(&pc), 1000 * MS);
    rtc_set(&bus, 0x0b, 0x22);
    rtc_set(&bus, 0x01, 0x05);
    rtc_set(&bus, 0x03, 0xff);
    rtc_set(&bus, 0x05, 0x00);
    CHECK_EQ(pc_deadline_ns(&pc), 5000 * MS);
    rtc_set(&bus, 0x05, 0x23);
    CHECK_EQ(pc_deadline_ns(&pc), (23 * 3600 + 5) * 1000 * MS);
    rtc_set(&bus, 0x0b, 0x92); /* while the date is set there are no update interrupts */
    CHECK_EQ(rtc_get(&bus, 0x0b), 0x82);
    rtc_set(&bus, 0x0b, 0x12);
    outside.now_ns = 1000 * MS;
    CHECK_EQ(pc_take_irq(&pc), 0x18);
    CHECK_EQ(rtc_get(&bus, 0x0c) & 0xb0, 0x90);
    outside.now_ns = 1999900 * MS / 1000;
    CHECK_EQ(rtc_get(&bus, 0x0a), 0xaf);
}

static void test_hpet_message(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    bus.irq_mask(bus.world, 0x35, false);
    bus.mmio_write(bus.world, 0xfed00110, 8, 0xfee0000000000055);
    bus.mmio_write(bus.world, 0xfed00108, 8, 100000); /* 1 ms */
    bus.mmio_write(bus.world, 0xfed00100, 8, 1 << 14 | 1 << 2);
    bus.mmio_write(bus.world, 0xfed00010, 8, 1);
    CHECK_EQ(bus.mmio_read(bus.world, 0xfed00114, 4), 0xfee00000);
    CHECK(pc_can_wake(&pc, false, everything, NULL));
    CHECK_EQ(pc_deadline_ns(&pc), MS);
    outside.now_ns = MS;
    CHECK_EQ(pc_take_irq(&pc), 0x35);
    CHECK_EQ(pc_take_irq(&pc), -1);
    bus.irq_mask(bus.world, 0x35, true); /* one that comes before the acknowledgement waits for it */
    bus.mmio_write(bus.world, 0xfed00108, 8, 200000);
    outside.now_ns = 3 * MS;
    CHECK_EQ(pc_take_irq(&pc), -1);
    bus.irq_mask(bus.world, 0x35, false);
    CHECK_EQ(pc_take_irq(&pc), 0x35);
    CHECK_EQ(pc_take_irq(&pc), -1);
}

static void test_hpet_takes_the_old_timers_place(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    bus.irq_route_ioapic(bus.world, 0x10, 0, 2, false, false);
    bus.irq_mask(bus.world, 0x10, false);
    out8(&bus, 0x43, 0x30);
    out8(&bus, 0x40, 0xa9);
    out8(&bus, 0x40, 0x04);
    CHECK(pc_deadline_ns(&pc) < 2 * MS);
    bus.mmio_write(bus.world, 0xfed00010, 8, 3);
    CHECK_EQ(pc_deadline_ns(&pc), UINT64_MAX);
    bus.mmio_write(bus.world, 0xfed00100, 8, 1 << 2);
    bus.mmio_write(bus.world, 0xfed00108, 8, 500000);
    CHECK_EQ(pc_deadline_ns(&pc), 5 * MS);
    outside.now_ns = 3 * MS;
    CHECK_EQ(pc_take_irq(&pc), -1);
    outside.now_ns = 5 * MS;
    CHECK_EQ(pc_take_irq(&pc), 0x10);
}

/* After an acknowledgement: at least the spacing, and four times what the answer took. */
static void test_quiet_after_an_acknowledgement(void)
{
    static const struct {
        uint64_t spacing_ns, answer_ns, quiet_ns;
    } cases[] = {{0, MS, 0}, {MS / 2, 0, MS / 2}, {MS / 2, MS / 10, MS / 2}, {MS / 2, MS, 4 * MS}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pc pc;
        struct machine_bus bus = start(&pc);
        pc.outside.interrupt_spacing_ns = cases[i].spacing_ns;
        bus.irq_route_ioapic(bus.world, 0x10, 0, 2, false, false);
        bus.irq_mask(bus.world, 0x10, false);
        outside.now_ns = 100 * MS;
        out8(&bus, 0x43, 0x34);
        out8(&bus, 0x40, 60); /* each 50 us */
        out8(&bus, 0x40, 0);
        outside.now_ns += MS;
        CHECK_EQ(pc_take_irq(&pc), 0x10);
        bus.irq_mask(bus.world, 0x10, true);
        outside.now_ns += cases[i].answer_ns;
        bus.irq_mask(bus.world, 0x10, false);
        uint64_t quiet_until_ns = outside.now_ns + cases[i].quiet_ns;
        if (cases[i].quiet_ns) {
            outside.now_ns = quiet_until_ns - 1;
            CHECK_EQ(pc_take_irq(&pc), -1);
        }
        outside.now_ns = quiet_until_ns + MS / 10;
        CHECK_EQ(pc_take_irq(&pc), 0x10);
    }
}

static void test_level_until_released(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    bus.irq_route_ioapic(bus.world, 0x14, 0, 4, true, false);
    bus.irq_mask(bus.world, 0x14, false);
    out8(&bus, 0x3fc, 0x0b);
    out8(&bus, 0x3f9, 0x02);
    CHECK_EQ(pc_take_irq(&pc), 0x14);
    bus.irq_mask(bus.world, 0x14, true);
    CHECK_EQ(pc_take_irq(&pc), -1);
    bus.irq_mask(bus.world, 0x14, false);
    CHECK_EQ(pc_take_irq(&pc), 0x14);
    (void)in8(&bus, 0x3fa);
    CHECK_EQ(pc_take_irq(&pc), -1);
}

static void test_reset(void)
{
    static const struct {
        uint16_t port;
        uint8_t value;
        unsigned resets;
    } writes[] = {{0x64, 0xfe, 1}, {0x64, 0xff, 1},  {0x64, 0xd1, 1},  {0x60, 0x03, 1}, {0x64, 0xd1, 1},
                  {0x60, 0x02, 2}, {0xcf9, 0x02, 2}, {0xcf9, 0x06, 3}, {0xcf9, 0x06, 3}};
    struct pc pc;
    struct machine_bus bus = start(&pc);
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        out8(&bus, writes[i].port, writes[i].value);
        CHECK_EQ(outside.resets, writes[i].resets);
    }
}

static void test_power_management_timer(void)
{
    struct pc pc;
    struct machine_bus bus = start(&pc);
    outside.now_ns = 1000 * MS;
    CHECK_EQ(bus.port_in(bus.world, 0x608, 4), 3579545);
    CHECK_EQ(in8(&bus, 0x609), 3579545 >> 8 & 0xff);
}

CHECK_MAIN(CHECK_TEST(test_serial_output), CHECK_TEST(test_serial_registers),
           CHECK_TEST(test_serial_loopback), CHECK_TEST(test_serial_input_by_polling),
           CHECK_TEST(test_serial_interrupt), CHECK_TEST(test_serial_interrupt_gates),
           CHECK_TEST(test_serial_takes_no_time), CHECK_TEST(test_serial_transmit_interrupt),
           CHECK_TEST(test_serial_queue_is_bounded), CHECK_TEST(test_timer_interrupt),
           CHECK_TEST(test_rtc_date), CHECK_TEST(test_rtc_formats), CHECK_TEST(test_rtc_interrupts),
           CHECK_TEST(test_rtc_goes_by_the_machine), CHECK_TEST(test_quiet_after_an_acknowledgement),
           CHECK_TEST(test_serial_timeout), CHECK_TEST(test_serial_modem_changes),
           CHECK_TEST(test_hpet_message), CHECK_TEST(test_hpet_takes_the_old_timers_place),
           CHECK_TEST(test_level_until_released), CHECK_TEST(test_reset),
           CHECK_TEST(test_power_management_timer))
