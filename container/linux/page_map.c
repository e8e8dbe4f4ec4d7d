/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table itself: four levels of 512 entries over 48 bits of address, like the processor's; the lowest has 32 bits a
 * page. Frames come and go here; those that other processes may have, too, are page_share.c's.
 */
#include "container/linux/page_map_parts.h"

#include "container/linux/heap.h"

enum {
    LEVELS = 3 /* of pointers, above the leaves */
};

struct node {
    void *entry[ENTRIES];
};

static struct node top;
static uint64_t frames_in_use;

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

bool page_map(uint64_t vaddr, uint32_t frame, enum page_rights rights)
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

/* Call for each leaf below an entry. */
static void leaves_below(void *entry, unsigned level, uint64_t vaddr, void (*visit)(struct leaf *, uint64_t))
{
    if (!entry) {
        return;
    }
    if (level == 0) {
        visit(entry, vaddr);
        return;
    }
    for (unsigned i = 0; i < ENTRIES; i++) {
        leaves_below(((struct node *)entry)->entry[i], level - 1, vaddr + ((uint64_t)i << (12 + 9 * level)),
                     visit);
    }
}

void leaves_each(void (*visit)(struct leaf *leaf, uint64_t vaddr))
{
    leaves_below(&top, LEVELS, 0, visit);
}

static void leaf_abandon(struct leaf *leaf, uint64_t vaddr)
{
    (void)vaddr;
    memset(leaf, 0, sizeof *leaf);
}

void pages_abandon(void)
{
    limbo_abandon();
    frames_in_use = 0;
    leaves_each(leaf_abandon);
}
