/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real-time clock: an MC146818 and 128 bytes of CMOS memory that start as zeros. Its date is the host's, in UTC,
 * until a program sets another; from its first use on it goes by the machine's clock (DIFFERS).
 *
 * As with the PIT nothing counts: date, flags and interrupts are computed from the time of the question. The date
 * changes when a whole second of the machine's clock begins.
 *
 * Invariants: an event sets its flag once, however late it is asked for; the interrupt wire is asserted exactly
 * while an enabled flag is set, and reading register C clears all flags.
 *
 * Source: Motorola MC146818A datasheet, "Address map", "Registers", "Interrupts", "Update cycle".
 *
 *   0x70  index in 6:0 (bit 7 masks the NMI, which does not exist here)
 *   0x71  data: 0 seconds, 2 minutes, 4 hours, 6 weekday, 7 day, 8 month, 9 year, 0x32 century; 1, 3, 5 the alarm's
 *         seconds, minutes, hours (0xC0 and above: any)
 *         0x0A  7 update in progress, 6:4 divider (2 runs), 3:0 rate: every 2^(rate - 1) / 32768 s; 1 and 2 as 8 and 9
 *         0x0B  7 set (the date stands still), interrupts: 6 periodic, 5 alarm, 4 update; 2 binary, 1 24-hour
 *         0x0C  7 interrupt, 6 periodic, 5 alarm, 4 update    0x0D  7 battery good
 */
#ifndef SELKIE_DEVICE_RTC_H
#define SELKIE_DEVICE_RTC_H

#include <stdbool.h>
#include <stdint.h>

#include "device/date.h"

enum {
    RTC_MEMORY = 128
};

struct rtc {
    void *world;
    int64_t (*unix_seconds)(void *world); /* the date, asked once */
    bool has_base;
    int64_t base;        /* the date when the machine's clock was 0 */
    struct date stopped; /* the date while register B's bit 7 is set, as it was written */
    uint64_t seen_ns;    /* events up to then have set their flags */
    uint64_t alarm_ns;   /* the first alarm behind that, if its interrupt is enabled; UINT64_MAX: none */
    uint8_t index;
    uint8_t memory[RTC_MEMORY];
};

void rtc_init(struct rtc *rtc, int64_t (*unix_seconds)(void *world), void *world);
uint8_t rtc_read(struct rtc *rtc, uint16_t port, uint64_t now_ns);
void rtc_write(struct rtc *rtc, uint16_t port, uint8_t value, uint64_t now_ns);

/* Set the flags of what happened by `now_ns`. */
void rtc_poll(struct rtc *rtc, uint64_t now_ns);

/* The state of the interrupt wire, as of the last poll. */
bool rtc_is_asserted(const struct rtc *rtc);

/* When the wire will be asserted, if nothing else happens; UINT64_MAX: it is, or it will not be. */
uint64_t rtc_deadline_ns(const struct rtc *rtc);

#endif
