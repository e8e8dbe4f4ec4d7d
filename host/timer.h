/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's clock, and one-shot timers that call a function in a signal handler.
 */
#ifndef SELKIE_HOST_TIMER_H
#define SELKIE_HOST_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "host/diag.h"

/* Nanoseconds of the host's monotonic clock. */
uint64_t host_now_ns(void);

/* `fire(world)` runs in a signal handler of the thread that opened the timer. All timers share one
 * real-time signal. */
struct host_timer {
    bool is_open;
    int id; /* the host's */
    void (*fire)(void *world);
    void *world;
};

/* The structure must not move until it is closed. Returns 0 or -errno. */
int host_timer_open(struct host_timer *timer, void (*fire)(void *world), void *world, struct diag *diag);

/* Fire once at `at_ns` of the host's clock (at once if that is past), in place of what was set. Returns 0
 * or -errno. */
int host_timer_set(struct host_timer *timer, uint64_t at_ns, struct diag *diag);

void host_timer_close(struct host_timer *timer); /* it does not fire afterwards */

#endif
