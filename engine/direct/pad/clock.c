/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preemption: a timer of this process, set only when somebody can be preempted or a device wants attention,
 * and only when it would fire too late as it is.
 *
 * Ticks are at multiples of the period since the start, as of a timer that never stops. A tick that nobody
 * wants is not made, and ticks that the host was too slow for are one. Several processes may have their
 * timers set for the same tick; the first to see it takes it.
 */
#include <asm/unistd.h>
#include <linux/time.h>

#include "engine/direct/pad/host.h"
#include "engine/direct/pad/pad.h"

enum {
    NS_PER_S = 1000000000
};

uint64_t clock_now_ns(void)
{
    struct {
        int64_t seconds, nanoseconds;
    } now;
    host_call3(__NR_clock_gettime, CLOCK_MONOTONIC, (uint64_t)&now, 0);
    return (uint64_t)now.seconds * NS_PER_S + (uint64_t)now.nanoseconds;
}

static void timer_set(uint64_t at_ns)
{
    const struct {
        int64_t interval_s, interval_ns, at_s, at_ns;
    } setting = {0, 0, (int64_t)(at_ns / NS_PER_S), (int64_t)(at_ns % NS_PER_S)};
    pad_private.armed_ns = at_ns;
    host_call4(__NR_timer_settime, (uint64_t)pad_private.timer, TIMER_ABSTIME, (uint64_t)&setting, 0);
}

void clock_arm(bool wants_tick)
{
    uint64_t now_ns = clock_now_ns(), at_ns = pad_core.deadline_ns;
    if (wants_tick && pad_core.tick_ns <= now_ns) {
        if (pad_core.is_tick_armed)
            atomic_store(&pad_private.pending, 1); /* it came while the baton changed hands */
        else
            pad_core.tick_ns =
                now_ns + pad_core.period_ns - (now_ns - pad_core.start_ns) % pad_core.period_ns;
    }
    if (wants_tick) {
        pad_core.is_tick_armed = true;
        at_ns = pad_core.tick_ns < at_ns ? pad_core.tick_ns : at_ns;
    }
    pad_private.covers_tick = at_ns <= pad_core.tick_ns && pad_core.is_tick_armed;
    timer_set(at_ns);
}

bool clock_take_tick(bool wants_tick)
{
    if (!pad_core.is_tick_armed || clock_now_ns() < pad_core.tick_ns)
        return false;
    pad_core.is_tick_armed = false;
    pad_private.covers_tick = false;
    return wants_tick;
}
