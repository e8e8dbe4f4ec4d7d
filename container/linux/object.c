/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots, untyped memory, frames and their mappings.
 *
 * Invariant: `used` of an untyped is the kernel's own watermark, since nothing else retypes it.
 * Frames come in batches, so that neighbours in a program's memory are neighbours in the machine's, which is
 * what makes large mappings cheap below.
 */
#include "container/linux/object.h"

#include <sel4/arch/mapping.h>
#include <sel4/sel4.h>

#include "container/linux/heap.h"

enum {
    LEAF_SLOTS = 1 << CONTAINER_LEAF_BITS,
    ROOT_SLOTS = 1 << CONTAINER_ROOT_BITS,
    NODE_DEPTH = CONTAINER_GUARD_BITS + CONTAINER_ROOT_BITS,
    FRAME_BATCH = 64
};

struct untyped {
    cap_address cap;
    uint64_t size, used;
};

static struct untyped untypeds[CONTAINER_UNTYPEDS]; /* ascending sizes */
static unsigned untyped_count;
static uint64_t slot_next, slot_end; /* in the present leaf */
static uint64_t total_bytes;

/* Frames that nobody uses: fresh ones are zero and a row, used ones a stack. */
static uint64_t fresh_next, fresh_end;
static uint32_t *used_frames;
static size_t used_count, used_room;

void object_init(const struct container_order *order)
{
    untyped_count = (unsigned)order->untyped_count;
    for (unsigned i = 0; i < untyped_count; i++) {
        uint64_t size = 1ul << order->untyped_bits[i];
        unsigned at = i;
        for (; at > 0 && untypeds[at - 1].size > size; at--) {
            untypeds[at] = untypeds[at - 1];
        }
        untypeds[at] = (struct untyped){.cap = CONTAINER_SLOT_UNTYPED + i, .size = size};
        total_bytes += size;
    }
    slot_next = CONTAINER_SLOT_FREE;
    slot_end = LEAF_SLOTS;
}

static struct untyped *untyped_find(uint64_t bytes, uint64_t align)
{
    for (unsigned i = 0; i < untyped_count; i++) {
        uint64_t start = (untypeds[i].used + align - 1) & ~(align - 1);
        if (start + bytes <= untypeds[i].size) {
            return &untypeds[i];
        }
    }
    return NULL;
}

/* `count` objects into free slots of a leaf from `slot` on; slot_end - slot_next must allow it. */
static bool retype(uint64_t type, unsigned size_argument, unsigned bits, uint64_t root_index,
                   uint64_t node_depth, uint64_t offset, unsigned count)
{
    uint64_t align = 1ul << bits;
    struct untyped *untyped = untyped_find(align * count, align);
    if (!untyped || seL4_Untyped_Retype(untyped->cap, type, size_argument, CONTAINER_SLOT_CNODE, root_index,
                                        node_depth, offset, count) != seL4_NoError) {
        return false;
    }
    untyped->used = ((untyped->used + align - 1) & ~(align - 1)) + align * count;
    return true;
}

static bool leaf_next(void)
{
    uint64_t leaf = slot_end >> CONTAINER_LEAF_BITS;
    if (leaf == ROOT_SLOTS || !retype(seL4_CapTableObject, CONTAINER_LEAF_BITS,
                                      CONTAINER_LEAF_BITS + seL4_SlotBits, 0, 0, leaf, 1)) {
        return false;
    }
    slot_next = leaf << CONTAINER_LEAF_BITS;
    slot_end = slot_next + LEAF_SLOTS;
    return true;
}

cap_address slot_alloc(void)
{
    return slot_next < slot_end || leaf_next() ? slot_next++ : 0;
}

/* log2 of the bytes that an object takes. */
static unsigned object_bits(uint64_t type, unsigned size_bits)
{
    switch (type) {
    case seL4_TCBObject:
        return seL4_TCBBits;
    case seL4_EndpointObject:
        return seL4_EndpointBits;
    case seL4_NotificationObject:
        return seL4_NotificationBits;
    case seL4_CapTableObject:
        return size_bits + seL4_SlotBits;
#ifdef CONFIG_KERNEL_MCS
    case seL4_ReplyObject:
        return seL4_ReplyBits;
#endif
    case seL4_X86_4K:
    case seL4_X86_PageTableObject:
    case seL4_X86_PageDirectoryObject:
    case seL4_X86_PDPTObject:
        return seL4_PageBits;
    default: /* untyped, scheduling contexts, host objects */
        return size_bits;
    }
}

cap_address object_alloc(uint64_t type, unsigned size_bits)
{
    cap_address slot = slot_alloc();
    uint64_t leaf = slot >> CONTAINER_LEAF_BITS;
    if (!slot || !retype(type, size_bits, object_bits(type, size_bits), leaf, NODE_DEPTH,
                         slot & (LEAF_SLOTS - 1), 1)) {
        return 0;
    }
    return slot;
}

bool object_box_make(struct object_box *box, unsigned size_bits)
{
    *box = (struct object_box){.untyped = object_alloc(seL4_UntypedObject, size_bits)};
    box->object = box->untyped ? slot_alloc() : 0;
    return box->object != 0;
}

bool object_box_fill(const struct object_box *box, uint64_t type)
{
    return seL4_Untyped_Retype(box->untyped, type, 0, CONTAINER_SLOT_CNODE,
                               box->object >> CONTAINER_LEAF_BITS, NODE_DEPTH, box->object & (LEAF_SLOTS - 1),
                               1) == seL4_NoError;
}

void object_box_empty(const struct object_box *box)
{
    seL4_CNode_Delete(CONTAINER_SLOT_CNODE, box->object, seL4_WordBits);
}

/* As many new frames as slots and memory allow, up to a batch. */
static bool frames_refill(void)
{
    if (slot_next == slot_end && !leaf_next()) {
        return false;
    }
    uint64_t room = slot_end - slot_next;
    for (unsigned count = room < FRAME_BATCH ? (unsigned)room : FRAME_BATCH; count > 0; count /= 2) {
        if (retype(seL4_X86_4K, 0, seL4_PageBits, slot_next >> CONTAINER_LEAF_BITS, NODE_DEPTH,
                   slot_next & (LEAF_SLOTS - 1), count)) {
            fresh_next = slot_next;
            fresh_end = slot_next += count;
            return true;
        }
    }
    return false;
}

uint32_t frame_alloc(bool *is_zero)
{
    if (used_count > 0) {
        *is_zero = false;
        return used_frames[--used_count];
    }
    *is_zero = true;
    if (fresh_next == fresh_end && !frames_refill()) {
        return 0;
    }
    return (uint32_t)fresh_next++;
}

void frame_free(uint32_t frame)
{
    /* Room for it is made when frames are handed out in numbers, so that giving back cannot fail. */
    if (used_count == used_room) {
        size_t room = used_room ? 2 * used_room : 1024;
        uint32_t *frames = heap_alloc(room * sizeof *frames);
        if (!frames) {
            return; /* the frame is lost to this container, which has no memory left anyway */
        }
        if (used_frames) {
            memcpy(frames, used_frames, used_count * sizeof *frames);
            heap_free(used_frames, used_room * sizeof *used_frames);
        }
        used_frames = frames;
        used_room = room;
    }
    used_frames[used_count++] = frame;
}

uint64_t object_free_bytes(void)
{
    uint64_t bytes = (fresh_end - fresh_next + used_count) * PAGE_SIZE;
    for (unsigned i = 0; i < untyped_count; i++) {
        bytes += untypeds[i].size - untypeds[i].used;
    }
    return bytes;
}

uint64_t object_total_bytes(void)
{
    return total_bytes;
}

static bool structure_add(uint64_t vaddr, seL4_Word level)
{
    uint64_t type = level == SEL4_MAPPING_LOOKUP_NO_PT   ? seL4_X86_PageTableObject
                    : level == SEL4_MAPPING_LOOKUP_NO_PD ? seL4_X86_PageDirectoryObject
                                                         : seL4_X86_PDPTObject;
    cap_address cap = object_alloc(type, 0);
    if (!cap) {
        return false;
    }
    seL4_Error error;
    if (level == SEL4_MAPPING_LOOKUP_NO_PT) {
        error = seL4_X86_PageTable_Map(cap, CONTAINER_SLOT_VSPACE, vaddr, seL4_X86_Default_VMAttributes);
    } else if (level == SEL4_MAPPING_LOOKUP_NO_PD) {
        error = seL4_X86_PageDirectory_Map(cap, CONTAINER_SLOT_VSPACE, vaddr, seL4_X86_Default_VMAttributes);
    } else {
        error = seL4_X86_PDPT_Map(cap, CONTAINER_SLOT_VSPACE, vaddr, seL4_X86_Default_VMAttributes);
    }
    return error == seL4_NoError;
}

bool frame_map(uint32_t frame, uint64_t vaddr, bool is_writable)
{
    seL4_CapRights_t rights = is_writable ? seL4_ReadWrite : seL4_CanRead;
    for (;;) {
        seL4_Error error =
            seL4_X86_Page_Map(frame, CONTAINER_SLOT_VSPACE, vaddr, rights, seL4_X86_Default_VMAttributes);
        if (error != seL4_FailedLookup) {
            return error == seL4_NoError;
        }
        if (!structure_add(vaddr, seL4_MappingFailedLookupLevel())) {
            return false;
        }
    }
}

void frame_unmap(uint32_t frame)
{
    seL4_X86_Page_Unmap(frame);
}
