/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots, untyped memory, objects, frames. Mapping these is object_map.c's.
 *
 * Invariant: `used` of an untyped is the kernel's own watermark, since nothing else retypes it.
 * Frames come in batches, so that neighbours in a program's memory are neighbours in the machine's, which is
 * what makes large mappings cheap below.
 */
#include "container/linux/object.h"

#include <sel4/sel4.h>

#include "container/linux/heap.h"
#include "lib/libsel4/support/object_bits.h"

enum {
    LEAF_SLOTS = 1 << CONTAINER_LEAF_BITS,
    NODE_DEPTH = CONTAINER_GUARD_BITS + CONTAINER_ROOT_BITS,
    FRAME_BATCH = 64,
    GRANT_LEAST_BITS = 18, /* what is asked for at a time, for as long as a process is small */
    GRANT_MOST_BITS = 24,
    GRANT_LAST_BITS = 30 /* when there are not many slots left for grants */
};

struct untyped {
    cap_address cap;
    uint64_t size, used;
};

static struct untyped untypeds[CONTAINER_UNTYPEDS]; /* ascending sizes */
static unsigned untyped_count, untyped_slots;
static uint64_t slot_next, slot_end; /* in the present leaf */
static uint64_t granted_bytes;

/* A stack of numbers. */
struct stack {
    uint32_t *at;
    size_t count, room;
};

static struct stack free_slots;

/* Frames that nobody uses: fresh ones are zero and a row, used ones a stack. */
static uint64_t fresh_next, fresh_end;
static struct stack used_frames;

void object_init(void)
{
    slot_next = CONTAINER_SLOT_FREE;
    slot_end = LEAF_SLOTS;
}

void object_fork(void)
{
    untyped_count = untyped_slots = 0;
    granted_bytes = 0;
    fresh_next = fresh_end = 0;
    used_frames.count = free_slots.count = 0;
    slot_next = slot_end;
}

/* False: no memory, which is no loss that matters then. */
static bool stack_push(struct stack *stack, uint32_t number)
{
    if (stack->count == stack->room) {
        size_t room = stack->room ? 2 * stack->room : 1024;
        uint32_t *more = heap_alloc(room * sizeof *more);
        if (!more) {
            return false;
        }
        if (stack->at) {
            memcpy(more, stack->at, stack->count * sizeof *more);
            heap_free(stack->at, stack->room * sizeof *more);
        }
        stack->at = more;
        stack->room = room;
    }
    stack->at[stack->count++] = number;
    return true;
}

static void untyped_add(cap_address cap, unsigned bits)
{
    unsigned at = untyped_count++;
    for (; at > 0 && untypeds[at - 1].size > 1ul << bits; at--) {
        untypeds[at] = untypeds[at - 1];
    }
    untypeds[at] = (struct untyped){.cap = cap, .size = 1ul << bits};
    granted_bytes += 1ul << bits;
}

/* Another grant, which has room for so much. They become larger as the process does. */
static bool untyped_more(uint64_t bytes)
{
    unsigned least = seL4_PageBits, wish = GRANT_LEAST_BITS;
    while (1ul << least < bytes) {
        least++;
    }
    unsigned most = untyped_slots < CONTAINER_UNTYPEDS / 2 ? GRANT_MOST_BITS : GRANT_LAST_BITS;
    while (wish < most && (1ul << wish) < granted_bytes / 4) {
        wish++;
    }
    if (untyped_slots == CONTAINER_UNTYPEDS) {
        return false;
    }
    unsigned index = untyped_slots++; /* memory_more may come back here */
    cap_address slot = CONTAINER_SLOT_UNTYPED + index;
    unsigned bits = memory_more(least, wish > least ? wish : least, slot);
    if (bits) {
        untyped_add(slot, bits);
    } else if (untyped_slots == index + 1) {
        untyped_slots--;
    }
    return bits;
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

/* Have an untyped with room for that many objects. Asking for one may take slots, and even frames. */
static bool memory_reserve(unsigned bits, unsigned count)
{
    uint64_t align = 1ul << bits;
    return untyped_find(align * count, align) || untyped_more(align * count);
}

/* `count` objects into free slots of a leaf from `offset` on. Where memory was reserved, nothing else happens. */
static seL4_Error retype(uint64_t type, unsigned size_argument, unsigned bits, uint64_t root_index,
                         uint64_t node_depth, uint64_t offset, unsigned count)
{
    uint64_t align = 1ul << bits;
    struct untyped *untyped = memory_reserve(bits, count) ? untyped_find(align * count, align) : NULL;
    if (!untyped) {
        return seL4_NotEnoughMemory;
    }
    seL4_Error error = seL4_Untyped_Retype(untyped->cap, type, size_argument, CONTAINER_SLOT_CNODE,
                                           root_index, node_depth, offset, count);
    if (error == seL4_NoError) {
        untyped->used = ((untyped->used + align - 1) & ~(align - 1)) + align * count;
    }
    return error;
}

/* Asking for a leaf may have made one. */
static bool leaf_add(void)
{
    uint64_t leaf = leaf_more();
    if (slot_next == slot_end) {
        slot_next = leaf << CONTAINER_LEAF_BITS;
        slot_end = leaf ? slot_next + LEAF_SLOTS : slot_next;
    } else {
        for (uint64_t i = 0; leaf && i < LEAF_SLOTS; i++) {
            slot_free((leaf << CONTAINER_LEAF_BITS) + i);
        }
    }
    return slot_next < slot_end;
}

/* Have a slot in the present leaf. */
static bool slot_reserve(void)
{
    return slot_next < slot_end || leaf_add();
}

cap_address slot_alloc(void)
{
    if (free_slots.count > 0) {
        return free_slots.at[--free_slots.count];
    }
    return slot_reserve() ? slot_next++ : 0;
}

void slot_free(cap_address slot)
{
    (void)stack_push(&free_slots, (uint32_t)slot);
}

bool slots_reserve(unsigned count)
{
    while (free_slots.count + (slot_end - slot_next) < count) {
        while (slot_next < slot_end) { /* a leaf may need some of these before it is there */
            slot_free(slot_next++);
        }
        if (!leaf_add()) {
            return false;
        }
    }
    return true;
}

/* What is left of a leaf that has no room for the row is used one by one. */
cap_address slot_row_retype(cap_address untyped, uint64_t type, unsigned size_bits, unsigned count)
{
    cap_address first = count == 1 ? slot_alloc() : 0;
    if (count > 1) {
        while (slot_next < slot_end && slot_end - slot_next < count) {
            slot_free(slot_next++);
        }
        if (!slot_reserve()) {
            return 0;
        }
        first = slot_next;
        slot_next += count;
    }
    if (!first ||
        seL4_Untyped_Retype(untyped, type, size_bits, CONTAINER_SLOT_CNODE, first >> CONTAINER_LEAF_BITS,
                            NODE_DEPTH, first & (LEAF_SLOTS - 1), count) != seL4_NoError) {
        for (unsigned i = 0; first && i < count; i++) {
            slot_free(first + i);
        }
        return 0;
    }
    return first;
}

cap_address object_alloc(uint64_t type, unsigned size_bits)
{
    cap_address slot = slot_alloc();
    uint64_t leaf = slot >> CONTAINER_LEAF_BITS;
    if (!slot || retype(type, size_bits, sel4_util_object_bits(type, size_bits), leaf, NODE_DEPTH,
                        slot & (LEAF_SLOTS - 1), 1) != seL4_NoError) {
        if (slot) {
            slot_free(slot);
        }
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

/* As many new frames as slots and memory allow, up to a batch. Asking for memory may take slots, and bring frames. */
static bool frames_refill(void)
{
    unsigned count = FRAME_BATCH;
    while (count > 0 && fresh_next == fresh_end) {
        if (!memory_reserve(seL4_PageBits, count)) {
            count /= 2;
            continue;
        }
        if (slot_next == slot_end) {
            if (!leaf_add()) { /* it takes memory itself */
                return fresh_next < fresh_end;
            }
            continue;
        }
        uint64_t first = slot_next, room = slot_end - slot_next;
        unsigned part = room < count ? (unsigned)room : count;
        if (retype(seL4_X86_4K, 0, seL4_PageBits, first >> CONTAINER_LEAF_BITS, NODE_DEPTH,
                   first & (LEAF_SLOTS - 1), part) != seL4_NoError) {
            return false;
        }
        slot_next += part;
        fresh_next = first;
        fresh_end = first + part;
    }
    return fresh_next < fresh_end;
}

uint32_t frame_alloc(bool *is_zero)
{
    if (used_frames.count > 0) {
        *is_zero = false;
        return used_frames.at[--used_frames.count];
    }
    *is_zero = true;
    if (fresh_next == fresh_end && !frames_refill()) {
        return 0;
    }
    return (uint32_t)fresh_next++;
}

void frame_free(uint32_t frame)
{
    (void)stack_push(&used_frames, frame);
}

void frame_forget(uint32_t frame)
{
    seL4_CNode_Delete(CONTAINER_SLOT_CNODE, frame, seL4_WordBits);
    slot_free(frame);
}

static uint64_t granted_free_bytes(void)
{
    uint64_t bytes = (fresh_end - fresh_next + used_frames.count) * PAGE_SIZE;
    for (unsigned i = 0; i < untyped_count; i++) {
        bytes += untypeds[i].size - untypeds[i].used;
    }
    return bytes;
}

uint64_t object_free_bytes(void)
{
    uint64_t total;
    return granted_free_bytes() + memory_left(&total);
}

uint64_t object_total_bytes(void)
{
    uint64_t total;
    (void)memory_left(&total);
    return total;
}

bool object_has_bytes(uint64_t bytes)
{
    return bytes <= granted_free_bytes() || bytes <= object_free_bytes();
}
