/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "untyped": where objects lie, and that unused memory is zero.
 */
#include <stdlib.h>
#include <string.h>

#include "check/heap.h"

static const char INVARIANT[] = "untyped";

enum {
    PAGE_SIZE = 4096
};

static const struct heap *compared_heap; /* qsort passes no context */

static uint64_t cap_size(const struct heap *heap, struct cap cap)
{
    return 1ull << cap_size_bits(heap->k, cap);
}

/* By address; of those that begin together the largest first, of equals the ancestor. */
static int physical_compare(const void *a, const void *b)
{
    const struct heap *heap = compared_heap;
    const struct heap_slot *left = &heap->slots[*(const uint32_t *)a];
    const struct heap_slot *right = &heap->slots[*(const uint32_t *)b];
    struct cap x = left->slot->cap;
    struct cap y = right->slot->cap;
    if (x.paddr != y.paddr)
        return x.paddr < y.paddr ? -1 : 1;
    if (cap_size(heap, x) != cap_size(heap, y))
        return cap_size(heap, x) > cap_size(heap, y) ? -1 : 1;
    if ((x.type == CAP_UNTYPED) != (y.type == CAP_UNTYPED))
        return x.type == CAP_UNTYPED ? -1 : 1;
    return left->position < right->position ? -1 : 1;
}

static bool cap_is_device(struct cap cap)
{
    return (cap.type == CAP_UNTYPED && cap.is_device) || (cap.type == CAP_FRAME && cap.frame_is_device);
}

static void place_check(const struct heap *heap, const struct heap_slot *at)
{
    const struct kernel *k = heap->k;
    struct cap cap = at->slot->cap;
    uint64_t size = cap_size(heap, cap);

    CHECK_THAT(INVARIANT, cap.paddr % size == 0, "the object 0x%lx of slot 0x%lx is not aligned to its size",
               (uint64_t)cap.paddr, at->paddr);
    if (cap_is_device(cap))
        CHECK_THAT(INVARIANT, cap.paddr + size <= KERNEL_PADDR || cap.paddr >= k->memory_size,
                   "device memory 0x%lx of slot 0x%lx lies in the arena", (uint64_t)cap.paddr, at->paddr);
    else
        CHECK_THAT(INVARIANT, cap.paddr >= k->state->kernel_end && cap.paddr + size <= k->memory_size,
                   "the object 0x%lx of slot 0x%lx lies outside the memory for objects", (uint64_t)cap.paddr,
                   at->paddr);
    if (cap.type == CAP_UNTYPED)
        CHECK_THAT(INVARIANT, cap.free_offset <= size, "the watermark of 0x%lx is beyond its end", at->paddr);
}

static void child_check(const struct heap *heap, const struct heap_slot *outer, const struct heap_slot *at)
{
    struct cap parent = outer->slot->cap;
    struct cap cap = at->slot->cap;
    uint64_t end = cap.paddr + cap_size(heap, cap);

    CHECK_THAT(INVARIANT, end <= parent.paddr + cap_size(heap, parent),
               "the objects of 0x%lx and 0x%lx overlap", outer->paddr, at->paddr);
    CHECK_THAT(INVARIANT, parent.type == CAP_UNTYPED, "the object of 0x%lx lies in that of 0x%lx, no untyped",
               at->paddr, outer->paddr);
    CHECK_THAT(INVARIANT,
               at->list == outer->list && at->position > outer->position && at->position < outer->end,
               "the object of 0x%lx lies in the untyped of 0x%lx, but was not derived from it", at->paddr,
               outer->paddr);
    CHECK_THAT(INVARIANT, end <= parent.paddr + parent.free_offset,
               "the object of 0x%lx lies above the watermark of the untyped in 0x%lx", at->paddr,
               outer->paddr);
    CHECK_THAT(INVARIANT, !parent.is_device || cap_is_device(cap),
               "0x%lx names an object in the device memory of 0x%lx", at->paddr, outer->paddr);
}

static bool is_same_object(const struct heap *heap, const struct heap_slot *a, const struct heap_slot *b)
{
    struct cap x = a->slot->cap;
    struct cap y = b->slot->cap;
    return x.type == y.type && x.type != CAP_UNTYPED && x.paddr == y.paddr &&
           cap_size(heap, x) == cap_size(heap, y);
}

static void nesting_check(const struct heap *heap)
{
    static const struct heap_slot **stack;
    static uint32_t room;
    uint32_t depth = 0;

    for (uint32_t i = 0; i < heap->physical_count; i++) {
        const struct heap_slot *at = &heap->slots[heap->physical[i]];
        place_check(heap, at);
        while (depth > 0 && stack[depth - 1]->slot->cap.paddr + cap_size(heap, stack[depth - 1]->slot->cap) <=
                                at->slot->cap.paddr)
            depth--;
        if (depth > 0 && is_same_object(heap, stack[depth - 1], at))
            continue;
        if (depth > 0)
            child_check(heap, stack[depth - 1], at);
        stack = array_grow(stack, &room, depth, sizeof *stack);
        stack[depth++] = at;
    }
}

bool (*kernel_check_page_is_absent)(const void *page);

static void zero_check(const struct heap *heap, const struct heap_slot *at, uint64_t start, uint64_t end)
{
    static const unsigned char zeros[PAGE_SIZE];
    for (uint64_t paddr = start; paddr < end;) {
        uint64_t page_end = (paddr & ~(uint64_t)(PAGE_SIZE - 1)) + PAGE_SIZE;
        uint64_t size = (page_end < end ? page_end : end) - paddr;
        const void *bytes = arena_at(heap->k, paddr);
        bool is_absent = kernel_check_page_is_absent &&
                         kernel_check_page_is_absent(arena_at(heap->k, page_end - PAGE_SIZE));
        CHECK_THAT(INVARIANT, is_absent || memcmp(bytes, zeros, size) == 0,
                   "unused memory of the untyped in 0x%lx is not zero, in the page 0x%lx", at->paddr,
                   paddr & ~(uint64_t)(PAGE_SIZE - 1));
        paddr += size;
    }
}

static void free_memory_check(const struct heap *heap, const struct heap_slot *at, bool is_sampled,
                              uint64_t salt)
{
    struct cap cap = at->slot->cap;
    uint64_t end = cap.paddr + cap_size(heap, cap);
    uint64_t start = cap.paddr + cap.free_offset;
    if (!is_sampled || end - start <= 2 * PAGE_SIZE) {
        zero_check(heap, at, start, end);
        return;
    }
    uint64_t pages = (end - start) / PAGE_SIZE;
    uint64_t chosen = start + (salt * 0x9e3779b97f4a7c15ull >> 20) % pages * PAGE_SIZE;
    zero_check(heap, at, start, start + PAGE_SIZE);
    zero_check(heap, at, chosen, chosen + PAGE_SIZE);
}

void check_untyped(struct heap *heap, bool is_sampled, uint64_t salt)
{
    compared_heap = heap;
    if (heap->physical_count > 0)
        qsort(heap->physical, heap->physical_count, sizeof *heap->physical, physical_compare);
    nesting_check(heap);
    for (uint32_t i = 0; i < heap->physical_count; i++) {
        const struct heap_slot *at = &heap->slots[heap->physical[i]];
        if (at->slot->cap.type == CAP_UNTYPED && !at->slot->cap.is_device)
            free_memory_check(heap, at, is_sampled, salt + i);
    }
}
