/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seL4 objects from the untyped memory that this address space was granted: paging structures, frames, threads; and slots
 * for them. When these are used up, more is asked for (memory_more, leaf_more). Memory that is used up for good is an
 * answer here (0 or false), never a failure.
 *
 * Frames are never given back to their untyped; they wait in a pool for their next use, as dirty as they are.
 * The process server uses this, too.
 */
#ifndef SELKIE_LINUX_OBJECT_H
#define SELKIE_LINUX_OBJECT_H

#include "container/linux/base.h"

typedef uint64_t cap_address; /* a capability's address in the container's CSpace; 0: none */

/* Begin with nothing but free slots. */
void object_init(void);

/* In a copy of the CSpace that has no untyped memory yet, where the slots up to the present leaf's end are taken. */
void object_fork(void);

/* Provided by who uses this file. An untyped of at least 2^least bytes into `slot`: its bits, 0: there is none. */
unsigned memory_more(unsigned least_bits, unsigned wish_bits, cap_address slot);
/* One more leaf of the CSpace, which is empty: its place in the root, 0: there is no memory. */
uint64_t leaf_more(void);
/* Bytes that memory_more could still give, and all that there are. */
uint64_t memory_left(uint64_t *total);

/* A free slot; given back when it is empty. */
cap_address slot_alloc(void);
void slot_free(cap_address slot);
/* So many can be had without memory for another leaf, which may itself need some. */
bool slots_reserve(unsigned count);

/* `count` objects out of this untyped into slots of a row, SLOT_ROW_MOST at most: the first; 0: no slots, or no room. */
enum {
    SLOT_ROW_MOST = 256
};
cap_address slot_row_retype(cap_address untyped, uint64_t type, unsigned size_bits, unsigned count);

/* A new object. */
cap_address object_alloc(uint64_t type, unsigned size_bits);

/* An object of 2^size_bits bytes in an untyped of its own, so that deleting it gives its memory back. */
struct object_box {
    cap_address untyped, object;
};
bool object_box_make(struct object_box *box, unsigned size_bits);

/* Fill the box anew; its object was deleted. */
bool object_box_fill(const struct object_box *box, uint64_t type);
void object_box_empty(const struct object_box *box);

/* A frame. `is_zero` says whether it needs clearing. 0: the container's memory is used up. */
uint32_t frame_alloc(bool *is_zero);
void frame_free(uint32_t frame);
/* Give up the capability to a frame that others may have. */
void frame_forget(uint32_t frame);

/* Bytes that could still become objects, the frames in the pool included; and all of the container's. */
uint64_t object_free_bytes(void);
uint64_t object_total_bytes(void);

/* Is there so much? Asks nobody when what is granted suffices. */
bool object_has_bytes(uint64_t bytes);

/* Map a frame in the container's VSpace, making paging structures as needed; false: no memory for these. */
bool frame_map(uint32_t frame, uint64_t vaddr, bool is_writable);
void frame_unmap(uint32_t frame);

/* The same. `table` is the page table for these addresses if there is one, mapped or not, and becomes it. */
bool frame_map_in(uint32_t frame, uint64_t vaddr, bool is_writable, cap_address *table);

/* Unmap a page table and with it all that is mapped in it. Its frames can be mapped again, at the same place. */
void table_unmap(cap_address table);

/* Pages of the personality itself, in the order in which they were mapped. They stay. */
struct own_page {
    uint32_t frame;
    uint32_t page; /* (vaddr - CONTAINER_PERSONALITY) / PAGE_SIZE */
};
size_t own_pages(const struct own_page **pages);

#endif
