/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which frame is where in the program's memory: a sparse table by page, and the mappings that follow from it.
 * It knows nothing of regions: what may be mapped is space.h's.
 */
#ifndef SELKIE_LINUX_PAGE_MAP_H
#define SELKIE_LINUX_PAGE_MAP_H

#include "container/linux/base.h"

enum page_rights {
    PAGE_NONE, /* the frame waits with its contents, unmapped */
    PAGE_READ,
    PAGE_WRITE /* and read */
};

/* One page: 0 is a page without a frame. */
struct page {
    uint32_t frame : 30, rights : 2;
};

/* The page at `vaddr`, or NULL when none near it has a frame. */
struct page *page_find(uint64_t vaddr);

/* A frame at `vaddr`, mapped with `rights`, zeroed if asked. False: out of memory. The page must be empty. */
bool page_add(uint64_t vaddr, enum page_rights rights, bool must_be_zero);

/* Change what may be done with a page that has a frame. */
bool page_protect(uint64_t vaddr, struct page *page, enum page_rights rights);

/* Give back the frames of all pages from `start` to `end`. */
void pages_drop(uint64_t start, uint64_t end);

/* Call for each page with a frame; the next address to look at is found without touching empty tables. */
void pages_each(uint64_t start, uint64_t end,
                void (*visit)(void *argument, uint64_t vaddr, struct page *page), void *argument);

/* Move the frames of [from, from + size) to `to`; the target is empty. False: out of memory, some have moved. */
bool pages_move(uint64_t from, uint64_t to, uint64_t size);

/* Frames in use. */
uint64_t page_count(void);

#endif
