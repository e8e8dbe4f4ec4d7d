/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolving capability addresses: a walk through CNodes, each taking its guard
 * and its index from the high end of what is left of the address.
 * Manual: section "Capability Address Space".
 */
#include "kernel/cspace.h"

#include "kernel/state.h"

static uint64_t low_bits(uint64_t word, unsigned bits)
{
    return bits == 0 ? 0 : bits >= 64 ? word : word & ((1ull << bits) - 1);
}

/* Resolve the low `*bits_left` bits of `cptr` from `root`, and leave there what is left of them: more than none at a
 * slot that holds no CNode capability. False: `*failure` says why. */
static bool cspace_resolve(const struct kernel *k, const struct cap *root, uint64_t cptr, unsigned *bits_left,
                           struct slot **slot, struct lookup_failure *failure)
{
    const struct cap *node = root;
    unsigned left = *bits_left;

    if (node->type != CAP_CNODE) {
        *failure = lookup_invalid_root();
        return false;
    }
    for (;;) {
        unsigned guard_bits = node->guard_bits;
        unsigned radix = node->radix;
        unsigned level_bits = guard_bits + radix;
        if (guard_bits > left || low_bits(cptr >> ((left - guard_bits) & 63), guard_bits) != node->guard) {
            *failure = lookup_guard_mismatch(node->guard, guard_bits, left);
            return false;
        }
        if (level_bits > left) {
            *failure = lookup_depth_mismatch(level_bits, left);
            return false;
        }
        uint64_t index = low_bits(cptr >> ((left - level_bits) & 63), radix);
        *slot = arena_at(k, node->paddr + (index << ABI_SLOT_BITS));
        left -= level_bits;
        node = &(*slot)->cap;
        if (left == 0 || node->type != CAP_CNODE) {
            *bits_left = left;
            return true;
        }
    }
}

bool cspace_lookup_deep(const struct kernel *k, const struct tcb *tcb, uint64_t cptr, struct slot **slot,
                        struct lookup_failure *failure)
{
    unsigned bits_left = ABI_WORD_BITS;
    return cspace_resolve(k, &tcb->slots[TCB_CSPACE].cap, cptr, &bits_left, slot, failure);
}

struct result cspace_lookup_target_deep(const struct kernel *k, const struct cap *root, uint64_t index,
                                        uint64_t depth, enum cspace_side side, struct slot **slot)
{
    bool is_source = side == CSPACE_SOURCE;
    if (root->type != CAP_CNODE)
        return fail_lookup(is_source, lookup_invalid_root());
    if (depth < 1 || depth > ABI_WORD_BITS)
        return fail_range(1, ABI_WORD_BITS);

    struct lookup_failure failure;
    unsigned bits_left = (unsigned)depth;
    if (!cspace_resolve(k, root, index, &bits_left, slot, &failure))
        return fail_lookup(is_source, failure);
    if (bits_left != 0)
        return fail_lookup(is_source, lookup_depth_mismatch(0, bits_left));
    return result_ok();
}
