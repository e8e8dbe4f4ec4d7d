/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real-time clock: an MC146818 whose date is the host's, in UTC, and 128
 * bytes of CMOS memory that start as zeros. No alarm, no periodic interrupt:
 * drivers on a PC read the date and leave.
 *
 * Source: Motorola MC146818A datasheet, "Address map" and "Registers".
 *
 *   0x70  index in 6:0 (bit 7 masks the NMI, which does not exist here)
 *   0x71  data: 0 seconds, 2 minutes, 4 hours, 6 weekday, 7 day, 8 month, 9 year,
 *         0x0A (7 update in progress: never), 0x0B (1 24-hour, 2 binary), 0x0C, 0x0D (7 battery good), 0x32 century
 */
#ifndef SELKIE_DEVICE_RTC_H
#define SELKIE_DEVICE_RTC_H

#include <stdint.h>

enum {
    RTC_MEMORY = 128
};

struct rtc {
    void *world;
    int64_t (*unix_seconds)(void *world); /* the date */
    uint8_t index;
    uint8_t memory[RTC_MEMORY];
};

void rtc_init(struct rtc *rtc, int64_t (*unix_seconds)(void *world), void *world);
uint8_t rtc_read(struct rtc *rtc, uint16_t port);
void rtc_write(struct rtc *rtc, uint16_t port, uint8_t value);

#endif
