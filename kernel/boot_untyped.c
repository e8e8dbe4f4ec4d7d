/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cutting memory into untypeds (see boot_untyped.h).
 */
#include "kernel/boot_untyped.h"

#include "kernel/bootinfo.h"

/* The largest untyped that starts at `start` and ends before `end`. DIFFERS: aligned at all addresses. */
static unsigned untyped_bits_at(uint64_t start, uint64_t end)
{
    unsigned size_bits = 63 - (unsigned)__builtin_clzll(end - start);
    unsigned align_bits = start ? (unsigned)__builtin_ctzll(start) : ABI_MAX_UNTYPED_BITS;
    unsigned bits = size_bits < align_bits ? size_bits : align_bits;
    return bits < ABI_MAX_UNTYPED_BITS ? bits : (unsigned)ABI_MAX_UNTYPED_BITS;
}

static void untyped_list_append(struct untyped_list *list, uint64_t paddr, unsigned bits, bool is_device)
{
    if (list->count >= bootinfo_untyped_limit(list->k) || list->next_slot >= list->slot_count)
        return;
    bootinfo_set_untyped(list->k, list->bootinfo, list->count++, paddr, bits, is_device);
    slot_set_root(&list->slots[list->next_slot++], cap_untyped(paddr, bits, is_device, 0));
}

void untyped_list_add(struct untyped_list *list, uint64_t start, uint64_t end, bool is_device)
{
    while (start < end) {
        unsigned bits = untyped_bits_at(start, end);
        if (bits >= ABI_MIN_UNTYPED_BITS)
            untyped_list_append(list, start, bits, is_device);
        start += 1ull << bits;
    }
}
