/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "derivation": the shape of the derivation lists, and the order within them.
 *
 * The relation between parent and child is written down a second time here, on
 * purpose: the kernel's own is what is being checked.
 */
#include <stdlib.h>

#include "check/heap.h"

static const char INVARIANT[] = "derivation";

static void links_check(const struct heap *heap, const struct heap_slot *at)
{
    const struct slot *slot = at->slot;
    if (slot->prev)
        CHECK_THAT(INVARIANT, slot_at(heap->k, slot->prev)->next == at->paddr,
                   "0x%lx says 0x%lx is before it, which does not say so", at->paddr, slot->prev);
    if (slot->next)
        CHECK_THAT(INVARIANT, slot_at(heap->k, slot->next)->prev == at->paddr,
                   "0x%lx says 0x%lx is behind it, which does not say so", at->paddr, (uint64_t)slot->next);
}

static bool cap_is_badged(struct cap cap)
{
    return (cap.type == CAP_ENDPOINT || cap.type == CAP_NOTIFICATION) && cap.badge != 0;
}

static void flags_check(const struct heap *heap, const struct heap_slot *at)
{
    const struct slot *slot = at->slot;
    CHECK_THAT(INVARIANT, !slot->is_revocable || slot->is_first_badged,
               "0x%lx is revocable but not the first badged", at->paddr);
    CHECK_THAT(INVARIANT, slot->is_revocable || slot->cap.type != CAP_UNTYPED,
               "the untyped in 0x%lx is not revocable", at->paddr);
    if (!cap_is_badged(slot->cap) || slot->is_first_badged)
        return;
    const struct slot *prev = slot_at(heap->k, slot->prev);
    CHECK_THAT(INVARIANT,
               prev && prev->cap.type == slot->cap.type && prev->cap.paddr == slot->cap.paddr &&
                   prev->cap.badge == slot->cap.badge,
               "0x%lx has badge 0x%lx and is not the first, but another stands before it", at->paddr,
               (uint64_t)slot->cap.badge);
}

static bool memory_contains(const struct heap *heap, struct cap untyped, struct cap cap)
{
    return cap_is_physical(cap) && cap.paddr >= untyped.paddr &&
           cap.paddr + (1ull << cap_size_bits(heap->k, cap)) <=
               untyped.paddr + (1ull << untyped.untyped_bits);
}

static bool is_descendant(const struct heap *heap, const struct slot *parent, const struct slot *child)
{
    struct cap a = parent->cap;
    struct cap b = child->cap;
    if (!parent->is_revocable)
        return false;
    switch ((enum cap_type)a.type) {
    case CAP_UNTYPED:
        return memory_contains(heap, a, b);
    case CAP_IRQ_CONTROL:
        return b.type == CAP_IRQ_HANDLER;
    case CAP_IO_PORT_CONTROL:
        return b.type == CAP_IO_PORT;
    case CAP_IRQ_HANDLER:
        return b.type == a.type && b.irq == a.irq;
    case CAP_IO_PORT:
        return b.type == a.type && b.port_first == a.port_first && b.port_last == a.port_last;
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return b.type == a.type && b.paddr == a.paddr &&
               (a.badge == 0 || (a.badge == b.badge && !child->is_first_badged));
    case CAP_FRAME:
        return b.type == a.type && b.paddr == a.paddr && b.frame_size == a.frame_size;
    case CAP_ZOMBIE:
    case CAP_NULL:
        return false;
    default:
        return b.type == a.type && b.paddr == a.paddr;
    }
}

/* Walk one list and give each slot its place in the order and the end of its subtree. */
static uint32_t list_number(struct heap *heap, uint32_t head, uint32_t list)
{
    static uint32_t *stack;
    static uint32_t room;
    uint32_t depth = 0;
    uint32_t position = 0;

    for (uint32_t i = head;;) {
        struct heap_slot *at = &heap->slots[i];
        while (depth > 0 && !is_descendant(heap, heap->slots[stack[depth - 1]].slot, at->slot))
            heap->slots[stack[--depth]].end = position;
        at->list = list;
        at->position = position++;
        at->depth = depth;
        stack = array_grow(stack, &room, depth, sizeof *stack);
        stack[depth++] = i;
        if (at->slot->next == 0)
            break;
        i = paddr_map_get(&heap->slot_of, at->slot->next);
    }
    while (depth > 0)
        heap->slots[stack[--depth]].end = position;
    return position;
}

/* Capabilities to one object compare equal. */
static int object_compare(const struct cap *a, const struct cap *b)
{
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    if (a->paddr != b->paddr)
        return a->paddr < b->paddr ? -1 : 1;
    if ((a->type == CAP_IRQ_HANDLER || a->type == CAP_IO_PORT) && a->word != b->word)
        return a->word < b->word ? -1 : 1;
    return 0;
}

static int slot_compare(const void *a, const void *b)
{
    const struct heap_slot *left = *(const struct heap_slot *const *)a;
    const struct heap_slot *right = *(const struct heap_slot *const *)b;
    int order = object_compare(&left->slot->cap, &right->slot->cap);
    if (order)
        return order;
    if (left->list != right->list)
        return left->list < right->list ? -1 : 1;
    return left->position < right->position ? -1 : 1;
}

/* Whether a capability is the last one is decided by its neighbours, so all to one object must be
 * neighbours. */
static void neighbours_check(const struct heap *heap)
{
    static const struct heap_slot **order;
    static uint32_t room;
    uint32_t count = 0;

    for (uint32_t i = 0; i < heap->count; i++) {
        if (heap->slots[i].slot->cap.type == CAP_UNTYPED)
            continue;
        order = array_grow(order, &room, count, sizeof *order);
        order[count++] = &heap->slots[i];
    }
    if (count > 0)
        qsort(order, count, sizeof *order, slot_compare);
    for (uint32_t i = 1; i < count; i++) {
        if (object_compare(&order[i - 1]->slot->cap, &order[i]->slot->cap))
            continue;
        CHECK_THAT(INVARIANT,
                   order[i - 1]->list == order[i]->list && order[i - 1]->position + 1 == order[i]->position,
                   "0x%lx and 0x%lx name one object (type %u, 0x%lx) but are no neighbours",
                   order[i - 1]->paddr, order[i]->paddr, (unsigned)order[i]->slot->cap.type,
                   (uint64_t)order[i]->slot->cap.paddr);
    }
}

void check_derivation(struct heap *heap)
{
    uint32_t lists = 0;
    uint32_t numbered = 0;

    for (uint32_t i = 0; i < heap->count; i++) {
        links_check(heap, &heap->slots[i]);
        flags_check(heap, &heap->slots[i]);
    }
    for (uint32_t i = 0; i < heap->count; i++) {
        if (heap->slots[i].slot->prev == 0)
            numbered += list_number(heap, i, lists++);
    }
    CHECK_THAT(INVARIANT, numbered == heap->count, "%u of %u slots lie on a list that is a circle",
               heap->count - numbered, heap->count);
    neighbours_check(heap);
}
