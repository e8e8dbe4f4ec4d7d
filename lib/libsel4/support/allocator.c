/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots and objects out of the boot information.
 *
 * Invariant: `used` of an untyped is the kernel's own watermark, since nothing else
 * retypes it; so a retype that is asked for cannot fail for lack of memory.
 */
#include "internal.h"
#include "object_bits.h"

enum {
    STACKS_VADDR = 0x10000000
};

static void untyped_insert(struct sel4_util_allocator *allocator, seL4_Untyped cap, seL4_Uint8 size_bits)
{
    unsigned at = allocator->untyped_count;
    if (at == SEL4_UTIL_MAX_UNTYPEDS) {
        return;
    }
    for (; at > 0 && allocator->untypeds[at - 1].size_bits > size_bits; at--) {
        allocator->untypeds[at] = allocator->untypeds[at - 1];
    }
    allocator->untypeds[at] = (struct sel4_util_untyped){.cap = cap, .size_bits = size_bits};
    allocator->untyped_count++;
}

void sel4_util_allocator_init(struct sel4_util_allocator *allocator, const seL4_BootInfo *info)
{
    *allocator = (struct sel4_util_allocator){
        .cnode = seL4_CapInitThreadCNode,
        .vspace = seL4_CapInitThreadVSpace,
        .asid_pool = seL4_CapInitThreadASIDPool,
        .slot_start = info->empty.start,
        .slot_next = info->empty.start,
        .slot_end = info->empty.end - 1, /* the highest is the console's */
        .vaddr_next = STACKS_VADDR,
    };
#ifdef CONFIG_KERNEL_MCS
    allocator->sched_control = info->schedcontrol.start;
#endif
    for (seL4_Word i = 0; i < info->untyped.end - info->untyped.start; i++) {
        const seL4_UntypedDesc *untyped = &info->untypedList[i];
        if (!untyped->isDevice) {
            untyped_insert(allocator, info->untyped.start + i, untyped->sizeBits);
        }
    }
}

seL4_CPtr sel4_util_slot_alloc(struct sel4_util_allocator *allocator)
{
    return allocator->slot_next < allocator->slot_end ? allocator->slot_next++ : seL4_CapNull;
}

/* The smallest untyped with room; `start` gets the offset at which the object will lie. */
static struct sel4_util_untyped *untyped_find(struct sel4_util_allocator *allocator, seL4_Word bits,
                                              seL4_Word *start)
{
    seL4_Word size = LIBSEL4_BIT(bits);
    for (unsigned i = 0; i < allocator->untyped_count; i++) {
        struct sel4_util_untyped *untyped = &allocator->untypeds[i];
        *start = (untyped->used + size - 1) & ~(size - 1);
        if (*start + size <= LIBSEL4_BIT(untyped->size_bits)) {
            return untyped;
        }
    }
    return NULL;
}

seL4_CPtr sel4_util_object_alloc(struct sel4_util_allocator *allocator, seL4_Word type, seL4_Word size_bits)
{
    seL4_Word bits = sel4_util_object_bits(type, (unsigned)size_bits);
    seL4_Word start;
    struct sel4_util_untyped *untyped = untyped_find(allocator, bits, &start);
    seL4_CPtr slot = untyped ? sel4_util_slot_alloc(allocator) : seL4_CapNull;
    if (!slot) {
        return seL4_CapNull;
    }
    if (seL4_Untyped_Retype(untyped->cap, type, size_bits, allocator->cnode, 0, 0, slot, 1) != seL4_NoError) {
        return seL4_CapNull;
    }
    untyped->used = start + LIBSEL4_BIT(bits);
    return slot;
}

seL4_CPtr sel4_util_cap_mint(struct sel4_util_allocator *allocator, seL4_CPtr cap, seL4_CapRights_t rights,
                             seL4_Word badge)
{
    seL4_CPtr slot = sel4_util_slot_alloc(allocator);
    if (!slot || seL4_CNode_Mint(allocator->cnode, slot, seL4_WordBits, allocator->cnode, cap, seL4_WordBits,
                                 rights, badge) != seL4_NoError) {
        return seL4_CapNull;
    }
    return slot;
}

seL4_Error sel4_util_allocator_carve(struct sel4_util_allocator *child, struct sel4_util_allocator *parent,
                                     seL4_Word size_bits, seL4_Word slots)
{
    seL4_Untyped untyped = sel4_util_object_alloc(parent, seL4_UntypedObject, size_bits);
    if (!untyped || parent->slot_end - parent->slot_next < slots) {
        return seL4_NotEnoughMemory;
    }
    *child = *parent;
    child->slot_start = child->slot_next = parent->slot_next;
    child->slot_end = parent->slot_next += slots;
    child->untyped_count = 0;
    untyped_insert(child, untyped, (seL4_Uint8)size_bits);
    return seL4_NoError;
}

seL4_Error sel4_util_allocator_reset(struct sel4_util_allocator *child)
{
    seL4_Error error = (seL4_Error)seL4_CNode_Revoke(child->cnode, child->untypeds[0].cap, seL4_WordBits);
    /* What was minted from elsewhere is not below the untyped. */
    for (seL4_CPtr slot = child->slot_start; !error && slot < child->slot_next; slot++) {
        error = (seL4_Error)seL4_CNode_Delete(child->cnode, slot, seL4_WordBits);
    }
    child->slot_next = child->slot_start;
    child->untypeds[0].used = 0;
    return error;
}
