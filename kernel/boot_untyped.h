/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The untypeds of the initial thread: free memory cut into powers of two.
 * Manual: section "BootInfo Frame" (untypedList).
 */
#ifndef SELKIE_KERNEL_BOOT_UNTYPED_H
#define SELKIE_KERNEL_BOOT_UNTYPED_H

#include "kernel/slot.h"

/* Where the next untyped goes. */
struct untyped_list {
    const struct kernel *k;
    void *bootinfo;     /* the page */
    struct slot *slots; /* the root CNode */
    uint64_t next_slot;
    uint64_t slot_count;
    unsigned count; /* untypeds so far */
};

/* Add [start, end) as the fewest aligned powers of two, ascending. What the bootinfo page or the CNode has no
 * room for is lost, as on seL4. */
void untyped_list_add(struct untyped_list *list, uint64_t start, uint64_t end, bool is_device);

#endif
