/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The derivation tree: a list in depth-first order (see slot.h for its invariants).
 */
#include "kernel/slot.h"

#include "kernel/state.h"

static void slot_link(struct kernel *k, struct slot *slot)
{
    uint64_t self = arena_paddr(k, slot);
    if (slot->prev)
        slot_at(k, slot->prev)->next = self & LINK_MASK;
    if (slot->next)
        slot_at(k, slot->next)->prev = self;
}

void slot_insert_behind(struct kernel *k, struct slot *slot, struct cap cap, struct slot *parent,
                        bool is_revocable)
{
    ASSERT(slot_is_empty(slot) && slot->prev == 0 && slot->next == 0);
    slot->cap = cap;
    slot->prev = arena_paddr(k, parent);
    slot->next = parent->next;
    slot->is_revocable = is_revocable;
    slot->is_first_badged = is_revocable;
    slot_link(k, slot);
}

void slot_set_root(struct slot *slot, struct cap cap)
{
    *slot = (struct slot){.cap = cap, .is_revocable = true, .is_first_badged = true};
}

/* A derived capability starts a subtree of its own if it was made special by the derivation. */
static bool derivation_is_revocable(struct cap derived, struct cap source)
{
    switch ((enum cap_type)derived.type) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return derived.badge != source.badge;
    case CAP_IRQ_HANDLER:
        return source.type == CAP_IRQ_CONTROL;
    case CAP_IO_PORT:
        return source.type == CAP_IO_PORT_CONTROL;
    case CAP_UNTYPED:
        return true;
    default:
        return false;
    }
}

/* Of two capabilities to one untyped only the new one may be retyped from. */
static void untyped_mark_full(struct slot *source, struct cap derived)
{
    if (source->cap.type == CAP_UNTYPED && derived.type == CAP_UNTYPED &&
        source->cap.paddr == derived.paddr && source->cap.untyped_bits == derived.untyped_bits)
        source->cap.free_offset = 1ull << source->cap.untyped_bits;
}

void slot_insert(struct kernel *k, struct slot *slot, struct cap cap, struct slot *parent)
{
    bool is_revocable = derivation_is_revocable(cap, parent->cap);
    untyped_mark_full(parent, cap);
    slot_insert_behind(k, slot, cap, parent, is_revocable);
}

void slot_insert_child(struct kernel *k, struct slot *slot, struct cap cap, struct slot *parent)
{
    slot_insert_behind(k, slot, cap, parent, true);
}

void slot_move(struct kernel *k, struct slot *to, struct cap cap, struct slot *from)
{
    ASSERT(slot_is_empty(to) && to->prev == 0 && to->next == 0);
    *to = *from;
    to->cap = cap;
    *from = (struct slot){.prev = 0};
    slot_link(k, to);
}

void slot_swap(struct kernel *k, struct slot *a, struct cap a_cap, struct slot *b, struct cap b_cap)
{
    /* Through a place outside the tree, so that neighbours of each other need no special case. */
    uint64_t a_paddr = arena_paddr(k, a);
    uint64_t b_paddr = arena_paddr(k, b);
    struct slot old_a = *a;
    struct slot old_b = *b;

    *a = old_b;
    a->cap = b_cap;
    *b = old_a;
    b->cap = a_cap;
    if (old_a.next == b_paddr) {
        a->prev = b_paddr;
        b->next = a_paddr & LINK_MASK;
    }
    if (old_b.next == a_paddr) {
        b->prev = a_paddr;
        a->next = b_paddr & LINK_MASK;
    }
    slot_link(k, a);
    slot_link(k, b);
}

void slot_clear(struct kernel *k, struct slot *slot)
{
    struct slot *prev = slot_at(k, slot->prev);
    struct slot *next = slot_at(k, slot->next);
    if (prev)
        prev->next = slot->next;
    if (next) {
        next->prev = slot->prev;
        next->is_first_badged = next->is_first_badged || slot->is_first_badged;
    }
    *slot = (struct slot){.prev = 0};
}

/* Is `child` a descendant of `parent`, given that it follows it in the list? */
static bool slot_is_parent_of(const struct kernel *k, const struct slot *parent, const struct slot *child)
{
    if (!parent->is_revocable || !cap_covers(k, parent->cap, child->cap))
        return false;
    bool is_badged =
        (parent->cap.type == CAP_ENDPOINT || parent->cap.type == CAP_NOTIFICATION) && parent->cap.badge != 0;
    return !is_badged || (child->cap.badge == parent->cap.badge && !child->is_first_badged);
}

bool slot_has_children(const struct kernel *k, const struct slot *slot)
{
    const struct slot *next = slot_at(k, slot->next);
    return next && slot_is_parent_of(k, slot, next);
}

bool slot_is_final(const struct kernel *k, const struct slot *slot)
{
    const struct slot *prev = slot_at(k, slot->prev);
    const struct slot *next = slot_at(k, slot->next);
    if (prev && cap_same_place(&prev->cap, &slot->cap) && cap_same_object(k, prev->cap, slot->cap))
        return false;
    return !next || !cap_same_place(&slot->cap, &next->cap) || !cap_same_object(k, slot->cap, next->cap);
}

bool slot_is_long_running_delete(const struct kernel *k, const struct slot *slot)
{
    bool is_container =
        slot->cap.type == CAP_THREAD || slot->cap.type == CAP_CNODE || slot->cap.type == CAP_ZOMBIE;
    return is_container && slot_is_final(k, slot);
}
