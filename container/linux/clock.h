/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: reading the host's clocks, and one host timer for the earliest deadline of all waits.
 * Without a clock capability time stands still and nothing is ever due.
 */
#ifndef SELKIE_LINUX_CLOCK_H
#define SELKIE_LINUX_CLOCK_H

#include "container/linux/base.h"

enum {
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 1,
    CLOCK_TOKEN = 1 /* in the ready set; files have addresses */
};

#define SECOND_NS 1000000000l

struct timespec64 {
    int64_t seconds, nanoseconds;
};

void clock_init(void);
void clock_fork(void); /* in a child: a new timer */

/* Now, in nanoseconds of a clock of clock_gettime(2); negative: there is no such clock. */
int64_t clock_now(unsigned clock);

/* The deadline that lies so far ahead. */
int64_t clock_deadline(int64_t after_ns);

/* Deadlines of calls that pass a timespec (relative or of the given clock), NO_DEADLINE for a null pointer. An
 * error number is returned, the deadline stored. */
long clock_deadline_read(uint64_t timespec, unsigned clock, bool is_absolute, int64_t *deadline_ns);

/* Something waits until then. Arms the host's timer if this is the earliest. */
void clock_arm(int64_t deadline_ns);

/* The host's timer went off: retry all threads whose deadline is over, and arm it for the next. */
void clock_expire(void);

#endif
