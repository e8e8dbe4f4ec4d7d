/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MC146818. See rtc.h for the register table and its source.
 */
#include "device/rtc.h"

#include <stdbool.h>
#include <string.h>

enum {
    RTC_SECONDS = 0x00,
    RTC_MINUTES = 0x02,
    RTC_HOURS = 0x04,
    RTC_WEEKDAY = 0x06,
    RTC_DAY = 0x07,
    RTC_MONTH = 0x08,
    RTC_YEAR = 0x09,
    RTC_A = 0x0a,
    RTC_B = 0x0b,
    RTC_C = 0x0c,
    RTC_D = 0x0d,
    RTC_CENTURY = 0x32,
    RTC_B_24_HOURS = 0x02,
    RTC_B_BINARY = 0x04,
    RTC_D_VALID = 0x80,
    RTC_PM = 0x80
};

enum {
    SECONDS_PER_DAY = 86400
};

struct civil_date {
    int64_t year;
    unsigned month;   /* 1 to 12 */
    unsigned day;     /* 1 to 31 */
    unsigned weekday; /* 1 is Sunday */
};

void rtc_init(struct rtc *rtc, int64_t (*unix_seconds)(void *world), void *world)
{
    memset(rtc, 0, sizeof(*rtc));
    rtc->unix_seconds = unix_seconds;
    rtc->world = world;
    rtc->memory[RTC_A] = 0x26; /* 32 kHz base, 1024 Hz rate, as firmware leaves it */
    rtc->memory[RTC_B] = RTC_B_24_HOURS;
}

/* Counted in eras of 400 years that begin on the first of March, so that a leap day is the last of a year. */
static struct civil_date date_of_day(int64_t days)
{
    int64_t shifted = days + 719468; /* days from 0000-03-01 to 1970-01-01 */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    unsigned of_era = (unsigned)(shifted - era * 146097);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153; /* 0 is March */
    return (struct civil_date){
        .year = era * 400 + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
        .weekday = (unsigned)((days % 7 + 11) % 7) + 1, /* 1970-01-01 was a Thursday */
    };
}

static uint8_t number_encode(const struct rtc *rtc, unsigned value)
{
    bool is_binary = rtc->memory[RTC_B] & RTC_B_BINARY;
    return (uint8_t)(is_binary ? value : value / 10 << 4 | value % 10);
}

static uint8_t hours_encode(const struct rtc *rtc, unsigned hours)
{
    if (rtc->memory[RTC_B] & RTC_B_24_HOURS) {
        return number_encode(rtc, hours);
    }
    unsigned twelve = hours % 12 ? hours % 12 : 12;
    return (uint8_t)(number_encode(rtc, twelve) | (hours >= 12 ? RTC_PM : 0));
}

static uint8_t data_read(const struct rtc *rtc)
{
    int64_t now = rtc->unix_seconds(rtc->world);
    int64_t days = (now >= 0 ? now : now - (SECONDS_PER_DAY - 1)) / SECONDS_PER_DAY;
    unsigned second = (unsigned)(now - days * SECONDS_PER_DAY);
    struct civil_date date = date_of_day(days);
    switch (rtc->index) {
    case RTC_SECONDS:
        return number_encode(rtc, second % 60);
    case RTC_MINUTES:
        return number_encode(rtc, second / 60 % 60);
    case RTC_HOURS:
        return hours_encode(rtc, second / 3600);
    case RTC_WEEKDAY:
        return number_encode(rtc, date.weekday);
    case RTC_DAY:
        return number_encode(rtc, date.day);
    case RTC_MONTH:
        return number_encode(rtc, date.month);
    case RTC_YEAR:
        return number_encode(rtc, (unsigned)(date.year % 100));
    case RTC_CENTURY:
        return number_encode(rtc, (unsigned)(date.year / 100));
    case RTC_C:
        return 0;
    case RTC_D:
        return RTC_D_VALID;
    default:
        return rtc->memory[rtc->index];
    }
}

uint8_t rtc_read(struct rtc *rtc, uint16_t port)
{
    return port == 0x70 ? 0xff : data_read(rtc); /* the index is write-only */
}

void rtc_write(struct rtc *rtc, uint16_t port, uint8_t value)
{
    if (port == 0x70) {
        rtc->index = value & 0x7f;
    } else {
        rtc->memory[rtc->index] = rtc->index == RTC_A ? value & 0x7f : value;
    }
}
