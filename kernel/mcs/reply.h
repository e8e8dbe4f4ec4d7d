/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reply objects: 32 bytes that stand between a caller and whoever may answer it,
 * and that remember where a lent scheduling context goes back to.
 *
 * A server names one when it receives. Until a call comes, the object names the
 * server; then the caller. Calls that lent one scheduling context form its stack:
 * the newest reply object first, linked by prev to older ones.
 *
 * Invariants (kernel_check: "reply stacks"): a thread and its reply object name each other;
 * the thread receives, or is BLOCKED_ON_REPLY; the links of a stack agree both
 * ways; the scheduling context names the newest, and the newest it.
 *
 * Manual: sections "Reply Objects", "Call Stack" of the chapters on IPC and threads.
 */
#ifndef SELKIE_KERNEL_MCS_REPLY_H
#define SELKIE_KERNEL_MCS_REPLY_H

#include "kernel/mcs/sched_context.h"

struct reply_object {
    uint64_t tcb;       /* 0: nobody waits with it */
    uint64_t prev;      /* the reply object of the call that lent the scheduling context before */
    uint64_t next : 63; /* of the call after this one; or, is_newest, the scheduling context itself */
    uint64_t is_newest : 1;
    uint64_t reserved;
};
_Static_assert(sizeof(struct reply_object) == 32, "a reply object is 2^5 bytes");

static inline struct reply_object *reply_object_at(const struct kernel *k, uint64_t paddr) /* NULL for 0 */
{
    return paddr ? (struct reply_object *)(void *)(k->arena + paddr) : NULL;
}

/* `tcb` waits with `reply` from now on. */
void reply_link(struct kernel *k, struct reply_object *reply, struct tcb *tcb);
/* It no longer does, and is INACTIVE. */
void reply_unlink(struct kernel *k, struct reply_object *reply, struct tcb *tcb);
/* `callee` has taken the call of `caller`, which waits for the answer; its scheduling context goes with the call if
 * `can_donate` and the callee has none. */
void reply_push(struct kernel *k, struct reply_object *reply, struct tcb *caller, struct tcb *callee,
                bool can_donate);
/* Whoever waits with `reply` for an answer does so no more; what was lent with this very call goes back. */
void reply_remove(struct kernel *k, struct reply_object *reply);
/* The caller stops waiting, and gets nothing back. */
void reply_remove_caller(struct kernel *k, struct tcb *caller);

#endif
