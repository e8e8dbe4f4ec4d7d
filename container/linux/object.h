/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seL4 objects from the container's own untyped memory: slots, leaves of the CSpace, paging structures, frames,
 * threads. Memory that is used up is an answer here (0 or false), never a failure of the personality.
 *
 * Frames are never given back to their untyped; they wait in a pool for their next use, as dirty as they are.
 */
#ifndef SELKIE_LINUX_OBJECT_H
#define SELKIE_LINUX_OBJECT_H

#include "container/linux/base.h"

typedef uint64_t cap_address; /* a capability's address in the container's CSpace; 0: none */

void object_init(const struct container_order *order);

/* A free slot, never given back. */
cap_address slot_alloc(void);

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

/* Bytes that could still become objects, the frames in the pool included. */
uint64_t object_free_bytes(void);
uint64_t object_total_bytes(void);

/* Map a frame in the container's VSpace, making paging structures as needed; false: no memory for these. */
bool frame_map(uint32_t frame, uint64_t vaddr, bool is_writable);
void frame_unmap(uint32_t frame);

#endif
