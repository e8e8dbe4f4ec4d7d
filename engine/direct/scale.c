/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's clock for the pad, which a kernel that looks at it at every entry cannot afford a host call for:
 * a scale from the processor's counter, calibrated against the host's clock and taken up anew whenever the
 * monitor has the baton (and by the pad, pad/clock.c).
 *
 * Invariant: what the pad reads is never ahead of what the host's clock says at the same moment, so time never
 * goes back, whoever asks.
 */
#include <cpuid.h>
#include <x86intrin.h>

#include "engine/direct/monitor.h"
#include "host/timer.h"

enum {
    CPUID_POWER = 0x80000007,
    POWER_INVARIANT_COUNTER = 1 << 8,
    SPAN_MIN_NS = 1000000, /* of a first calibration; the next ones take twice as long each */
    GOOD_NS = 10000000,    /* how long the pad may go without the host's clock */
    SLOWER_SHIFT = 13,     /* the scale is slow by this part: more than hosts bend their clocks and we err */
    PAIR_TRIES = 3
};

static bool counter_is_invariant(void)
{
    uint32_t a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(CPUID_POWER, &a, &b, &c, &d) && (d & POWER_INVARIANT_COUNTER);
}

/* Of several tries the one least disturbed. */
static struct scale_pair pair_read(void)
{
    struct scale_pair pair = {0, 0};
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < PAIR_TRIES; i++) {
        uint64_t before = __rdtsc(), ns = host_now_ns(), after = __rdtsc();
        if (after - before < best) {
            best = after - before;
            pair = (struct scale_pair){before + best / 2, ns};
        }
    }
    return pair;
}

void scale_start(struct engine *e)
{
    e->scale.is_usable = !e->k->virtual_clock && e->pin.is_pinned && counter_is_invariant();
    e->scale.first = pair_read();
    e->scale.span_ns = SPAN_MIN_NS / 2;
    e->core->scale = (struct pad_scale){0};
}

static void scale_calibrate(struct engine *e)
{
    struct pad_scale *scale = &e->core->scale;
    const struct scale_pair now = pair_read();
    uint64_t cycles = now.cycles - e->scale.first.cycles;
    e->scale.span_ns = now.ns - e->scale.first.ns;
    if (cycles < e->scale.span_ns / 100 || cycles / 100 > e->scale.span_ns) {
        e->scale.is_usable = false; /* below 10 MHz or above 100 GHz */
        scale->cycles_max = 0;
        return;
    }
    uint64_t ratio = (uint64_t)(((unsigned __int128)e->scale.span_ns << 32) / cycles);
    scale->ns_per_cycle = ratio - (ratio >> SLOWER_SHIFT);
    scale->cycles_max = ((uint64_t)GOOD_NS << 32) / ratio;
}

uint64_t scale_refresh(struct engine *e)
{
    uint64_t host_ns = host_now_ns();
    if (e->scale.is_usable) {
        if (host_ns - e->scale.first.ns >= 2 * e->scale.span_ns)
            scale_calibrate(e);
        e->core->scale.cycles = __rdtsc(); /* behind the look at the clock, so that it is not ahead */
        e->core->scale.ns = host_ns - e->core->origin_ns;
    }
    return host_ns - e->core->origin_ns;
}
