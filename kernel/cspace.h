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

/* The usual case: one CNode, whose guard and index take all 64 bits. NULL if `root` is something else, or the guard
 * another one: cspace_lookup finds out. */
static inline struct slot *cspace_lookup_flat(const struct kernel *k, const struct cap *root, uint64_t cptr)
{
    struct cap cnode = {.head = root->head};
    unsigned radix = cnode.radix, guard_bits = cnode.guard_bits;
    if (UNLIKELY(cnode.type != CAP_CNODE || guard_bits + radix != ABI_WORD_BITS ||
                 cptr >> radix != root->guard))
        return NULL;
    uint64_t index = cptr - (root->guard << radix);
    return (struct slot *)(void *)(k->arena + cnode.paddr) + index;
}

/* The same in general, see below. */
MUST_USE bool cspace_lookup_deep(const struct kernel *k, const struct tcb *tcb, uint64_t cptr,
                                 struct slot **slot, struct lookup_failure *failure);

/* The slot of a thread's own CSpace that `cptr` names, all 64 bits deep; it may be empty. Sets `*slot` and returns
 * true, or sets `*failure` and returns false. */
MUST_USE static inline bool cspace_lookup(const struct kernel *k, const struct tcb *tcb, uint64_t cptr,
                                          struct slot **slot, struct lookup_failure *failure)
{
    *slot = cspace_lookup_flat(k, &tcb->slots[TCB_CSPACE].cap, cptr);
    return LIKELY(*slot) || cspace_lookup_deep(k, tcb, cptr, slot, failure);
}

enum cspace_side {
    CSPACE_SOURCE,
    CSPACE_DESTINATION
};

/* The slot an invocation's (root, index, depth) names; depth must be used up exactly.
 * Fails with FailedLookup (InvalidRoot and so on) or RangeError(1, 64). */
MUST_USE struct result cspace_lookup_target_deep(const struct kernel *k, const struct cap *root,
                                                 uint64_t index, uint64_t depth, enum cspace_side side,
                                                 struct slot **slot);
MUST_USE static inline struct result cspace_lookup_target(const struct kernel *k, const struct cap *root,
                                                          uint64_t index, uint64_t depth,
                                                          enum cspace_side side, struct slot **slot)
{
    *slot = LIKELY(depth == ABI_WORD_BITS) ? cspace_lookup_flat(k, root, index) : NULL;
    return LIKELY(*slot) ? result_ok() : cspace_lookup_target_deep(k, root, index, depth, side, slot);
}

#endif
