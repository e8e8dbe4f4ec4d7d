/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the page map share: how the table is made, and what becomes of frames that others may have. */
#ifndef SELKIE_LINUX_PAGE_MAP_PARTS_H
#define SELKIE_LINUX_PAGE_MAP_PARTS_H

#include "container/linux/object.h"
#include "container/linux/page_map.h"

enum {
    ENTRIES = 512
};

struct leaf {
    struct page page[ENTRIES];
    cap_address table; /* the page table that maps them, if they were ever mapped */
};

/* page_map.c: map the frame of a page that there is; false: out of memory. Call for each leaf. */
bool page_map(uint64_t vaddr, uint32_t frame, enum page_rights rights);
void leaves_each(void (*visit)(struct leaf *leaf, uint64_t vaddr));

/* page_share.c: a frame that no page has any more is given back, or waits in limbo until nobody else has it. */
void frame_drop(uint32_t frame, bool is_shared);
/* In a copy of the personality that has no frames: none wait, and nobody shares any. */
void limbo_abandon(void);

#endif
