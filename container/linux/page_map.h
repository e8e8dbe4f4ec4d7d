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

/*
 * One page: 0 is a page without a frame.
 * After a fork a frame *is shared*: other processes may have it, too. A page with such a frame of its own contents
 * (is_cow) is not writable, whatever `rights` were asked for, until pages_own gave it a frame that nobody else has.
 */
struct page {
    uint32_t frame : 27, rights : 2, is_shared : 1, is_cow : 1;
    uint32_t is_window : 1; /* the frame is a window's (window.h), and no memory of ours */
};

/* The page at `vaddr`, or NULL when none near it has a frame. */
struct page *page_find(uint64_t vaddr);

/* A frame at `vaddr`, mapped with `rights`, zeroed if asked. False: out of memory. The page must be empty. */
bool page_add(uint64_t vaddr, enum page_rights rights, bool must_be_zero);

/* The same for a row of empty pages, PAGES_ADD_MOST at most. How many there are now, from the first on. */
enum {
    PAGES_ADD_MOST = 16
};
unsigned pages_add(uint64_t vaddr, unsigned count, enum page_rights rights, bool must_be_zero);

/* A page that shows this frame of a window. It is not given back. */
bool page_add_window(uint64_t vaddr, uint32_t frame, enum page_rights rights);

/* Change what may be done with a page that has a frame. */
bool page_protect(uint64_t vaddr, struct page *page, enum page_rights rights);

/* Give back the frames of all pages from `start` to `end`. */
void pages_drop(uint64_t start, uint64_t end);

/* Call for each page with a frame; the next address to look at is found without touching empty tables. */
void pages_each(uint64_t start, uint64_t end,
                void (*visit)(void *argument, uint64_t vaddr, struct page *page), void *argument);

/* Move the frames of [from, from + size) to `to`; the target is empty. False: out of memory, some have moved. */
bool pages_move(uint64_t from, uint64_t to, uint64_t size);

/* Give the pages of [start, end) that are only shared frames of their own: they can be written to then, if
 * `rights` say so. At most PAGE_OWN_MOST pages. False: out of memory. */
enum {
    PAGE_OWN_MOST = 16
};
bool pages_own(uint64_t start, uint64_t end, enum page_rights rights);

/* Frames in use. */
uint64_t page_count(void);

/*
 * Fork. All frames become shared, and what is mapped writable is unmapped, so that it is looked at again. `share` is
 * told each frame. `is_common` says whether a page stays common to both sides (MAP_SHARED).
 */
void pages_fork(void (*share)(uint32_t frame), bool (*is_common)(uint64_t vaddr));
/* In the child: nothing is mapped yet. */
void pages_forked(void);
/* In a copy of the personality that has no frames at all. */
void pages_abandon(void);

/* No other process has our frames any more: they are as any others. */
void pages_alone(bool is_alone);
bool pages_are_alone(void);

#endif
