/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HPET, and the tables by which it is found.
 */
#include "device/acpi.h"
#include "device/hpet.h"
#include "tests/check.h"

#define MS 1000000ull

enum {
    CONFIG = 0x10,
    STATUS = 0x20,
    COUNTER = 0xf0,
    TIMER0 = 0x100,
    COMPARATOR0 = 0x108
};

/* Counting from 0 at time 0, timer 0 enabled on pin 2. */
static struct hpet started(uint64_t flags)
{
    struct hpet hpet;
    hpet_init(&hpet);
    hpet_write(&hpet, TIMER0, 2 << 9 | 1 << 2 | flags, 0);
    hpet_write(&hpet, CONFIG, 1, 0);
    return hpet;
}

static void test_capabilities(void)
{
    struct hpet hpet;
    hpet_init(&hpet);
    uint64_t capabilities = hpet_read(&hpet, 0, 0);
    CHECK_EQ(capabilities >> 32, 10000000); /* 10 ns */
    CHECK_EQ(capabilities & 0xffffffff, 0x8086a201);
    CHECK_EQ(hpet_read(&hpet, TIMER0, 0), 0x00ff010400008030);
    CHECK_EQ(hpet_read(&hpet, 0x3f8, 0), 0);
    hpet_write(&hpet, 0, 0, 0);
    CHECK_EQ(hpet_read(&hpet, 0, 0), capabilities);
}

static void test_counter(void)
{
    struct hpet hpet;
    hpet_init(&hpet);
    CHECK_EQ(hpet_read(&hpet, COUNTER, 5 * MS), 0); /* stopped */
    hpet_write(&hpet, COUNTER, 1000, 5 * MS);
    hpet_write(&hpet, CONFIG, 1, 5 * MS);
    CHECK_EQ(hpet_read(&hpet, COUNTER, 6 * MS), 1000 + 100000);
    hpet_write(&hpet, CONFIG, 0, 6 * MS);
    CHECK_EQ(hpet_read(&hpet, COUNTER, 7 * MS), 1000 + 100000);
}

static void test_one_shot(void)
{
    struct hpet hpet = started(0);
    CHECK_EQ(hpet_deadline_ns(&hpet, 0), UINT64_MAX);
    hpet_write(&hpet, COMPARATOR0, 100000, 0);
    CHECK_EQ(hpet_deadline_ns(&hpet, 0), MS);
    CHECK_EQ(hpet_poll(&hpet, MS - 10), 0);
    CHECK_EQ(hpet_deadline_ns(&hpet, 0), MS);
    CHECK_EQ(hpet_poll(&hpet, MS), 1);
    CHECK_EQ(hpet_poll(&hpet, 2 * MS), 0);
    CHECK_EQ(hpet_deadline_ns(&hpet, 0), UINT64_MAX);
    CHECK_EQ(hpet_pin(&hpet, 0), 2);
}

/* A comparator that is passed while it is being written matches at once, and the look at the counter that follows does
 * not find it passed. */
static void test_value_passed_in_writing(void)
{
    struct hpet hpet = started(0);
    uint64_t written_ns = MS + 5000;
    CHECK_EQ(hpet_poll(&hpet, MS), 0);
    hpet_write(&hpet, COMPARATOR0, 100100, written_ns); /* 4 us ago */
    CHECK(hpet_deadline_ns(&hpet, 0) <= written_ns);
    CHECK_EQ(hpet_read(&hpet, COUNTER, written_ns + 3000), 100100);
    CHECK_EQ(hpet_poll(&hpet, written_ns), 1);
    CHECK_EQ(hpet_poll(&hpet, written_ns + MS), 0);
    CHECK_EQ(hpet_read(&hpet, COUNTER, written_ns + MS), 200500);
}

static void test_counter_stops_at_new_value(void)
{
    struct hpet hpet = started(0);
    hpet_write(&hpet, COMPARATOR0, 1000, 0); /* in 10 us */
    CHECK_EQ(hpet_read(&hpet, COUNTER, 9000), 900);
    CHECK_EQ(hpet_read(&hpet, COUNTER, 50000), 1000);
    CHECK_EQ(hpet_poll(&hpet, 50000), 1);
    CHECK_EQ(hpet_read(&hpet, COUNTER, MS), 100000);
}

static void test_passed_value_waits(void)
{
    struct hpet hpet = started(0);
    CHECK_EQ(hpet_poll(&hpet, MS), 0);
    hpet_write(&hpet, COMPARATOR0, 5, MS);
    CHECK_EQ(hpet_poll(&hpet, 3600000 * MS), 0);
}

static void test_disabled_timer_is_silent(void)
{
    struct hpet hpet = started(0);
    hpet_write(&hpet, TIMER0, 0, 0);
    hpet_write(&hpet, COMPARATOR0, 100, 0);
    CHECK_EQ(hpet_deadline_ns(&hpet, 0), UINT64_MAX);
    CHECK_EQ(hpet_poll(&hpet, MS), 0);
}

static void test_periodic(void)
{
    struct hpet hpet = started(1 << 3 | 1 << 6);
    hpet_write(&hpet, COMPARATOR0, 100000, 0);
    unsigned count = 0;
    for (uint64_t now = 0; now <= 100 * MS; now += MS / 4) {
        count += hpet_poll(&hpet, now);
    }
    CHECK_EQ(count, 100);
    CHECK_EQ(hpet_poll(&hpet, 200 * MS), 1); /* missed periods melt into one */
    CHECK_EQ(hpet_deadline_ns(&hpet, 0), 201 * MS);
}

static void test_level(void)
{
    struct hpet hpet = started(1 << 1);
    hpet_write(&hpet, COMPARATOR0, 100, 0);
    CHECK_EQ(hpet_poll(&hpet, MS), 1);
    CHECK(hpet_is_level(&hpet, 0) && hpet_is_asserted(&hpet, 0));
    CHECK_EQ(hpet_read(&hpet, STATUS, MS), 1);
    hpet_write(&hpet, STATUS, 1, MS);
    CHECK(!hpet_is_asserted(&hpet, 0));
}

static void test_legacy_route(void)
{
    struct hpet hpet = started(0);
    hpet_write(&hpet, TIMER0, 20 << 9, 0);
    CHECK_EQ(hpet_pin(&hpet, 0), 20);
    hpet_write(&hpet, CONFIG, 3, 0);
    CHECK_EQ(hpet_pin(&hpet, 0), 2);
    CHECK_EQ(hpet_pin(&hpet, 1), 8);
}

static uint64_t word(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, bytes, size);
    return value;
}

static bool adds_up(const unsigned char *bytes, uint64_t size)
{
    unsigned sum = 0;
    for (uint64_t i = 0; i < size; i++) {
        sum += bytes[i];
    }
    return (sum & 0xff) == 0;
}

static void test_tables(void)
{
    static unsigned char memory[ACPI_SIZE];
    acpi_build(memory, 0x1fed00000);
    CHECK(memcmp(memory, "RSD PTR ", 8) == 0);
    CHECK(adds_up(memory, 20) && adds_up(memory, ACPI_RSDP_SIZE));
    const unsigned char *rsdt = memory + word(memory + 16, 4) - ACPI_PADDR;
    const unsigned char *xsdt = memory + word(memory + 24, 8) - ACPI_PADDR;
    CHECK(memcmp(rsdt, "RSDT", 4) == 0 && adds_up(rsdt, word(rsdt + 4, 4)));
    CHECK(memcmp(xsdt, "XSDT", 4) == 0 && adds_up(xsdt, word(xsdt + 4, 4)));
    static const char *const signatures[] = {"FACP", "APIC", "HPET"};
    CHECK_EQ(word(rsdt + 4, 4), 36 + 4 * 3);
    for (unsigned i = 0; i < 3; i++) {
        const unsigned char *table = memory + word(rsdt + 36 + 4 * i, 4) - ACPI_PADDR;
        CHECK(memcmp(table, signatures[i], 4) == 0 && adds_up(table, word(table + 4, 4)));
        CHECK_EQ(word(xsdt + 36 + 8 * i, 8), word(rsdt + 36 + 4 * i, 4));
    }
    const unsigned char *hpet = memory + word(rsdt + 36 + 8, 4) - ACPI_PADDR;
    CHECK_EQ(word(hpet + 44, 8), 0x1fed00000);
}

/* In 32-bit mode only the lower halves are compared, so that a match comes every 43 s. */
static void test_32_bit(void)
{
    struct hpet hpet = started(1 << 8);
    hpet_write(&hpet, COUNTER, 0x1fffffff0, 0);
    hpet_write(&hpet, COMPARATOR0, 0xffffffff00000010, 0);
    CHECK_EQ(hpet_read(&hpet, COMPARATOR0, 0), 0x10);
    CHECK_EQ(hpet_deadline_ns(&hpet, 0), 0x20 * 10);
    CHECK_EQ(hpet_poll(&hpet, 0x20 * 10 - 10), 0);
    CHECK_EQ(hpet_poll(&hpet, 0x20 * 10), 1);
    CHECK_EQ(hpet_deadline_ns(&hpet, 0) > 42 * 1000 * MS, 1);
}

CHECK_MAIN(CHECK_TEST(test_capabilities), CHECK_TEST(test_counter), CHECK_TEST(test_one_shot),
           CHECK_TEST(test_32_bit), CHECK_TEST(test_passed_value_waits),
           CHECK_TEST(test_value_passed_in_writing), CHECK_TEST(test_counter_stops_at_new_value),
           CHECK_TEST(test_disabled_timer_is_silent), CHECK_TEST(test_periodic), CHECK_TEST(test_level),
           CHECK_TEST(test_legacy_route), CHECK_TEST(test_tables))
