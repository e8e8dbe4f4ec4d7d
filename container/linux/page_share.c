/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that several processes have after a fork: who may write to them, who gets a copy, and who gives them back.
 *
 * Invariant: while others may have our frames, one that is shared is not freed but waits in limbo, for which there is
 * room from the fork on; where there was no memory for the room, frames are forgotten.
 */
#include "container/linux/page_map_parts.h"

#include "container/linux/heap.h"

/* Others may have our frames; those that we use no more wait here until nobody else does. */
static bool is_sharing;
static uint32_t *limbo;
static size_t limbo_count, limbo_room;

void frame_drop(uint32_t frame, bool is_shared)
{
    if (!is_shared || !is_sharing) {
        frame_free(frame);
    } else if (limbo_count == limbo_room) {
        frame_forget(frame);
    } else {
        limbo[limbo_count++] = frame;
    }
}

void limbo_abandon(void)
{
    limbo_count = 0;
    is_sharing = false;
}

/* Room for what may be dropped before the others are gone. */
static void limbo_reserve(size_t room)
{
    if (room <= limbo_room) {
        return;
    }
    uint32_t *more = heap_alloc(room * sizeof *more);
    if (!more) {
        return;
    }
    if (limbo) {
        memcpy(more, limbo, limbo_count * sizeof *more);
        heap_free(limbo, limbo_room * sizeof *limbo);
    }
    limbo = more;
    limbo_room = room;
}

/* The contents change frames by way of a buffer, so that each page is mapped once. All frames are had first. */
static bool pages_copy_own(uint64_t start, uint64_t end, enum page_rights rights)
{
    static unsigned char contents[PAGE_OWN_MOST * PAGE_SIZE] SCRATCH;
    uint32_t frames[PAGE_OWN_MOST];
    unsigned count = (unsigned)((end - start) / PAGE_SIZE), had = 0;
    bool is_zero, is_good = true;
    for (; had < count && is_good; had++) {
        frames[had] = frame_alloc(&is_zero);
        is_good = frames[had] &&
                  page_protect(start + had * PAGE_SIZE, page_find(start + had * PAGE_SIZE), PAGE_READ);
    }
    if (!is_good) {
        while (had-- > 0) {
            if (frames[had]) {
                frame_free(frames[had]);
            }
        }
        return false;
    }
    memcpy(contents, (const void *)start, end - start);
    for (unsigned i = 0; i < count; i++) {
        struct page *page = page_find(start + i * PAGE_SIZE);
        frame_unmap(page->frame);
        frame_drop(page->frame, page->is_shared);
        *page = (struct page){.frame = frames[i] & 0x7ffffff, .rights = PAGE_WRITE};
        if (!page_map(start + i * PAGE_SIZE, frames[i], PAGE_WRITE)) {
            return false; /* the page table is there: this does not happen */
        }
    }
    memcpy((void *)start, contents, end - start);
    for (uint64_t vaddr = start; vaddr < end && rights != PAGE_WRITE; vaddr += PAGE_SIZE) {
        (void)page_protect(vaddr, page_find(vaddr), rights);
    }
    return true;
}

bool pages_own(uint64_t start, uint64_t end, enum page_rights rights)
{
    if (is_sharing) {
        return pages_copy_own(start, end, rights);
    }
    for (uint64_t vaddr = start; vaddr < end; vaddr += PAGE_SIZE) {
        struct page *page = page_find(vaddr);
        page->is_shared = page->is_cow = false;
        if (!page_protect(vaddr, page, rights)) {
            return false;
        }
    }
    return true;
}

static void (*fork_share)(uint32_t frame);
static bool (*fork_is_common)(uint64_t vaddr);

/* One unmapping for all, where there is anything that must not be written to from now on. */
static void leaf_fork(struct leaf *leaf, uint64_t vaddr)
{
    bool is_writable = false;
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct page *page = &leaf->page[i];
        if (!page->frame || page->is_window) { /* the child makes its own windows */
            continue;
        }
        page->is_shared = true;
        page->is_cow = !fork_is_common(vaddr + i * PAGE_SIZE);
        is_writable |= page->rights == PAGE_WRITE && page->is_cow;
        fork_share(page->frame);
    }
    if (!is_writable) {
        return;
    }
    table_unmap(leaf->table);
    for (unsigned i = 0; i < ENTRIES; i++) {
        leaf->page[i].rights = PAGE_NONE;
    }
}

void pages_fork(void (*share)(uint32_t frame), bool (*is_common)(uint64_t vaddr))
{
    fork_share = share;
    fork_is_common = is_common;
    limbo_reserve(limbo_count + page_count());
    leaves_each(leaf_fork);
    is_sharing = true;
}

static void leaf_forked(struct leaf *leaf, uint64_t vaddr)
{
    (void)vaddr;
    leaf->table = 0;
    for (unsigned i = 0; i < ENTRIES; i++) {
        leaf->page[i].rights = PAGE_NONE;
        if (leaf->page[i].is_window) {
            leaf->page[i] = (struct page){0};
        }
    }
}

void pages_forked(void)
{
    limbo_count = 0;
    leaves_each(leaf_forked);
}

void pages_alone(bool is_alone)
{
    is_sharing = !is_alone;
    for (; is_alone && limbo_count > 0; limbo_count--) {
        frame_free(limbo[limbo_count - 1]);
    }
}

bool pages_are_alone(void)
{
    return !is_sharing;
}
