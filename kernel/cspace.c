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

/* Resolve the low `depth` bits of `cptr` from `root`. Stops early at a slot that holds no CNode capability. */
static struct slot_lookup cspace_resolve(const struct kernel *k, struct cap root, uint64_t cptr, unsigned depth)
{
    struct cap node = root;
    unsigned left = depth;

    if (node.type != CAP_CNODE)
        return (struct slot_lookup){.failure = lookup_invalid_root()};
    for (;;) {
        unsigned guard_bits = node.guard_bits;
        unsigned level_bits = guard_bits + node.radix;
        if (guard_bits > left || low_bits(cptr >> ((left - guard_bits) & 63), guard_bits) != node.guard)
            return (struct slot_lookup){.failure = lookup_guard_mismatch(node.guard, guard_bits, left)};
        if (level_bits > left)
            return (struct slot_lookup){.failure = lookup_depth_mismatch(level_bits, left)};
        uint64_t index = low_bits(cptr >> ((left - level_bits) & 63), node.radix);
        struct slot *slot = slot_at(k, node.paddr + (index << ABI_SLOT_BITS));
        left -= level_bits;
        if (left == 0 || slot->cap.type != CAP_CNODE)
            return (struct slot_lookup){.slot = slot, .bits_left = left};
        node = slot->cap;
    }
}

struct slot_lookup cspace_lookup(const struct kernel *k, const struct tcb *tcb, uint64_t cptr)
{
    return cspace_resolve(k, tcb->slots[TCB_CSPACE].cap, cptr, ABI_WORD_BITS);
}

struct result cspace_lookup_target(const struct kernel *k, struct cap root, uint64_t index, uint64_t depth,
                                   enum cspace_side side, struct slot **slot)
{
    bool is_source = side == CSPACE_SOURCE;
    if (root.type != CAP_CNODE)
        return fail_lookup(is_source, lookup_invalid_root());
    if (depth < 1 || depth > ABI_WORD_BITS)
        return fail_range(1, ABI_WORD_BITS);

    struct slot_lookup found = cspace_resolve(k, root, index, (unsigned)depth);
    if (!found.slot)
        return fail_lookup(is_source, found.failure);
    if (found.bits_left != 0)
        return fail_lookup(is_source, lookup_depth_mismatch(0, found.bits_left));
    *slot = found.slot;
    return result_ok();
}
