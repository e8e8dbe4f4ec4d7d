/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passing the baton, and waiting for it.
 *
 * Between two guest processes that call each other, a process that yields the CPU is back soonest; when the
 * baton goes further round, or nobody answers soon, it sleeps instead, and remembers that. A sleeper is woken
 * by a futex of its own. Whether it sleeps is told by is_hot: cleared before the last look at the holder,
 * read after the holder is set, so one sees the other.
 */
#include <asm/unistd.h>
#include <linux/futex.h>

#include "engine/direct/pad/host.h"
#include "engine/direct/pad/pad.h"

enum {
    YIELDS_MAX = 6,
    YIELDS_ASKING = 3,
    YIELD_HOPE_MAX = 4,
    YIELD_TRY_EACH = 8
};

static bool holder_is(unsigned process)
{
    return atomic_load(&pad_core.holder) == process + 1;
}

static bool is_mine(void)
{
    return holder_is(pad_private.index);
}

/* Yielding pays if the baton comes straight back. It did lately, or it is time to try again. */
static bool yield_is_hopeful(void)
{
    return pad_private.yield_hope > 0 || ++pad_private.yield_tries % YIELD_TRY_EACH == 0;
}

static void yield_learn(bool has_paid)
{
    if (!has_paid)
        pad_private.yield_hope = 0;
    else if (pad_private.yield_hope < YIELD_HOPE_MAX)
        pad_private.yield_hope++;
}

static void sleep(struct pad_slot *slot)
{
    while (!is_mine()) {
        host_call4(__NR_futex, (uint64_t)&slot->turn, FUTEX_WAIT, 0, 0);
        atomic_store(&slot->turn, 0);
    }
}

static void monitor_wake(void)
{
    const uint64_t one = 1;
    atomic_store(&pad_core.holder, PAD_MONITOR);
    if (atomic_load(&pad_core.monitor_is_hot))
        return;
    host_call3(__NR_write, PAD_FD_DOORBELL, (uint64_t)&one, sizeof(one));
}

static void calls_make(struct pad_slot *slot)
{
    for (unsigned i = 0; i < slot->call_count && i < PAD_CALLS; i++) {
        struct pad_call *c = &slot->call[i];
        c->result = host_call(c->number, c->argument[0], c->argument[1], c->argument[2], c->argument[3],
                              c->argument[4], c->argument[5]);
    }
    slot->call_count = 0;
}

void baton_wait(void)
{
    struct pad_slot *slot = own_slot();
    for (;;) {
        sleep(slot);
        if (slot->call_count == 0)
            return;
        calls_make(slot);
        monitor_wake();
    }
}

void baton_pass(unsigned process)
{
    struct pad_slot *slot = own_slot(), *other = &pad_core.slot[process];
    bool is_hopeful = yield_is_hopeful();
    atomic_store(&slot->is_hot, is_hopeful);
    atomic_store(&pad_core.holder, process + 1);
    if (!atomic_load(&other->is_hot)) {
        atomic_store(&other->turn, 1);
        host_call4(__NR_futex, (uint64_t)&other->turn, FUTEX_WAKE, 1, 0);
    }
    if (is_hopeful) {
        for (unsigned i = 0; i < YIELDS_MAX && holder_is(process); i++)
            host_call3(__NR_sched_yield, 0, 0, 0);
        yield_learn(is_mine());
        atomic_store(&slot->is_hot, 0);
    }
    baton_wait();
}

uint64_t baton_ask(enum pad_ask kind)
{
    pad_core.request.kind = kind;
    pad_core.request.process = pad_private.index;
    atomic_store(&own_slot()->is_hot, kind != PAD_LOOK); /* a question is answered at once */
    monitor_wake();
    for (unsigned i = 0; kind != PAD_LOOK && i < YIELDS_ASKING && !is_mine(); i++)
        host_call3(__NR_sched_yield, 0, 0, 0);
    atomic_store(&own_slot()->is_hot, 0);
    baton_wait();
    if (kind != PAD_LOOK && pad_core.is_deadline_late)
        atomic_store(&pad_private.pending, 1); /* the answer took that long */
    return pad_core.request.value;
}

_Noreturn void baton_fail(enum pad_ask kind)
{
    pad_core.request.kind = kind;
    pad_core.request.process = pad_private.index;
    for (;;) {
        monitor_wake();
        baton_wait();
    }
}
