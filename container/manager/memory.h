/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manager's memory and slots, given out as *estates* and taken back as a whole.
 *
 * An estate is an allocator over blocks of its own: whatever was made with it goes when it is freed, whoever holds
 * capabilities to it. Blocks are powers of two, split and joined as buddies. It may have a *quota* beside, a second
 * allocator over other blocks, from which exactly so much can be taken, in pieces as large as there are.
 */
#ifndef SELKIE_MANAGER_MEMORY_H
#define SELKIE_MANAGER_MEMORY_H

#include <sel4/sel4.h>
#include <sel4_util.h>

enum {
    ESTATE_BLOCKS = 48
};

struct estate {
    struct sel4_util_allocator allocator, quota;
    seL4_SlotPos slot_start, slot_end;
    unsigned block_count;
    unsigned block[ESTATE_BLOCKS];
};

/* Take what `all` has from the boot information, before it handed anything out; it keeps its slots and gets
 * 2^own_bits bytes for itself. */
seL4_Error memory_init(struct sel4_util_allocator *all, unsigned own_bits);

/* Reserve slots for an estate that will be made and freed again and again. False: there are not so many. */
bool estate_reserve(struct estate *estate, seL4_Word slots);

/* Give it `bytes`, and so many more as its quota; multiples of a page. seL4_NotEnoughMemory: nothing has changed. */
seL4_Error estate_make(struct estate *estate, seL4_Word bytes, seL4_Word quota);

/* Destroy all that was made with it. Its memory is clear, and the host's, afterwards. */
void estate_free(struct estate *estate);

seL4_Word memory_free_bytes(void);

#endif
