/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8254, with a clock that the test turns.
 */
#include "device/pit.h"
#include "tests/check.h"

#define MS 1000000ull
#define S  (1000 * MS)

static void load(struct pit *pit, uint8_t control, unsigned count, uint64_t now_ns)
{
    uint16_t port = (uint16_t)(0x40 + (control >> 6));
    pit_write(pit, 0x43, control, now_ns);
    pit_write(pit, port, count & 0xff, now_ns);
    pit_write(pit, port, (uint8_t)(count >> 8), now_ns);
}

static unsigned read_counter(struct pit *pit, uint16_t port, uint64_t now_ns)
{
    unsigned low = pit_read(pit, port, now_ns);
    return low | (unsigned)pit_read(pit, port, now_ns) << 8;
}

static void test_nothing_is_armed_at_first(void)
{
    struct pit pit;
    pit_init(&pit);
    CHECK_EQ(pit_deadline_ns(&pit), UINT64_MAX);
    CHECK(!pit_poll(&pit, 3600 * S));
}

static void test_one_shot(void)
{
    struct pit pit;
    pit_init(&pit);
    load(&pit, 0x30, 11932, 5 * MS); /* 10 ms */
    uint64_t at = pit_deadline_ns(&pit);
    CHECK(at > 15 * MS && at < 15 * MS + 2000);
    CHECK(!pit_poll(&pit, at - 1));
    CHECK(pit_poll(&pit, at));
    CHECK(!pit_poll(&pit, at + S));
    CHECK_EQ(pit_deadline_ns(&pit), UINT64_MAX);
    load(&pit, 0x30, 11932, at);
    CHECK(pit_poll(&pit, at + 20 * MS));
}

static void test_control_word_alone_stops_it(void)
{
    struct pit pit;
    pit_init(&pit);
    load(&pit, 0x34, 1000, 0);
    pit_write(&pit, 0x43, 0x30, MS);
    CHECK_EQ(pit_deadline_ns(&pit), UINT64_MAX);
    CHECK(!pit_poll(&pit, S));
}

static void test_periodic(void)
{
    struct pit pit;
    pit_init(&pit);
    load(&pit, 0x34, 1193, 0); /* about 1 ms */
    unsigned count = 0;
    for (uint64_t now = 0; now <= S; now += MS / 10) {
        count += pit_poll(&pit, now);
    }
    CHECK_EQ(count, 1000);
    CHECK(pit_poll(&pit, 2 * S)); /* a thousand missed periods are one interrupt */
    CHECK(!pit_poll(&pit, 2 * S));
    CHECK(pit_deadline_ns(&pit) > 2 * S && pit_deadline_ns(&pit) < 2 * S + 2 * MS);
}

/* Not when the current period ends. */
static void test_new_count_begins_at_once(void)
{
    for (unsigned control = 0x34; control <= 0x36; control += 2) { /* modes 2 and 3 */
        struct pit pit;
        pit_init(&pit);
        load(&pit, (uint8_t)control, 60000, 0); /* 50 ms */
        pit_write(&pit, 0x40, 1193 & 0xff, 10 * MS);
        pit_write(&pit, 0x40, 1193 >> 8, 10 * MS); /* 1 ms */
        CHECK(pit_deadline_ns(&pit) > 10 * MS && pit_deadline_ns(&pit) < 12 * MS);
    }
}

/* Counters whose gate cannot rise count as if these modes needed none. */
static void test_modes_of_a_gate(void)
{
    static const unsigned controls[][2] = {{0x32, 0x30}, {0x3a, 0x38}}; /* modes 1 and 0, 5 and 4 */
    for (unsigned i = 0; i < 2; i++) {
        struct pit gated, plain;
        pit_init(&gated);
        pit_init(&plain);
        load(&gated, (uint8_t)controls[i][0], 1193, 0);
        load(&plain, (uint8_t)controls[i][1], 1193, 0);
        CHECK(pit_deadline_ns(&gated) < 2 * MS);
        CHECK_EQ(pit_deadline_ns(&gated), pit_deadline_ns(&plain));
        CHECK(pit_poll(&gated, 2 * MS));
    }
    struct pit pit;
    pit_init(&pit);
    load(&pit, 0x72, 1193, 0); /* counter 1, mode 1 */
    CHECK(read_counter(&pit, 0x41, MS / 2) < 1193);
}

static void test_every_deadline_polls(void)
{
    for (unsigned reload = 1; reload < 70000; reload = reload * 3 + 1) {
        struct pit pit;
        pit_init(&pit);
        load(&pit, 0x34, reload & 0xffff, 12345);
        for (int i = 0; i < 100; i++) {
            uint64_t at = pit_deadline_ns(&pit);
            if (!CHECK(!pit_poll(&pit, at - 1)) || !CHECK(pit_poll(&pit, at))) {
                return;
            }
        }
    }
}

static void test_latch_and_count_down(void)
{
    struct pit pit;
    pit_init(&pit);
    load(&pit, 0x34, 0, 0);               /* 65536 */
    uint64_t now = 1000 * S / PIT_HZ + 1; /* 1000 ticks of 1/PIT_HZ s */
    pit_write(&pit, 0x43, 0x00, now);
    CHECK_EQ(read_counter(&pit, 0x40, now + S), 65536 - 1000); /* latched then, read later */
    CHECK_EQ(read_counter(&pit, 0x40, now), 65536 - 1000);
}

static void test_read_back_status(void)
{
    struct pit pit;
    pit_init(&pit);
    load(&pit, 0x30, 100, 0);
    pit_write(&pit, 0x43, 0xe2, 0); /* status of counter 0 */
    CHECK_EQ(pit_read(&pit, 0x40, 0), 0x30);
    pit_write(&pit, 0x43, 0xc2, MS);          /* status, then count */
    CHECK_EQ(pit_read(&pit, 0x40, MS), 0xb0); /* the output went high */
    CHECK_EQ(read_counter(&pit, 0x40, MS), 65536 + 100 - 1193);
}

static void test_bcd(void)
{
    struct pit pit;
    pit_init(&pit);
    load(&pit, 0x35, 0x1000, 0);
    pit_write(&pit, 0x43, 0x00, 2 * S / PIT_HZ + 1);
    CHECK_EQ(read_counter(&pit, 0x40, 0), 0x998);
}

static void test_gate_of_counter_2(void)
{
    struct pit pit;
    pit_init(&pit);
    load(&pit, 0xb0, 1193, 0);
    CHECK(!(pit_read(&pit, 0x61, S) & 0x20)); /* gated off, it does not count */
    pit_write(&pit, 0x61, 0x01, S);
    CHECK(!(pit_read(&pit, 0x61, S) & 0x20));
    CHECK(pit_read(&pit, 0x61, S + 2 * MS) & 0x20);
    CHECK_EQ(pit_read(&pit, 0x61, S + 2 * MS) & 0x0f, 0x01);
    CHECK_EQ(pit_deadline_ns(&pit), UINT64_MAX);
}

static void test_byte_access(void)
{
    struct pit pit;
    pit_init(&pit);
    pit_write(&pit, 0x43, 0x14, 0);
    pit_write(&pit, 0x40, 200, 0);
    CHECK_EQ(pit_read(&pit, 0x40, 0), 200);
    CHECK(pit_poll(&pit, MS));
    pit_write(&pit, 0x43, 0x24, 0);
    pit_write(&pit, 0x40, 2, 0);
    CHECK_EQ(pit_read(&pit, 0x40, 0), 2);
    CHECK_EQ(pit_read(&pit, 0x43, 0), 0xff);
}

/* Mode 1 counts from a rising gate on, and goes on when it falls; a rising gate starts it again. */
static void test_gate_triggers_one_shot(void)
{
    struct pit pit;
    pit_init(&pit);
    pit_write(&pit, 0x61, 1, 0);
    load(&pit, 0xb2, 11932, 0); /* 10 ms */
    CHECK_EQ(pit_read(&pit, 0x61, 20 * MS) & 0x20, 0x20);
    pit_write(&pit, 0x61, 0, 20 * MS);
    pit_write(&pit, 0x61, 1, 30 * MS);
    CHECK_EQ(pit_read(&pit, 0x61, 31 * MS) & 0x20, 0);
    pit_write(&pit, 0x61, 0, 32 * MS);
    CHECK_EQ(pit_read(&pit, 0x61, 39 * MS) & 0x20, 0);
    CHECK_EQ(pit_read(&pit, 0x61, 41 * MS) & 0x20, 0x20);
    pit_write(&pit, 0x61, 1, 50 * MS);
    CHECK_EQ(pit_read(&pit, 0x61, 51 * MS) & 0x20, 0);
}

/* In mode 0 a low gate only pauses the count. */
static void test_gate_pauses(void)
{
    struct pit pit;
    pit_init(&pit);
    pit_write(&pit, 0x61, 1, 0);
    load(&pit, 0xb0, 11932, 0);
    pit_write(&pit, 0x61, 0, 4 * MS);
    unsigned held = read_counter(&pit, 0x42, 5 * MS);
    CHECK_EQ(read_counter(&pit, 0x42, 50 * MS), held);
    CHECK_EQ(pit_read(&pit, 0x61, 50 * MS) & 0x20, 0);
    pit_write(&pit, 0x61, 1, 50 * MS);
    CHECK_EQ(pit_read(&pit, 0x61, 55 * MS) & 0x20, 0);
    CHECK_EQ(pit_read(&pit, 0x61, 57 * MS) & 0x20, 0x20);
}

CHECK_MAIN(CHECK_TEST(test_nothing_is_armed_at_first), CHECK_TEST(test_one_shot),
           CHECK_TEST(test_control_word_alone_stops_it), CHECK_TEST(test_periodic),
           CHECK_TEST(test_new_count_begins_at_once), CHECK_TEST(test_modes_of_a_gate),
           CHECK_TEST(test_every_deadline_polls), CHECK_TEST(test_latch_and_count_down),
           CHECK_TEST(test_read_back_status), CHECK_TEST(test_bcd), CHECK_TEST(test_gate_of_counter_2),
           CHECK_TEST(test_gate_triggers_one_shot), CHECK_TEST(test_gate_pauses),
           CHECK_TEST(test_byte_access))
