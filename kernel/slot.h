/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capability slots and the derivation tree.
 *
 * A slot holds a capability and its place in the derivation tree, which is kept
 * as one doubly linked list per root in depth-first order: a slot's descendants follow it
 * directly. Whether one slot is the parent of the next is decided by the
 * capabilities and two bits.
 *
 * Invariants (kernel_check: "derivation"):
 * - an empty slot has no links; a filled one's neighbours point back at it;
 * - `is_revocable` marks a slot that may have descendants;
 * - `is_first_badged` marks the first capability of a badge.
 *
 * Manual: section "Capability Derivation Tree".
 */
#ifndef SELKIE_KERNEL_SLOT_H
#define SELKIE_KERNEL_SLOT_H

#include "kernel/cap.h"
#include "kernel/kernel.h"

/* A paddr where it shares its word with two flags or a state: slots, endpoints, notifications. */
#define LINK_MASK ((1ull << 62) - 1)

struct slot {
    struct cap cap;
    uint64_t prev; /* paddr of a slot, 0 is none */
    uint64_t next : 62;
    uint64_t is_revocable : 1;
    uint64_t is_first_badged : 1;
};

_Static_assert(sizeof(struct slot) == 32, "a slot is 2^5 bytes");

static inline bool slot_is_empty(const struct slot *slot)
{
    return slot->cap.type == CAP_NULL;
}

static inline struct slot *slot_at(const struct kernel *k, uint64_t paddr) /* NULL for 0 */
{
    return paddr ? (struct slot *)(void *)(k->arena + paddr) : NULL;
}

/* Put a capability without ancestors into an empty slot: boot, and the slots of new objects. */
void slot_set_root(struct slot *slot, struct cap cap);

/* Put a capability derived from `parent` into the empty slot `slot`, directly behind it. */
void slot_insert(struct kernel *k, struct slot *slot, struct cap cap, struct slot *parent);

/* The same for one who knows whether the new capability may have descendants; `parent` stays as it is. */
void slot_insert_behind(struct kernel *k, struct slot *slot, struct cap cap, struct slot *parent,
                        bool is_revocable);

/* Insert a new child of `parent` as `slot_insert` does, revocable: what Retype makes. */
void slot_insert_child(struct kernel *k, struct slot *slot, struct cap cap, struct slot *parent);

/* Move `cap` (the capability of `from`, perhaps changed) to the empty slot `to`; it takes over the place in the tree. */
void slot_move(struct kernel *k, struct slot *to, struct cap cap, struct slot *from);

/* Exchange two slots, with capabilities that may be changed on the way: `b_cap` ends in `a`, `a_cap` in `b`. */
void slot_swap(struct kernel *k, struct slot *a, struct cap a_cap, struct slot *b, struct cap b_cap);

/* Take the capability out of the tree and leave the slot empty. */
void slot_clear(struct kernel *k, struct slot *slot);

bool slot_has_children(const struct kernel *k, const struct slot *slot);

/* Is this the last capability to its object? */
bool slot_is_final(const struct kernel *k, const struct slot *slot);

/* Would deleting it take long, preemptible work: the last capability to a thread, a CNode or what is left of one? */
bool slot_is_long_running_delete(const struct kernel *k, const struct slot *slot);

#endif
