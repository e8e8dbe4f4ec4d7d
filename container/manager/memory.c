/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buddies of untyped memory.
 *
 * Invariant: a block is free, split into two blocks of half its size, or in an estate's hands. A free block has no
 * children in the kernel, and its memory is zero.
 */
#include "memory.h"

enum {
    BLOCKS = 1024,
    NONE = BLOCKS
};

enum block_state {
    BLOCK_UNUSED, /* an entry without memory; it may have a slot from before */
    BLOCK_FREE,
    BLOCK_SPLIT,
    BLOCK_TAKEN
};

/* The halves of a block are neighbours in the table and in the CNode. */
static struct block {
    seL4_CPtr cap;
    seL4_Uint8 bits;
    seL4_Uint8 state;
    unsigned parent, half; /* NONE */
} blocks[BLOCKS];

static struct sel4_util_allocator *main_allocator;
static unsigned first_pair;
static seL4_CPtr scratch; /* an empty slot */

static unsigned block_take(unsigned bits);

/* In ascending order, as the allocator wants them. */
static void untyped_insert(struct sel4_util_allocator *allocator, const struct block *block)
{
    unsigned at = allocator->untyped_count++;
    for (; at > 0 && allocator->untypeds[at - 1].size_bits > block->bits; at--) {
        allocator->untypeds[at] = allocator->untypeds[at - 1];
    }
    allocator->untypeds[at] = (struct sel4_util_untyped){.cap = block->cap, .size_bits = block->bits};
}

seL4_Error memory_init(struct sel4_util_allocator *all, unsigned own_bits)
{
    main_allocator = all;
    for (unsigned i = 0; i < all->untyped_count; i++) {
        blocks[i] = (struct block){.cap = all->untypeds[i].cap,
                                   .bits = all->untypeds[i].size_bits,
                                   .state = BLOCK_FREE,
                                   .parent = NONE,
                                   .half = NONE};
    }
    first_pair = all->untyped_count;
    all->untyped_count = 0;
    scratch = sel4_util_slot_alloc(all);
    unsigned own = block_take(own_bits);
    if (own == NONE || !scratch) {
        return seL4_NotEnoughMemory;
    }
    untyped_insert(all, &blocks[own]);
    return seL4_NoError;
}

static unsigned pair_find(void)
{
    for (unsigned i = first_pair; i + 1 < BLOCKS; i += 2) {
        if (blocks[i].state == BLOCK_UNUSED && blocks[i + 1].state == BLOCK_UNUSED) {
            return i;
        }
    }
    return NONE;
}

static bool pair_slots(unsigned pair)
{
    if (!blocks[pair].cap) {
        seL4_CPtr first = sel4_util_slot_alloc(main_allocator);
        seL4_CPtr second = sel4_util_slot_alloc(main_allocator);
        if (!first || !second) {
            return false;
        }
        blocks[pair].cap = first;
        blocks[pair + 1].cap = second;
    }
    return true;
}

static bool block_split(unsigned at)
{
    struct block *block = &blocks[at];
    unsigned pair = pair_find();
    if (pair == NONE || !pair_slots(pair) ||
        seL4_Untyped_Retype(block->cap, seL4_UntypedObject, block->bits - 1u, main_allocator->cnode, 0, 0,
                            blocks[pair].cap, 2) != seL4_NoError) {
        return false;
    }
    for (unsigned i = pair; i < pair + 2; i++) {
        blocks[i].bits = (seL4_Uint8)(block->bits - 1);
        blocks[i].state = BLOCK_FREE;
        blocks[i].parent = at;
        blocks[i].half = NONE;
    }
    block->state = BLOCK_SPLIT;
    block->half = pair;
    return true;
}

/* The smallest free one of at least this size; NONE. */
static unsigned block_find(unsigned bits)
{
    unsigned best = NONE;
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (blocks[i].state == BLOCK_FREE && blocks[i].bits >= bits &&
            (best == NONE || blocks[i].bits < blocks[best].bits)) {
            best = i;
        }
    }
    return best;
}

static unsigned block_take(unsigned bits)
{
    unsigned at = block_find(bits);
    while (at != NONE && blocks[at].bits > bits) {
        at = block_split(at) ? blocks[at].half : NONE;
    }
    if (at != NONE) {
        blocks[at].state = BLOCK_TAKEN;
    }
    return at;
}

/* The kernel clears memory when it is first used again: have it done now. */
static void block_clear(const struct block *block)
{
    seL4_CNode_Revoke(main_allocator->cnode, block->cap, seL4_WordBits);
    if (seL4_Untyped_Retype(block->cap, seL4_EndpointObject, 0, main_allocator->cnode, 0, 0, scratch, 1) ==
        seL4_NoError) {
        seL4_CNode_Revoke(main_allocator->cnode, block->cap, seL4_WordBits);
    }
}

static void block_join(unsigned at)
{
    while (blocks[at].parent != NONE) {
        unsigned parent = blocks[at].parent, pair = blocks[parent].half;
        if (blocks[pair].state != BLOCK_FREE || blocks[pair + 1].state != BLOCK_FREE) {
            return;
        }
        seL4_CNode_Revoke(main_allocator->cnode, blocks[parent].cap, seL4_WordBits);
        blocks[pair].state = blocks[pair + 1].state = BLOCK_UNUSED;
        blocks[parent].state = BLOCK_FREE;
        blocks[parent].half = NONE;
        at = parent;
    }
}

static void block_free(unsigned at)
{
    block_clear(&blocks[at]);
    blocks[at].state = BLOCK_FREE;
    block_join(at);
}

bool estate_reserve(struct estate *estate, seL4_Word slots)
{
    if (main_allocator->slot_end - main_allocator->slot_next < slots) {
        return false;
    }
    *estate = (struct estate){.slot_start = main_allocator->slot_next};
    estate->slot_end = main_allocator->slot_next += slots;
    return true;
}

static void allocator_begin(struct sel4_util_allocator *allocator, seL4_SlotPos slot_start,
                            seL4_SlotPos slot_end)
{
    *allocator = *main_allocator;
    allocator->untyped_count = 0;
    allocator->slot_start = allocator->slot_next = slot_start;
    allocator->slot_end = slot_end;
}

static bool blocks_take(struct estate *estate, struct sel4_util_allocator *allocator, seL4_Word bytes)
{
    unsigned bits = seL4_WordBits - 1;
    while (bytes > 0) {
        while ((1ul << bits) > bytes) {
            bits--;
        }
        unsigned block =
            bits >= seL4_PageBits && estate->block_count < ESTATE_BLOCKS ? block_take(bits) : NONE;
        if (block == NONE && (bits <= seL4_PageBits || estate->block_count == ESTATE_BLOCKS)) {
            return false;
        }
        if (block == NONE) {
            bits--; /* two of half the size instead */
            continue;
        }
        estate->block[estate->block_count++] = block;
        untyped_insert(allocator, &blocks[block]);
        bytes -= 1ul << bits;
    }
    return true;
}

/* The quota first: the larger its pieces, the better. A slot for each piece comes from the estate's. */
seL4_Error estate_make(struct estate *estate, seL4_Word bytes, seL4_Word quota)
{
    seL4_SlotPos quota_end = estate->slot_start + (quota ? ESTATE_BLOCKS : 0);
    allocator_begin(&estate->quota, estate->slot_start, quota_end);
    allocator_begin(&estate->allocator, quota_end, estate->slot_end);
    estate->block_count = 0;
    if (!blocks_take(estate, &estate->quota, quota) || !blocks_take(estate, &estate->allocator, bytes)) {
        estate_free(estate);
        return seL4_NotEnoughMemory;
    }
    return seL4_NoError;
}

void estate_free(struct estate *estate)
{
    struct sel4_util_allocator *allocator = &estate->allocator;
    for (unsigned i = 0; i < estate->block_count; i++) {
        block_free(estate->block[i]);
    }
    /* What was minted from elsewhere is not below a block. */
    for (seL4_CPtr slot = estate->slot_start; slot < allocator->slot_next; slot++) {
        seL4_CNode_Delete(allocator->cnode, slot, seL4_WordBits);
    }
    estate->block_count = 0;
    allocator->slot_next = estate->slot_start;
    allocator->untyped_count = estate->quota.untyped_count = 0;
}

seL4_Word memory_free_bytes(void)
{
    seL4_Word bytes = 0;
    for (unsigned i = 0; i < BLOCKS; i++) {
        bytes += blocks[i].state == BLOCK_FREE ? 1ul << blocks[i].bits : 0;
    }
    return bytes;
}
