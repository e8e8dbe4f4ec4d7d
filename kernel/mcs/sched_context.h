/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling contexts: the right to run for a budget in each period, an object
 * of its own that threads are bound to and lend each other.
 *
 * The budget lies in refills, an array that fills what the object's size leaves:
 * each is an amount of time and the moment from which it can be used. It is kept
 * as a sporadic server's: what was used comes back a period after it was used.
 * A period of 0 is round robin: the first of two refills is what is left, the
 * second what was used, and both are available at once.
 *
 * Invariants (kernel_check: "refills"): without a configuration refill_max is 0;
 * with one, the refills in use add up to the budget, each begins no earlier than
 * its predecessor ends, and the first is at least MIN_BUDGET_NS.
 *
 * Manual: section "Scheduling Contexts" and what follows it; sizes from libsel4.
 */
#ifndef SELKIE_KERNEL_MCS_SCHED_CONTEXT_H
#define SELKIE_KERNEL_MCS_SCHED_CONTEXT_H

#include <stddef.h>

#include "kernel/ipc.h"
#include "kernel/state.h"

enum {
    SCHED_CONTEXT_HEADER = 96, /* bytes, so that the smallest object has room for REFILLS_MIN */
    REFILLS_MIN = 2,
    KERNEL_WCET_NS = 10000, /* what seL4 allows for its own longest run; a refill this near counts as ready */
    MIN_BUDGET_NS = 2 * KERNEL_WCET_NS,
    NS_PER_US = 1000
};

/* No budget or period is longer. Times stay so far below 2^64 that adding some periods never wraps. */
#define MAX_PERIOD_NS  (UINT64_MAX / 8) /* DIFFERS: of nanoseconds, not cycles */
#define MAX_RELEASE_NS (UINT64_MAX - 5 * MAX_PERIOD_NS)

struct refill {
    uint64_t time_ns; /* from when on it can be used */
    uint64_t amount_ns;
};

struct sched_context {
    uint64_t period_ns; /* 0: round robin */
    uint64_t budget_ns;
    uint64_t consumed_ns;  /* since somebody asked */
    uint64_t tcb;          /* the thread that runs on it */
    uint64_t reply;        /* the newest call that lent it (reply.h) */
    uint64_t notification; /* that it is bound to */
    uint64_t badge;        /* names it in timeout faults */
    uint64_t yield_from;   /* the thread that let this one's run (seL4_SchedContext_YieldTo) */
    uint32_t refill_max;   /* 0: not configured */
    uint32_t refill_head;
    uint32_t refill_count; /* in use, from refill_head on, around the end of the array */
    bool is_sporadic;
    uint64_t reserved[2];
    struct refill refill[];
};

_Static_assert(offsetof(struct sched_context, refill) == SCHED_CONTEXT_HEADER,
               "the size of the header is ABI");

static inline struct sched_context *sched_context_at(const struct kernel *k, uint64_t paddr) /* NULL for 0 */
{
    return paddr ? (struct sched_context *)(void *)(k->arena + paddr) : NULL;
}

static inline struct sched_context *sched_context_of(const struct kernel *k, const struct tcb *tcb)
{
    return sched_context_at(k, tcb->sched_context);
}

static inline bool sched_context_is_active(const struct sched_context *sc)
{
    return sc->refill_max > 0;
}

static inline bool sched_context_is_round_robin(const struct sched_context *sc)
{
    return sc->period_ns == 0;
}

static inline bool sched_context_is_current(const struct kernel *k, const struct sched_context *sc)
{
    return arena_paddr(k, sc) == k->state->mcs.sched_context;
}

/* --- refills (refill.c); the scheduling context is configured --- */
static inline struct refill *refill_first(struct sched_context *sc)
{
    return &sc->refill[sc->refill_head];
}

static inline const struct refill *refill_at(const struct sched_context *sc, uint32_t i) /* the i-th in use */
{
    return &sc->refill[(sc->refill_head + i) % sc->refill_max];
}

/* How many a scheduling context of this size has room for. */
static inline uint64_t refill_room(unsigned size_bits)
{
    return ((1ull << size_bits) - SCHED_CONTEXT_HEADER) / sizeof(struct refill);
}

static inline bool refill_is_ready(const struct kernel *k, const struct sched_context *sc)
{
    return sc->refill[sc->refill_head].time_ns <= k->state->mcs.now_ns + KERNEL_WCET_NS;
}

/* Is enough left of the first refill when `used_ns` is taken from it? */
static inline bool refill_is_sufficient(const struct sched_context *sc, uint64_t used_ns)
{
    uint64_t amount_ns = sc->refill[sc->refill_head].amount_ns;
    return amount_ns >= used_ns && amount_ns - used_ns >= MIN_BUDGET_NS;
}

/* Configured, and with time to spend now. */
static inline bool sched_context_is_released(const struct kernel *k, const struct sched_context *sc)
{
    return sched_context_is_active(sc) && refill_is_ready(k, sc) && refill_is_sufficient(sc, 0);
}

/* Configure from now on. A period of 0 is round robin, and has REFILLS_MIN. */
void refill_new(struct kernel *k, struct sched_context *sc, uint64_t budget_ns, uint64_t period_ns,
                uint32_t refills);
/* The same for one that is in use: no more than the old budget can be used before the old period's end. */
void refill_update(struct kernel *k, struct sched_context *sc, uint64_t budget_ns, uint64_t period_ns,
                   uint32_t refills);
/* Time was used: take it from the first refills and schedule it anew. */
void refill_use(struct sched_context *sc, uint64_t used_ns);
/* Round robin: a turn is over, the next has the whole budget. */
void refill_restore(struct sched_context *sc);
/* The thread begins to run after a pause: what was ready before is available now, in one piece. */
void refill_unblock(struct kernel *k, struct sched_context *sc);

/* --- time (time.c) --- */
/* Look at the clock. */
void time_update(struct kernel *k);
/* Can the current thread go on? False: its time is up, it was charged for it and another runs next. */
bool budget_check(struct kernel *k);
/* The same, and if not, what the thread wanted starts over when it runs again. */
bool budget_check_restart(struct kernel *k);
/* End the current turn: `consumed_ns` is used up, whatever the clock says. A thread with a timeout handler faults if
 * `can_time_out`. */
void budget_charge(struct kernel *k, uint64_t consumed_ns, bool can_time_out);
/* Make the current scheduling context pay for what was consumed. */
void time_commit(struct kernel *k);
/* A system call was preempted: charge whoever is still there. */
void budget_preempted(struct kernel *k);
/* Is it time for somebody else, in the middle of long work? */
bool budget_is_over(struct kernel *k);

/* --- postponed threads (release.c) --- */
void release_insert(struct kernel *k, struct tcb *tcb);
void release_remove(struct kernel *k, struct tcb *tcb);
/* Everybody whose refill is ready gets runnable. */
void release_awaken(struct kernel *k);

/* --- binding and lending (sched_context.c) --- */
/* tcb->has_time follows from the rest. */
void sched_context_refresh(const struct kernel *k, struct tcb *tcb);
/* The thread of this one may run now: if the time is not there yet, it is postponed. */
void sched_context_resume(struct kernel *k, struct sched_context *sc);
void sched_context_postpone(struct kernel *k, struct sched_context *sc);
void sched_context_bind_thread(struct kernel *k, struct sched_context *sc, struct tcb *tcb);
void sched_context_unbind_thread(struct kernel *k, struct sched_context *sc); /* it has one */
void sched_context_bind_notification(struct kernel *k, struct sched_context *sc, uint64_t notification);
void sched_context_unbind_notification(struct kernel *k, struct sched_context *sc); /* if it has one */
void sched_context_unbind_reply(struct kernel *k, struct sched_context *sc);        /* if it has one */
/* From whomever has it to a thread without one. */
void sched_context_donate(struct kernel *k, struct sched_context *sc, struct tcb *to);
/* A sporadic one whose thread was blocked (refill_unblock); not the current one. NULL is nobody's. */
void sched_context_unblock(struct kernel *k, struct sched_context *sc);
/* What was consumed since it was last asked, in microseconds. */
uint64_t sched_context_take_consumed(struct sched_context *sc);
/* YieldTo: the thread that yielded gets its answer, or is forgotten. Both tolerate that there is nothing to do. */
void yield_to_complete(struct kernel *k, struct tcb *tcb);
void yield_to_cancel(struct kernel *k, struct tcb *tcb);

/* --- in MCS a notification is 64 bytes --- */
struct mcs_notification {
    struct notification common;
    uint64_t sched_context;
    uint64_t reserved[3];
};
_Static_assert(sizeof(struct mcs_notification) == 64, "an MCS notification is 2^6 bytes");

static inline struct mcs_notification *mcs_notification_at(const struct kernel *k, uint64_t paddr)
{
    return (struct mcs_notification *)arena_at(k, paddr);
}

#endif
