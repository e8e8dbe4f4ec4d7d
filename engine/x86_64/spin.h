/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In virtual time, telling a thread that waits for time to pass by going round in a circle from one that works:
 * it uses the processor and does nothing else for SPIN_NS of its own processor time. Where it stands then is
 * remembered, and a thread that is found there, or goes on as before, is sent ahead much sooner. Soon after somebody
 * was, or when little happened lately, whoever runs is looked at for a loop that has no exit (endless.h).
 *
 * Looked at in steps, so that a host that stops everything for a while, and counts that as processor time, is
 * not taken for a thread that spins.
 */
#ifndef SELKIE_ENGINE_X86_64_SPIN_H
#define SELKIE_ENGINE_X86_64_SPIN_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SPIN_STEP_NS = 1000000,
    SPIN_STEPS = 20,
    SPIN_AGAIN_NS = 200000,
    SPIN_ENDLESS_NS = 100000,
    SPIN_ENDLESS_LOOKS = 2, /* one, and one that sees what came of it */
    SPIN_QUIET = 16, /* activity in a step, less than of threads that work */
    SPIN_PLACES = 8,
    SPIN_REACH = 64 /* bytes around a place that belong to the same loop */
};

enum spin_verdict {
    SPIN_NO,
    SPIN_IF_ENDLESS, /* if it stands in a loop without an exit */
    SPIN_IF_KNOWN, /* if it stands where threads spin */
    SPIN_YES
};

struct spin {
    uint64_t activity; /* when last looked */
    uint64_t cpu_ns;   /* of the process, at the last step */
    uint64_t thread;
    uint64_t sent; /* how often threads had been sent ahead */
    unsigned steps;
    bool is_again; /* it goes on as before */
    unsigned soon; /* looks for loops without an exit that are left */
};

/* Code that threads were found spinning in lately. */
struct spin_places {
    uint64_t ip[SPIN_PLACES];
    unsigned next;
};

static inline bool spin_place_is_known(const struct spin_places *places, uint64_t ip)
{
    for (unsigned i = 0; i < SPIN_PLACES; i++)
        if (ip - places->ip[i] + SPIN_REACH < 2 * SPIN_REACH)
            return true;
    return false;
}

/* A thread at `ip` spins, though its loop may have an exit. */
static inline bool spin_is_sure(const struct spin_places *places, enum spin_verdict verdict, uint64_t ip)
{
    return verdict == SPIN_YES || (verdict == SPIN_IF_KNOWN && spin_place_is_known(places, ip));
}

static inline void spin_place_add(struct spin_places *places, uint64_t ip)
{
    if (!spin_place_is_known(places, ip))
        places->ip[places->next++ % SPIN_PLACES] = ip;
}

/* Of processor time, until something is to be seen. */
static inline uint64_t spin_step_ns(const struct spin *spin)
{
    return spin->is_again ? SPIN_AGAIN_NS : spin->soon ? SPIN_ENDLESS_NS : SPIN_STEP_NS;
}

/* Of the host's clock, until the next look: a little more, since whoever looks uses the processor too. */
static inline uint64_t spin_wait_ns(const struct spin *spin)
{
    return spin_step_ns(spin) + spin_step_ns(spin) / 8;
}

/* `activity` counts whatever a thread that works does: kernel entries, misses of the mapping cache, looks at
 * clocks and devices. `sent`: how often threads have been sent ahead. */
static inline enum spin_verdict spin_look(struct spin *spin, uint64_t thread, uint64_t activity,
                                          uint64_t cpu_ns, uint64_t sent)
{
    if (activity != spin->activity || cpu_ns < spin->cpu_ns || sent != spin->sent) {
        /* The one entry is the tick that it was sent to. */
        bool is_again = sent != spin->sent && spin->thread == thread && activity - spin->activity <= 1 &&
                        cpu_ns >= spin->cpu_ns;
        bool is_quiet = activity - spin->activity < SPIN_QUIET;
        unsigned soon = sent != spin->sent ? SPIN_ENDLESS_LOOKS : is_quiet;
        *spin = (struct spin){activity, cpu_ns, thread, sent, 0, is_again, soon};
        return SPIN_NO;
    }
    if (cpu_ns - spin->cpu_ns < spin_step_ns(spin))
        return SPIN_NO;
    if (!spin->is_again && spin->soon && cpu_ns - spin->cpu_ns < SPIN_STEP_NS) {
        spin->soon--;
        return SPIN_IF_ENDLESS;
    }
    spin->soon = 0;
    spin->cpu_ns = cpu_ns;
    return spin->is_again || ++spin->steps >= SPIN_STEPS ? SPIN_YES : SPIN_IF_KNOWN;
}

#endif
