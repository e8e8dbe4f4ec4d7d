/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MCS kernel: time of scheduling contexts is made here, and nowhere else.
 *
 * Without a limit a scheduling context is configured once, for round robin. With one it gets *slices*: a budget that is
 * replenished in some days, so that whoever has it stops when it is used, and a timeout fault tells the process server,
 * which asks for another. All slices are paid for beforehand, from what the share makes of each period; so nothing that a
 * container or its server does or says brings them more. The server's own thread lives on slices, too, which are paid for
 * afterwards, so that it can end processes when nothing is left; it is stopped when the container owes too much.
 *
 * Invariant: left_us falls by all that the container may use. What it has and did not use is at most a slice for each of
 * its scheduling contexts; slices are smaller where these are many.
 */
#include <selkie/host.h>

#include "unit.h"

enum {
    SLICE_US = 5000, /* round robin, and the process server */
    SLICE_MOST_US = 10000,
    SLICE_LEAST_US = 500,
    PERIOD_US = 100000,
    PERIODS_MOST = 10, /* of what a share makes of them: so much may be owed until the server is stopped */
    DEBT_LEAST_US = 50000,
    PERIODS_AGO = 1000, /* what was owed then is forgotten */
    OVER_MOST_US = PERIOD_US,
    ALL_PERMILLE = 900 /* of shares together; the rest is left to containers without */
};

#define PERIOD_NS (PERIOD_US * 1000ul)
#define NEVER_US  (1ul << 40)

static struct sel4_util_allocator *all;
static seL4_CPtr arrival; /* where a capability in a message arrives */

bool share_is_possible(void)
{
    return true;
}

void share_open(struct sel4_util_allocator *allocator)
{
    all = allocator;
    arrival = sel4_util_slot_alloc(allocator);
    seL4_SetCapReceivePath(allocator->cnode, arrival, seL4_WordBits);
}

static seL4_Error slice_configure(seL4_CPtr context, seL4_Word us, bool is_limited, seL4_Word badge)
{
    return (seL4_Error)seL4_SchedControl_Configure(all->sched_control, context, us,
                                                   is_limited ? NEVER_US : us, 0, badge);
}

seL4_Error share_thread_configure(struct container *container, seL4_Word root_data, seL4_CPtr ipc_frame)
{
    bool is_limited = container->share.permille;
    container->share.left_us = (long)(PERIOD_US * container->share.permille / 1000);
    container->sched_context =
        sel4_util_object_alloc(container->allocator, seL4_SchedContextObject, seL4_MinSchedContextBits);
    if (!container->sched_context) {
        return seL4_NotEnoughMemory;
    }
    seL4_Error error = (seL4_Error)seL4_TCB_Configure(container->tcb, container->root, root_data,
                                                      container->vspace, 0, CONTAINER_IPC_BUFFER, ipc_frame);
    error = error ? error : slice_configure(container->sched_context, SLICE_US, is_limited, 0);
    error = error ? error
                  : (seL4_Error)seL4_TCB_SetSchedParams(container->tcb, seL4_CapInitThreadTCB,
                                                        CONTAINER_PRIORITY + 2, CONTAINER_PRIORITY + 2,
                                                        container->sched_context, container->control);
    return error || !is_limited ? error
                                : (seL4_Error)seL4_TCB_SetTimeoutEndpoint(container->tcb, container->control);
}

/* What all shares that are in use come to. */
static seL4_Word permille_in_use(seL4_Word now_ns)
{
    seL4_Word sum = 0;
    for (unsigned i = 0; i < UNITS; i++) {
        const struct unit *unit = unit_at(i);
        const struct share *share = unit ? &unit->container.share : NULL;
        if (unit && unit->state == UNIT_RUNNING && now_ns - share->taken_ns < 2 * PERIOD_NS) {
            sum += share->permille;
        }
    }
    return sum;
}

/* What a share is in one period: if there are several and they want too much, as much less as the others. */
static long quota_us(const struct share *share, seL4_Word now_ns)
{
    seL4_Word permille = share->permille, sum = permille_in_use(now_ns);
    if (sum > permille && sum > ALL_PERMILLE) {
        permille = permille * ALL_PERMILLE / sum;
    }
    return (long)(PERIOD_US * permille / 1000);
}

static void server_pay(struct share *share, seL4_Word us)
{
    share->server_us += us;
    share->left_us -= (long)us;
}

static void server_count(struct container *container)
{
    seL4_SchedContext_Consumed_t got = seL4_SchedContext_Consumed(container->sched_context);
    server_pay(&container->share, got.error ? 0 : got.consumed);
}

seL4_Word share_server_us(struct container *container)
{
    seL4_Word before = container->share.told_us;
    server_count(container);
    container->share.told_us = container->share.server_us;
    return before;
}

static void periods_pass(struct container *container, seL4_Word now_ns)
{
    struct share *share = &container->share;
    seL4_Word passed = (now_ns - share->period_ns) / PERIOD_NS;
    server_count(container);
    if (passed > 0) {
        long quota = quota_us(share, now_ns);
        share->period_ns += passed * PERIOD_NS;
        share->left_us += (long)(passed < PERIODS_AGO ? passed : PERIODS_AGO) * quota;
        share->left_us = share->left_us < quota ? share->left_us : quota;
    }
}

static bool debt_is_bearable(const struct share *share)
{
    long most_us = (long)(PERIODS_MOST * (PERIOD_US * share->permille / 1000));
    return share->left_us > -(most_us > DEBT_LEAST_US ? most_us : DEBT_LEAST_US);
}

/* A slice for one of so many scheduling contexts, or 0. `over_us` were used beyond the last one. */
static long slice_take(struct container *container, seL4_Word contexts, seL4_Word over_us, seL4_CPtr clock)
{
    struct share *share = &container->share;
    if (!share->permille) {
        return SLICE_US;
    }
    seL4_Word now_ns = clock_ns(clock);
    share->taken_ns = now_ns;
    periods_pass(container, now_ns);
    share->left_us -= (long)(over_us < OVER_MOST_US ? over_us : OVER_MOST_US);
    if (share->left_us <= 0) {
        share->is_waited_for = true;
        return 0;
    }
    seL4_Word slice = PERIOD_US * share->permille / 1000 / (contexts ? contexts : 1);
    slice = slice < SLICE_LEAST_US ? SLICE_LEAST_US : slice > SLICE_MOST_US ? SLICE_MOST_US : slice;
    share->left_us -= (long)slice;
    return (long)slice;
}

/* The server's slice is used: it was paid for with what it consumed. */
static void server_continue(struct container *container)
{
    struct share *share = &container->share;
    share->is_server_stopped = !debt_is_bearable(share);
    if (!share->is_server_stopped) {
        (void)slice_configure(container->sched_context, SLICE_US, true, 0);
        seL4_TCB_Resume(container->tcb);
    }
}

static void slice_serve(struct container *container, seL4_CPtr reply, seL4_CPtr clock)
{
    seL4_Word contexts = seL4_GetMR(0), over_us = seL4_GetMR(1), badge = seL4_GetMR(2);
    long given = slice_take(container, contexts, over_us, clock);
    if (given > 0 && slice_configure(arrival, (seL4_Word)given, container->share.permille, badge)) {
        given = -1; /* nothing that could be given time */
    }
    seL4_SetMR(0, (seL4_Word)given);
    seL4_Send(reply, seL4_MessageInfo_new(0, 0, 0, 1));
}

bool share_message(struct container *container, seL4_MessageInfo_t message, seL4_CPtr reply, seL4_CPtr clock)
{
    bool is_slice = seL4_MessageInfo_get_label(message) == CONTAINER_TIME;
    bool is_server = seL4_MessageInfo_get_label(message) == seL4_Fault_Timeout && container->share.permille;
    if (is_slice) {
        slice_serve(container, reply, clock);
    } else if (is_server) {
        /* The message says what was consumed, and nobody is told again. The server can send one like it: so it can claim
         * to have used time, but no more than it had. */
        seL4_Word consumed_us = seL4_GetMR(seL4_Timeout_Consumed);
        server_pay(&container->share, consumed_us < OVER_MOST_US ? consumed_us : OVER_MOST_US);
        container->share.taken_ns = clock_ns(clock);
        periods_pass(container, container->share.taken_ns);
        server_continue(container);
    }
    if (seL4_MessageInfo_get_extraCaps(message)) {
        seL4_CNode_Delete(all->cnode, arrival, seL4_WordBits);
    }
    return is_slice || is_server;
}

seL4_Word share_continue(struct container *container, seL4_Word now_ns, seL4_CPtr bell,
                         struct container_board *board)
{
    struct share *share = &container->share;
    if (!share->is_waited_for && !share->is_server_stopped) {
        return 0;
    }
    periods_pass(container, now_ns);
    if (share->is_server_stopped) {
        server_continue(container);
        __atomic_store_n(&board->has_stood, 1, __ATOMIC_RELEASE);
        share->is_waited_for = true;
    }
    if (share->is_waited_for && share->left_us > 0) {
        share->is_waited_for = false;
        seL4_Signal(bell);
    }
    return share->is_waited_for || share->is_server_stopped ? share->period_ns + PERIOD_NS : 0;
}
