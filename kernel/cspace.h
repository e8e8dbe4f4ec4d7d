/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolving capability addresses through guarded CNodes.
 * Manual: section "Capability Address Space" and "Lookup Failure Description".
 */
#ifndef SELKIE_KERNEL_CSPACE_H
#define SELKIE_KERNEL_CSPACE_H

#include "kernel/kernel.h"
#include "kernel/result.h"
#include "kernel/slot.h"
#include "kernel/tcb.h"

struct slot_lookup {
    struct slot *slot; /* NULL: `failure` says why */
    struct lookup_failure failure;
    unsigned bits_left; /* of the address, when a non-CNode capability was met early */
};

/* The slot of a thread's own CSpace that `cptr` names, all 64 bits deep; it may be empty. */
struct slot_lookup cspace_lookup(const struct kernel *k, const struct tcb *tcb, uint64_t cptr);

enum cspace_side {
    CSPACE_SOURCE,
    CSPACE_DESTINATION
};

/* The slot an invocation's (root, index, depth) names; depth must be used up exactly.
 * Fails with FailedLookup (InvalidRoot and so on) or RangeError(1, 64). */
MUST_USE struct result cspace_lookup_target(const struct kernel *k, struct cap root, uint64_t index, uint64_t depth,
                                            enum cspace_side side, struct slot **slot);

#endif
