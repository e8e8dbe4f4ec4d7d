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

/* From the host; and the scale starts here anew. */
static __attribute__((noinline)) uint64_t clock_sync(void)
{
    struct pad_scale *scale = &pad_core.scale;
    struct {
        int64_t seconds, nanoseconds;
    } now;
    host_call3(__NR_clock_gettime, CLOCK_MONOTONIC, (uint64_t)&now, 0);
    uint64_t now_ns = (uint64_t)now.seconds * NS_PER_S + (uint64_t)now.nanoseconds - pad_core.origin_ns;
    if (scale->cycles_max) {
        scale->cycles = __builtin_ia32_rdtsc();
        scale->ns = now_ns;
    }
    return now_ns;
}

uint64_t clock_now_ns(void)
{
    const struct pad_scale *scale = &pad_core.scale;
    if (scale->cycles_max == 0)
        return clock_sync();
    uint64_t cycles = __builtin_ia32_rdtsc() - scale->cycles;
    return cycles < scale->cycles_max ? scale->ns + (cycles * scale->ns_per_cycle >> 32) : clock_sync();
}

static void timer_set(uint64_t at_ns)
{
    /* the host's zero: never */
    const uint64_t host_ns = at_ns < INT64_MAX / 2 ? at_ns + pad_core.origin_ns : 0;
    const struct {
        int64_t interval_s, interval_ns, at_s, at_ns;
    } setting = {0, 0, (int64_t)(host_ns / NS_PER_S), (int64_t)(host_ns % NS_PER_S)};
    pad_private.armed_ns = at_ns;
    host_call4(__NR_timer_settime, (uint64_t)pad_private.timer, TIMER_ABSTIME, (uint64_t)&setting, 0);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* From when on the kernel's deadline is as good as due. The host's timers are late by more than that. */
static uint64_t kernel_due_ns(const struct next *next)
{
    uint64_t at_ns = next->timer_ns;
    return at_ns == UINT64_MAX || at_ns < KERNEL_TICK_EARLY_NS ? at_ns : at_ns - KERNEL_TICK_EARLY_NS;
}

void clock_arm(const struct next *next)
{
    if (atomic_load(&pad_private.pending))
        return; /* the exit leads back here, after what there is to be done */
    uint64_t now_ns = clock_now_ns(), due_ns = kernel_due_ns(next);
    uint64_t at_ns = earlier(pad_core.deadline_ns, due_ns);
    if (next->wants_tick && pad_core.tick_ns <= now_ns) {
        if (pad_core.is_tick_armed)
            atomic_store(&pad_private.pending, 1); /* it came while the baton changed hands */
        else
            pad_core.tick_ns =
                now_ns + pad_core.period_ns - (now_ns - pad_core.start_ns) % pad_core.period_ns;
    }
    if (next->wants_tick) {
        pad_core.is_tick_armed = true;
        at_ns = earlier(at_ns, pad_core.tick_ns);
    }
    if (at_ns <= now_ns && (at_ns == due_ns || !pad_core.is_deadline_late)) {
        atomic_store(&pad_private.pending, 1); /* as a timer would, with an interrupt and a signal */
        return;
    }
    pad_private.covers_tick = at_ns <= pad_core.tick_ns && pad_core.is_tick_armed;
    timer_set(at_ns);
}

void clock_disarm(void)
{
    if (pad_private.armed_ns == UINT64_MAX)
        return;
    pad_private.covers_tick = false;
    timer_set(UINT64_MAX);
}

bool clock_take_tick(const struct next *next)
{
    uint64_t now_ns = clock_sync(); /* the timer's, which may be ahead of the scale */
    bool is_tick = pad_core.is_tick_armed && now_ns >= pad_core.tick_ns;
    if (is_tick) {
        pad_core.is_tick_armed = false;
        pad_private.covers_tick = false;
    }
    return (is_tick && next->wants_tick) || now_ns >= kernel_due_ns(next);
}
