/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving a thread its CSpace, VSpace and IPC buffer: the half that both
 * personalities share. Each change is checked first and applied afterwards.
 */
#ifndef SELKIE_KERNEL_TCB_SPACE_H
#define SELKIE_KERNEL_TCB_SPACE_H

#include "kernel/invocation.h"

/* A capability for one of the thread's slots, and the slot it was derived from. */
struct tcb_root {
    struct cap cap;
    struct slot *source;
};

struct tcb_space {
    struct tcb_root cspace;
    struct tcb_root vspace;
};

struct tcb_buffer {
    uint64_t vaddr; /* 0: the thread is to have none, and `frame` means nothing */
    struct tcb_root frame;
};

/* What the new roots would be. IllegalOperation if one is no root, or while old ones are being deleted. */
MUST_USE struct result tcb_space_check(struct kernel *k, const struct invocation *in, struct slot *cspace,
                                       uint64_t cspace_data, struct slot *vspace, uint64_t vspace_data,
                                       struct tcb_space *space);
MUST_USE struct result tcb_buffer_check(struct kernel *k, uint64_t vaddr, struct slot *frame,
                                        struct tcb_buffer *buffer);

/* Make the change to the invoked thread. The old capabilities are deleted first, so RESULT_PREEMPTED is
 * possible; the whole invocation then runs again. */
MUST_USE struct result tcb_space_apply(struct kernel *k, const struct invocation *in,
                                       const struct tcb_space *space);
MUST_USE struct result tcb_buffer_apply(struct kernel *k, const struct invocation *in,
                                        const struct tcb_buffer *buffer);

/* Put one capability into a slot of the invoked thread, as above. */
MUST_USE struct result tcb_root_replace(struct kernel *k, const struct invocation *in, enum tcb_slot which,
                                        const struct tcb_root *root);

/* The Configure, SetSpace and SetSchedParams of the classic personality; those of MCS are in mcs/mcs.h. */
MUST_USE struct result classic_tcb_decode(struct kernel *k, struct invocation *in);

/* The thread whose maximum controlled priority limits `in`, given as its first extra capability, or
 * InvalidCapability(1). */
MUST_USE struct result tcb_authority(struct kernel *k, const struct invocation *in,
                                     const struct tcb **authority);

/* RangeError(0, mcp) if `priority` is above what `authority` may give. */
MUST_USE struct result tcb_check_priority(struct kernel *k, uint64_t priority, const struct tcb *authority);

#endif
