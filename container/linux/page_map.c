/* SPDX-License-Identifier: BSD-2-Clause */
/* Four levels of 512 entries over 48 bits of address, like the processor's; the lowest has 32 bits a page. */
#include "container/linux/page_map.h"

#include "container/linux/heap.h"
#include "container/linux/object.h"

enum {
    ENTRIES = 512,
    LEVELS = 3 /* of pointers, above the leaves */
};

struct leaf {
    struct page page[ENTRIES];
    cap_address table; /* the page table that maps them, if they were ever mapped */
};

struct node {
    void *entry[ENTRIES];
};

static struct node top;
static uint64_t frames_in_use;

/* Others may have our frames; those that we use no more wait here until nobody else does. */
static bool is_sharing;
static uint32_t *limbo;
static size_t limbo_count, limbo_room;

static unsigned entry_index(uint64_t vaddr, unsigned level)
{
    return (unsigned)(vaddr >> (12 + 9 * level)) % ENTRIES;
}

struct page *page_find(uint64_t vaddr)
{
    struct node *node = &top;
    for (unsigned level = LEVELS; level > 1; level--) {
        node = node->entry[entry_index(vaddr, level)];
        if (!node) {
            return NULL;
        }
    }
    struct leaf *leaf = node->entry[entry_index(vaddr, 1)];
    return leaf ? &leaf->page[entry_index(vaddr, 0)] : NULL;
}

static struct leaf *leaf_find(uint64_t vaddr)
{
    struct page *page = page_find(vaddr);
    return page ? (struct leaf *)(page - entry_index(vaddr, 0)) : NULL;
}

static struct page *page_make(uint64_t vaddr)
{
    struct node *node = &top;
    for (unsigned level = LEVELS; level >= 1; level--) {
        void **entry = &node->entry[entry_index(vaddr, level)];
        if (!*entry) {
            *entry = heap_alloc(level > 1 ? sizeof(struct node) : sizeof(struct leaf));
        }
        if (!*entry) {
            return NULL;
        }
        node = *entry;
    }
    return &((struct leaf *)node)->page[entry_index(vaddr, 0)];
}

static bool page_map(uint64_t vaddr, uint32_t frame, enum page_rights rights)
{
    return frame_map_in(frame, vaddr, rights == PAGE_WRITE, &leaf_find(vaddr)->table);
}

bool page_add(uint64_t vaddr, enum page_rights rights, bool must_be_zero)
{
    bool is_zero;
    struct page *page = page_make(vaddr);
    uint32_t frame = page ? frame_alloc(&is_zero) : 0;
    if (!frame) {
        return false;
    }
    bool must_clear = must_be_zero && !is_zero;
    if (!page_map(vaddr, frame, must_clear ? PAGE_WRITE : rights)) {
        frame_free(frame);
        return false;
    }
    if (must_clear) {
        memset((void *)vaddr, 0, PAGE_SIZE);
    }
    *page = (struct page){.frame = frame & 0x7ffffff, .rights = (must_clear ? PAGE_WRITE : rights) & 3};
    frames_in_use++;
    return page_protect(vaddr, page, rights);
}

bool page_add_window(uint64_t vaddr, uint32_t frame, enum page_rights rights)
{
    struct page *page = page_make(vaddr);
    if (!page || (rights != PAGE_NONE && !page_map(vaddr, frame, rights))) {
        return false;
    }
    *page = (struct page){.frame = frame & 0x7ffffff, .rights = rights & 3, .is_window = true};
    return true;
}

/* Frames of a row go to a row of pages, in which mappings are cheap. They come from the pool in any order. */
static unsigned frames_take(uint32_t *frames, unsigned count, bool *are_zero)
{
    *are_zero = true;
    for (unsigned had = 0; had < count; had++) {
        bool is_zero;
        uint32_t frame = frame_alloc(&is_zero);
        if (!frame) {
            return had;
        }
        *are_zero &= is_zero;
        unsigned at = had;
        for (; at > 0 && frames[at - 1] > frame; at--) {
            frames[at] = frames[at - 1];
        }
        frames[at] = frame;
    }
    return count;
}

static bool leaves_make(uint64_t vaddr, unsigned count)
{
    return page_make(vaddr) && page_make(vaddr + (count - 1) * PAGE_SIZE);
}

unsigned pages_add(uint64_t vaddr, unsigned count, enum page_rights rights, bool must_be_zero)
{
    uint32_t frames[PAGES_ADD_MOST];
    bool are_zero = true;
    unsigned had = leaves_make(vaddr, count) ? frames_take(frames, count, &are_zero) : 0, added = 0;
    enum page_rights at_first = must_be_zero && !are_zero ? PAGE_WRITE : rights;
    while (added < had && page_map(vaddr + added * PAGE_SIZE, frames[added], at_first)) {
        *page_find(vaddr + added * PAGE_SIZE) =
            (struct page){.frame = frames[added] & 0x7ffffff, .rights = at_first & 3};
        added++;
    }
    for (unsigned i = added; i < had; i++) {
        frame_free(frames[i]);
    }
    frames_in_use += added;
    if (must_be_zero && !are_zero) {
        memset((void *)vaddr, 0, added * PAGE_SIZE);
    }
    for (unsigned i = 0; i < added; i++) {
        (void)page_protect(vaddr + i * PAGE_SIZE, page_find(vaddr + i * PAGE_SIZE), rights);
    }
    return added;
}

bool page_protect(uint64_t vaddr, struct page *page, enum page_rights rights)
{
    enum page_rights possible = rights == PAGE_WRITE && page->is_cow ? PAGE_READ : rights;
    if (page->rights == possible) {
        return true;
    }
    page->rights = possible & 3;
    if (possible == PAGE_NONE) {
        frame_unmap(page->frame);
        return true;
    }
    return page_map(vaddr, page->frame, possible);
}

/* A frame that no page has any more. */
static void frame_drop(uint32_t frame, bool is_shared)
{
    if (!is_shared || !is_sharing) {
        frame_free(frame);
    } else if (limbo_count == limbo_room) {
        frame_forget(frame);
    } else {
        limbo[limbo_count++] = frame;
    }
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

void pages_each(uint64_t start, uint64_t end,
                void (*visit)(void *argument, uint64_t vaddr, struct page *page), void *argument)
{
    uint64_t vaddr = start;
    while (vaddr < end) {
        void *node = &top;
        unsigned level = LEVELS;
        for (; level >= 1; level--) {
            node = ((struct node *)node)->entry[entry_index(vaddr, level)];
            if (!node) {
                break;
            }
        }
        if (!node) { /* nothing in all that this entry spans */
            uint64_t span = 1ul << (12 + 9 * level);
            vaddr = (vaddr & ~(span - 1)) + span;
            continue;
        }
        struct page *page = &((struct leaf *)node)->page[entry_index(vaddr, 0)];
        if (page->frame) {
            visit(argument, vaddr, page);
        }
        vaddr += PAGE_SIZE;
    }
}

static void page_drop(void *argument, uint64_t vaddr, struct page *page)
{
    (void)argument;
    (void)vaddr;
    frame_unmap(page->frame); /* also where a fork took its page table away */
    if (!page->is_window) {
        frame_drop(page->frame, page->is_shared);
        frames_in_use--;
    }
    *page = (struct page){0};
}

void pages_drop(uint64_t start, uint64_t end)
{
    pages_each(start, end, page_drop, NULL);
}

struct move {
    uint64_t distance;
    bool is_good;
};

static void page_move(void *argument, uint64_t vaddr, struct page *page)
{
    struct move *move = argument;
    uint64_t to = vaddr + move->distance;
    struct page *target = move->is_good ? page_make(to) : NULL;
    if (!target) {
        move->is_good = false;
        return;
    }
    frame_unmap(page->frame);
    if (page->rights != PAGE_NONE) {
        move->is_good = page_map(to, page->frame, page->rights);
    }
    *target = *page;
    *page = (struct page){0};
}

bool pages_move(uint64_t from, uint64_t to, uint64_t size)
{
    struct move move = {.distance = to - from, .is_good = true};
    pages_each(from, from + size, page_move, &move);
    return move.is_good;
}

uint64_t page_count(void)
{
    return frames_in_use;
}

/* Call for each leaf. */
static void leaves_each(void *entry, unsigned level, uint64_t vaddr, void (*visit)(struct leaf *, uint64_t))
{
    if (!entry) {
        return;
    }
    if (level == 0) {
        visit(entry, vaddr);
        return;
    }
    for (unsigned i = 0; i < ENTRIES; i++) {
        leaves_each(((struct node *)entry)->entry[i], level - 1, vaddr + ((uint64_t)i << (12 + 9 * level)),
                    visit);
    }
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
    limbo_reserve(limbo_count + frames_in_use);
    leaves_each(&top, LEVELS, 0, leaf_fork);
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
    leaves_each(&top, LEVELS, 0, leaf_forked);
}

static void leaf_abandon(struct leaf *leaf, uint64_t vaddr)
{
    (void)vaddr;
    memset(leaf, 0, sizeof *leaf);
}

void pages_abandon(void)
{
    limbo_count = 0;
    frames_in_use = 0;
    is_sharing = false;
    leaves_each(&top, LEVELS, 0, leaf_abandon);
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
