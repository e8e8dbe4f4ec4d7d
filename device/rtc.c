/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MC146818. See rtc.h for the register table and its source, device/date.h for the calendar.
 */
#include "device/rtc.h"

#include <string.h>

enum {
    RTC_SECONDS = 0x00,
    RTC_SECONDS_ALARM = 0x01,
    RTC_MINUTES = 0x02,
    RTC_MINUTES_ALARM = 0x03,
    RTC_HOURS = 0x04,
    RTC_HOURS_ALARM = 0x05,
    RTC_WEEKDAY = 0x06,
    RTC_DAY = 0x07,
    RTC_MONTH = 0x08,
    RTC_YEAR = 0x09,
    RTC_A = 0x0a,
    RTC_B = 0x0b,
    RTC_C = 0x0c,
    RTC_D = 0x0d,
    RTC_CENTURY = 0x32,
    RTC_A_UPDATE = 0x80,
    RTC_A_RATE = 0x0f,
    RTC_B_SET = 0x80,
    RTC_B_24_HOURS = 0x02,
    RTC_B_BINARY = 0x04,
    RTC_C_INTERRUPT = 0x80,
    RTC_PERIODIC = 0x40, /* in B enabled, in C happened */
    RTC_ALARM = 0x20,
    RTC_UPDATE = 0x10,
    RTC_EVENTS = RTC_PERIODIC | RTC_ALARM | RTC_UPDATE,
    RTC_D_VALID = 0x80,
    RTC_PM = 0x80,
    ALARM_ANY = 0xc0
};

enum {
    NS_PER_S = 1000000000,
    BASE_HZ = 32768,
    UPDATE_NS = 244000 /* that long before the date changes, register A says so */
};

void rtc_init(struct rtc *rtc, int64_t (*unix_seconds)(void *world), void *world)
{
    memset(rtc, 0, sizeof(*rtc));
    rtc->unix_seconds = unix_seconds;
    rtc->world = world;
    rtc->memory[RTC_A] = 0x26; /* 32 kHz base, 1024 Hz rate, as firmware leaves it */
    rtc->memory[RTC_B] = RTC_B_24_HOURS;
    rtc->alarm_ns = UINT64_MAX;
}

static bool is_stopped(const struct rtc *rtc)
{
    return rtc->memory[RTC_B] & RTC_B_SET;
}

/* The date as the clock shows it. */
static struct date date_now(struct rtc *rtc, uint64_t now_ns)
{
    if (!rtc->has_base) {
        rtc->has_base = true;
        rtc->base = rtc->unix_seconds(rtc->world) - (int64_t)(now_ns / NS_PER_S);
    }
    return is_stopped(rtc) ? rtc->stopped : date_of_seconds(rtc->base + (int64_t)(now_ns / NS_PER_S));
}

/* Only a date that goes on is brought into order: one that is being set may not be complete yet. */
static void date_set(struct rtc *rtc, const struct date *date, uint64_t now_ns)
{
    rtc->stopped = *date;
    rtc->base = seconds_of_date(date) - (int64_t)(now_ns / NS_PER_S);
}

static uint8_t number_encode(const struct rtc *rtc, unsigned value)
{
    bool is_binary = rtc->memory[RTC_B] & RTC_B_BINARY;
    return (uint8_t)(is_binary ? value : value / 10 << 4 | value % 10);
}

static unsigned number_decode(const struct rtc *rtc, uint8_t value)
{
    bool is_binary = rtc->memory[RTC_B] & RTC_B_BINARY;
    return is_binary ? value : (value >> 4) * 10u + (value & 15);
}

static uint8_t hours_encode(const struct rtc *rtc, unsigned hours)
{
    if (rtc->memory[RTC_B] & RTC_B_24_HOURS) {
        return number_encode(rtc, hours);
    }
    unsigned twelve = hours % 12 ? hours % 12 : 12;
    return (uint8_t)(number_encode(rtc, twelve) | (hours >= 12 ? RTC_PM : 0));
}

static unsigned hours_decode(const struct rtc *rtc, uint8_t value)
{
    if (rtc->memory[RTC_B] & RTC_B_24_HOURS) {
        return number_decode(rtc, value);
    }
    unsigned twelve = number_decode(rtc, value & (uint8_t)~RTC_PM) % 12;
    return twelve + (value & RTC_PM ? 12 : 0);
}

static uint8_t date_read(struct rtc *rtc, uint64_t now_ns)
{
    struct date date = date_now(rtc, now_ns);
    switch (rtc->index) {
    case RTC_SECONDS:
        return number_encode(rtc, date.second);
    case RTC_MINUTES:
        return number_encode(rtc, date.minute);
    case RTC_HOURS:
        return hours_encode(rtc, date.hour);
    case RTC_WEEKDAY:
        return number_encode(rtc, date.weekday);
    case RTC_DAY:
        return number_encode(rtc, date.day);
    case RTC_MONTH:
        return number_encode(rtc, date.month);
    case RTC_YEAR:
        return number_encode(rtc, (unsigned)(date.year % 100));
    default:
        return number_encode(rtc, (unsigned)(date.year / 100));
    }
}

/* What the calendar does not know (a 30th of February) becomes the day that follows from it, and the weekday the
 * calendar's, once the clock goes. */
static void date_write(struct rtc *rtc, uint8_t value, uint64_t now_ns)
{
    struct date date = date_now(rtc, now_ns);
    unsigned number = number_decode(rtc, value);
    switch (rtc->index) {
    case RTC_SECONDS:
        date.second = number;
        break;
    case RTC_MINUTES:
        date.minute = number;
        break;
    case RTC_HOURS:
        date.hour = hours_decode(rtc, value);
        break;
    case RTC_WEEKDAY:
        date.weekday = number;
        break;
    case RTC_DAY:
        date.day = number;
        break;
    case RTC_MONTH:
        date.month = number ? number : 1;
        break;
    case RTC_YEAR:
        date.year = date.year - date.year % 100 + number;
        break;
    default:
        date.year = number * 100 + date.year % 100;
    }
    date_set(rtc, &date, now_ns);
}

static bool index_is_date(uint8_t index)
{
    return (index <= RTC_YEAR && index != RTC_SECONDS_ALARM && index != RTC_MINUTES_ALARM &&
            index != RTC_HOURS_ALARM) ||
           index == RTC_CENTURY;
}

/* Ticks of the 32 kHz base between two periodic events; 0: there are none. */
static uint64_t period_ticks(const struct rtc *rtc)
{
    unsigned rate = rtc->memory[RTC_A] & RTC_A_RATE;
    if (rate == 0) {
        return 0;
    }
    return 1ull << (rate <= 2 ? rate + 6 : rate - 1);
}

static uint64_t ticks_at(uint64_t now_ns)
{
    return now_ns / NS_PER_S * BASE_HZ + now_ns % NS_PER_S * BASE_HZ / NS_PER_S;
}

/* Rounded up: by then `ticks` have passed. */
static uint64_t ticks_to_ns(uint64_t ticks)
{
    return ticks / BASE_HZ * NS_PER_S + (ticks % BASE_HZ * NS_PER_S + BASE_HZ - 1) / BASE_HZ;
}

static bool alarm_matches(const struct rtc *rtc, unsigned of_day)
{
    uint8_t second = rtc->memory[RTC_SECONDS_ALARM], minute = rtc->memory[RTC_MINUTES_ALARM];
    uint8_t hour = rtc->memory[RTC_HOURS_ALARM];
    return (second >= ALARM_ANY || number_decode(rtc, second) == of_day % 60) &&
           (minute >= ALARM_ANY || number_decode(rtc, minute) == of_day / 60 % 60) &&
           (hour >= ALARM_ANY || hours_decode(rtc, hour) == of_day / 3600);
}

/* Look for the first alarm behind seen_ns; only if somebody wants to hear of it, for it may be a day away. */
static void alarm_find(struct rtc *rtc)
{
    uint64_t first = rtc->seen_ns / NS_PER_S + 1;
    struct date date = date_of_seconds(rtc->base + (int64_t)first);
    unsigned of_day = date.hour * 3600 + date.minute * 60 + date.second;
    rtc->alarm_ns = UINT64_MAX;
    if (!(rtc->memory[RTC_B] & RTC_ALARM) || is_stopped(rtc)) {
        return;
    }
    for (unsigned i = 0; i < DATE_SECONDS_PER_DAY; i++) {
        if (alarm_matches(rtc, (of_day + i) % DATE_SECONDS_PER_DAY)) {
            rtc->alarm_ns = (first + i) * NS_PER_S;
            return;
        }
    }
}

/* When an event (a bit of RTC_EVENTS) happens for the first time behind seen_ns. */
static uint64_t event_ns(const struct rtc *rtc, unsigned event)
{
    uint64_t period = period_ticks(rtc), second = rtc->seen_ns / NS_PER_S;
    if (event == RTC_PERIODIC) {
        return period ? ticks_to_ns((ticks_at(rtc->seen_ns) / period + 1) * period) : UINT64_MAX;
    }
    if (event == RTC_ALARM) {
        return rtc->alarm_ns;
    }
    return is_stopped(rtc) ? UINT64_MAX : (second + 1) * NS_PER_S;
}

void rtc_poll(struct rtc *rtc, uint64_t now_ns)
{
    for (unsigned event = RTC_UPDATE; event <= RTC_PERIODIC; event <<= 1) {
        if (!(rtc->memory[RTC_C] & event) && event_ns(rtc, event) <= now_ns) {
            rtc->memory[RTC_C] |= (uint8_t)event;
        }
    }
    rtc->seen_ns = now_ns;
    if (rtc->alarm_ns <= now_ns) {
        alarm_find(rtc);
    }
}

bool rtc_is_asserted(const struct rtc *rtc)
{
    return rtc->memory[RTC_B] & rtc->memory[RTC_C] & RTC_EVENTS;
}

uint64_t rtc_deadline_ns(const struct rtc *rtc)
{
    uint64_t deadline = UINT64_MAX;
    for (unsigned event = RTC_UPDATE; event <= RTC_PERIODIC && !rtc_is_asserted(rtc); event <<= 1) {
        uint64_t at = rtc->memory[RTC_B] & event ? event_ns(rtc, event) : UINT64_MAX;
        deadline = at < deadline ? at : deadline;
    }
    return deadline;
}

static uint8_t flags_read(struct rtc *rtc)
{
    uint8_t flags = rtc->memory[RTC_C] | (rtc_is_asserted(rtc) ? RTC_C_INTERRUPT : 0);
    rtc->memory[RTC_C] = 0;
    return flags;
}

uint8_t rtc_read(struct rtc *rtc, uint16_t port, uint64_t now_ns)
{
    bool is_updating = !is_stopped(rtc) && now_ns % NS_PER_S >= NS_PER_S - UPDATE_NS;
    if (port == 0x70) {
        return 0xff; /* the index is write-only */
    }
    rtc_poll(rtc, now_ns);
    if (index_is_date(rtc->index)) {
        return date_read(rtc, now_ns);
    }
    switch (rtc->index) {
    case RTC_A:
        return rtc->memory[RTC_A] | (is_updating ? RTC_A_UPDATE : 0);
    case RTC_C:
        return flags_read(rtc);
    case RTC_D:
        return RTC_D_VALID;
    default:
        return rtc->memory[rtc->index];
    }
}

/* Setting the date is over when bit 7 goes; then the date goes on from what was set. While it is set there are no
 * update interrupts (the datasheet clears the bit that enables them). */
static void control_write(struct rtc *rtc, uint8_t value, uint64_t now_ns)
{
    struct date date = date_now(rtc, now_ns);
    rtc->memory[RTC_B] = value & RTC_B_SET ? value & (uint8_t)~RTC_UPDATE : value;
    date_set(rtc, &date, now_ns);
}

void rtc_write(struct rtc *rtc, uint16_t port, uint8_t value, uint64_t now_ns)
{
    if (port == 0x70) {
        rtc->index = value & 0x7f;
        return;
    }
    rtc_poll(rtc, now_ns); /* what happened before this write counts */
    if (index_is_date(rtc->index)) {
        date_write(rtc, value, now_ns);
    } else if (rtc->index == RTC_B) {
        control_write(rtc, value, now_ns);
    } else if (rtc->index == RTC_A) {
        rtc->memory[RTC_A] = value & (uint8_t)~RTC_A_UPDATE;
    } else if (rtc->index != RTC_C && rtc->index != RTC_D) {
        rtc->memory[rtc->index] = value;
    }
    if (rtc->memory[RTC_B] & RTC_ALARM) {
        (void)date_now(rtc, now_ns);
    }
    alarm_find(rtc);
}
