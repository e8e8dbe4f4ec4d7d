/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Days are counted in eras of 400 years that begin on the first of March, so that a leap day is the last of a year.
 */
#include "device/date.h"

enum {
    DAYS_PER_ERA = 146097,
    DAYS_TO_1970 = 719468 /* from 0000-03-01 */
};

static int64_t divide_down(int64_t value, int64_t by)
{
    return (value >= 0 ? value : value - (by - 1)) / by;
}

struct date date_of_seconds(int64_t seconds)
{
    int64_t days = divide_down(seconds, DATE_SECONDS_PER_DAY);
    unsigned of_day = (unsigned)(seconds - days * DATE_SECONDS_PER_DAY);
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = divide_down(shifted, DAYS_PER_ERA);
    unsigned of_era = (unsigned)(shifted - era * DAYS_PER_ERA);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153; /* 0 is March */
    return (struct date){
        .year = era * 400 + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
        .weekday = (unsigned)((days % 7 + 11) % 7) + 1, /* 1970-01-01 was a Thursday */
        .hour = of_day / 3600,
        .minute = of_day / 60 % 60,
        .second = of_day % 60,
    };
}

int64_t seconds_of_date(const struct date *date)
{
    unsigned months = date->month - 1; /* since January */
    int64_t year = date->year + months / 12;
    unsigned month = months % 12;          /* 0 is January */
    unsigned of_march = (month + 10) % 12; /* 0 is March */
    int64_t shifted = year - (month < 2);  /* years begin in March */
    int64_t era = divide_down(shifted, 400);
    int64_t of_era = shifted - era * 400;
    int64_t of_year = (153 * of_march + 2) / 5;
    int64_t days = era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year +
                   (int64_t)date->day - 1 - DAYS_TO_1970;
    return days * DATE_SECONDS_PER_DAY + (int64_t)date->hour * 3600 + (int64_t)date->minute * 60 +
           (int64_t)date->second;
}
