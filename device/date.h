/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calendar (proleptic Gregorian, UTC, no leap seconds), to and from seconds since 1970.
 */
#ifndef SELKIE_DEVICE_DATE_H
#define SELKIE_DEVICE_DATE_H

#include <stdint.h>

enum {
    DATE_SECONDS_PER_DAY = 86400
};

struct date {
    int64_t year;
    unsigned month;   /* 1 to 12 */
    unsigned day;     /* 1 to 31 */
    unsigned weekday; /* 1 is Sunday */
    unsigned hour, minute, second;
};

struct date date_of_seconds(int64_t seconds);

/* The weekday is not looked at. Fields beyond their range count on: the 31st of April is the 1st of May. */
int64_t seconds_of_date(const struct date *date);

#endif
