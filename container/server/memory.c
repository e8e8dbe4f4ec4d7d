/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the container's memory a process has: blocks granted to it, and blocks of which the server makes the
 * process' own objects. A block may have several users after a fork; its memory is free when the last one is gone.
 */
#include "container/linux/heap.h"
#include "container/server/server.h"

enum {
    OBJECTS_BITS = 17, /* what the server takes at a time for a process' objects */
    NODE_DEPTH = CONTAINER_GUARD_BITS + CONTAINER_ROOT_BITS,
    LEAF_MASK = (1 << CONTAINER_LEAF_BITS) - 1
};

bool use_add(struct process *process, struct block *block, uint64_t used)
{
    struct use *use = heap_alloc(sizeof *use);
    if (!use) {
        return false;
    }
    *use = (struct use){.block = block, .used = used, .next = process->uses};
    process->uses = use;
    block->users++;
    process->granted_bytes += 1ul << block->bits;
    return true;
}

bool uses_inherit(struct process *child, const struct process *parent)
{
    for (const struct use *use = parent->uses; use; use = use->next) {
        if (use->used == ~0ul && !use_add(child, use->block, ~0ul)) {
            return false;
        }
    }
    return true;
}

void uses_drop(struct process *process)
{
    while (process->uses) {
        struct use *use = process->uses;
        process->uses = use->next;
        process->granted_bytes -= 1ul << use->block->bits;
        block_release(use->block);
        heap_free(use, sizeof *use);
    }
}

/* A block of the process' with room for that much, aligned. */
static struct use *use_with_room(struct process *process, uint64_t bytes, uint64_t align)
{
    for (struct use *use = process->uses; use; use = use->next) {
        uint64_t start = (use->used + align - 1) & ~(align - 1);
        if (use->used != ~0ul && start + bytes <= 1ul << use->block->bits) {
            return use;
        }
    }
    unsigned bits = OBJECTS_BITS;
    while (1ul << bits < bytes) {
        bits++;
    }
    struct block *block = block_alloc(bits);
    if (!block) {
        return NULL;
    }
    if (!use_add(process, block, 0)) {
        block->users = 1;
        block_release(block);
        return NULL;
    }
    return process->uses;
}

bool process_retype(struct process *process, uint64_t type, unsigned size_argument, unsigned bits,
                    cap_address root, uint64_t index, unsigned depth, uint64_t offset, unsigned count)
{
    uint64_t align = 1ul << bits;
    struct use *use = use_with_room(process, align * count, align);
    if (!use || seL4_Untyped_Retype(use->block->cap, type, size_argument, root, index, depth, offset,
                                    count) != seL4_NoError) {
        return false;
    }
    use->used = ((use->used + align - 1) & ~(align - 1)) + align * count;
    return true;
}

cap_address process_object(struct process *process, uint64_t type, unsigned size_argument, unsigned bits)
{
    cap_address slot = slot_alloc();
    if (slot && !process_retype(process, type, size_argument, bits, CONTAINER_SLOT_CNODE,
                                slot >> CONTAINER_LEAF_BITS, NODE_DEPTH, slot & LEAF_MASK, 1)) {
        slot_free(slot);
        return 0;
    }
    return slot;
}

long memory_grant(struct process *process, uint64_t least, uint64_t wish, uint64_t slot)
{
    if (least < seL4_PageBits || least > wish || wish > 30 || slot < CONTAINER_SLOT_UNTYPED ||
        slot >= CONTAINER_SLOT_UNTYPED + CONTAINER_UNTYPEDS) {
        return -EINVAL;
    }
    struct block *block = block_alloc_between((unsigned)least, (unsigned)wish);
    if (!block) {
        return -ENOMEM;
    }
    if (!use_add(process, block, ~0ul)) {
        block->users = 1;
        block_release(block);
        return -ENOMEM;
    }
    if (seL4_CNode_Copy(process->cnode, slot, seL4_WordBits, CONTAINER_SLOT_CNODE, block->cap, seL4_WordBits,
                        seL4_AllRights) != seL4_NoError) {
        return -EINVAL; /* the slot is taken; the memory stays lost to this process */
    }
    return block->bits;
}

/* The server's own memory comes from the same place, and stays. */
unsigned memory_more(unsigned least_bits, unsigned wish_bits, cap_address slot)
{
    struct block *block = block_alloc_between(least_bits, wish_bits);
    if (!block) {
        return 0;
    }
    block->users = 1;
    return seL4_CNode_Copy(CONTAINER_SLOT_CNODE, slot, seL4_WordBits, CONTAINER_SLOT_CNODE, block->cap,
                           seL4_WordBits, seL4_AllRights) == seL4_NoError
               ? block->bits
               : 0;
}

uint64_t leaf_more(void)
{
    static uint64_t next = 1;
    bool has_place = next < 1ul << CONTAINER_ROOT_BITS;
    struct block *block = has_place ? block_alloc(CONTAINER_LEAF_BITS + seL4_SlotBits) : NULL;
    if (!block) {
        return 0;
    }
    block->users = 1;
    if (seL4_Untyped_Retype(block->cap, seL4_CapTableObject, CONTAINER_LEAF_BITS, CONTAINER_SLOT_CNODE, 0, 0,
                            next, 1) != seL4_NoError) {
        block_release(block);
        return 0;
    }
    return next++;
}

uint64_t memory_left(uint64_t *total)
{
    *total = blocks_total_bytes();
    return blocks_free_bytes();
}
