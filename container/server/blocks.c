/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container's memory in blocks of powers of two: a block is free, in use, or split in two halves. Two halves that
 * are free become one again, but for some small ones as long as there is enough without them: the kernel clears all of
 * a block that is split, and of one that is used again only what was used. A block's capability is an untyped; revoking
 * it takes back all that was made of it.
 *
 * Invariant: free blocks have no children in the kernel; the free list of a size holds all free blocks of that size.
 */
#include "container/linux/heap.h"
#include "container/server/server.h"

enum {
    SIZES = 48,
    FIRST_BLOCKS = 192,
    RESERVE = 128,  /* more than any allocation splits */
    SLOTS = 256,    /* for those halves, and for objects on their way to a process */
    KEPT_BITS = 18, /* the largest that are kept, which is what a small process is granted */
    KEPT_BYTES = 4 << 20
};

static struct block *free_blocks[SIZES];
static struct block *spare;
static unsigned spare_count;
static uint64_t free_bytes, total_bytes, kept_bytes; /* of free blocks that are small enough to be kept */

static void spare_add(struct block *block)
{
    block->next = spare;
    spare = block;
    spare_count++;
}

void blocks_reserve(void)
{
    (void)slots_reserve(SLOTS);
    while (spare_count < RESERVE) {
        struct block *block = heap_alloc(sizeof *block);
        if (!block) {
            return;
        }
        spare_add(block);
    }
}

static struct block *block_new(cap_address cap, unsigned bits, struct block *parent)
{
    struct block *block = spare;
    if (block) {
        spare = block->next;
        spare_count--;
        *block = (struct block){.cap = cap, .bits = (uint8_t)bits, .parent = parent};
    }
    return block;
}

static void list_add(struct block *block)
{
    block->is_free = true;
    block->next = free_blocks[block->bits];
    free_blocks[block->bits] = block;
    free_bytes += 1ul << block->bits;
    kept_bytes += block->bits <= KEPT_BITS ? 1ul << block->bits : 0;
}

static void list_remove(struct block *block)
{
    struct block **at = &free_blocks[block->bits];
    while (*at != block) {
        at = &(*at)->next;
    }
    *at = block->next;
    block->is_free = false;
    free_bytes -= 1ul << block->bits;
    kept_bytes -= block->bits <= KEPT_BITS ? 1ul << block->bits : 0;
}

void blocks_init(const struct container_order *order)
{
    static struct block first[FIRST_BLOCKS + CONTAINER_UNTYPEDS];
    for (unsigned i = 0; i < FIRST_BLOCKS + CONTAINER_UNTYPEDS; i++) {
        spare_add(&first[i]);
    }
    for (unsigned i = 0; i < order->untyped_count; i++) {
        cap_address cap = slot_alloc(); /* those slots are for what the server itself is granted */
        if (seL4_CNode_Move(CONTAINER_SLOT_CNODE, cap, seL4_WordBits, CONTAINER_SLOT_CNODE,
                            CONTAINER_SLOT_UNTYPED + i, seL4_WordBits) != seL4_NoError) {
            broken("untyped %u is not there", i);
        }
        list_add(block_new(cap, order->untyped_bits[i], NULL));
        total_bytes += 1ul << order->untyped_bits[i];
    }
}

static cap_address half_make(const struct block *block)
{
    enum {
        LEAF_MASK = (1 << CONTAINER_LEAF_BITS) - 1,
        NODE_DEPTH = CONTAINER_GUARD_BITS + CONTAINER_ROOT_BITS
    };
    cap_address slot = slot_alloc();
    if (slot &&
        seL4_Untyped_Retype(block->cap, seL4_UntypedObject, block->bits - 1u, CONTAINER_SLOT_CNODE,
                            slot >> CONTAINER_LEAF_BITS, NODE_DEPTH, slot & LEAF_MASK, 1) == seL4_NoError) {
        return slot;
    }
    return 0;
}

/* A free block in two free halves. */
static bool block_split(struct block *block)
{
    if (spare_count < 2) {
        return false;
    }
    list_remove(block);
    cap_address low = half_make(block), high = low ? half_make(block) : 0;
    if (!high) {
        seL4_CNode_Revoke(CONTAINER_SLOT_CNODE, block->cap, seL4_WordBits);
        list_add(block);
        return false;
    }
    struct block *first = block_new(low, block->bits - 1u, block);
    struct block *second = block_new(high, block->bits - 1u, block);
    first->sibling = second;
    second->sibling = first;
    block->is_split = true;
    list_add(second);
    list_add(first);
    return true;
}

static struct block *block_take(unsigned bits)
{
    unsigned size = bits;
    while (size < SIZES && !free_blocks[size]) {
        size++;
    }
    if (size >= SIZES) {
        return NULL;
    }
    for (; size > bits; size--) {
        if (!block_split(free_blocks[size])) {
            return NULL;
        }
    }
    struct block *block = free_blocks[bits];
    list_remove(block);
    return block;
}

/* Two free halves become what they were halves of. */
static struct block *halves_join(struct block *block)
{
    struct block *parent = block->parent, *sibling = block->sibling;
    list_remove(block);
    list_remove(sibling);
    seL4_CNode_Revoke(CONTAINER_SLOT_CNODE, parent->cap,
                      seL4_WordBits); /* before anybody may get the slots */
    slot_free(block->cap);
    slot_free(sibling->cap);
    spare_add(block);
    spare_add(sibling);
    parent->is_split = false;
    list_add(parent);
    return parent;
}

static void block_join(struct block *block)
{
    while (block->parent && block->sibling->is_free) {
        block = halves_join(block);
    }
}

/* Blocks that were kept become larger ones. */
static void kept_join(void)
{
    for (unsigned bits = 0; bits <= KEPT_BITS; bits++) {
        struct block *block = free_blocks[bits];
        while (block) {
            bool is_half = block->parent && block->sibling->is_free;
            if (is_half) {
                block_join(block);
            }
            block = is_half ? free_blocks[bits] : block->next;
        }
    }
}

struct block *block_alloc(unsigned bits)
{
    struct block *block = block_take(bits);
    if (!block) {
        kept_join();
        block = block_take(bits);
    }
    return block;
}

struct block *block_alloc_between(unsigned least_bits, unsigned wish_bits)
{
    for (unsigned bits = wish_bits; bits >= least_bits && bits < SIZES; bits--) {
        struct block *block = block_alloc(bits);
        if (block) {
            return block;
        }
    }
    return NULL;
}

static void block_free(struct block *block)
{
    seL4_CNode_Revoke(CONTAINER_SLOT_CNODE, block->cap, seL4_WordBits);
    list_add(block);
    if (block->bits > KEPT_BITS || kept_bytes > KEPT_BYTES) {
        block_join(block);
    }
}

void block_release(struct block *block)
{
    if (--block->users == 0) {
        block_free(block);
    }
}

uint64_t blocks_free_bytes(void)
{
    return free_bytes;
}

uint64_t blocks_total_bytes(void)
{
    return total_bytes;
}
