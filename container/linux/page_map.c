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

bool page_add(uint64_t vaddr, enum page_rights rights, bool must_be_zero)
{
    bool is_zero;
    struct page *page = page_make(vaddr);
    uint32_t frame = page ? frame_alloc(&is_zero) : 0;
    if (!frame) {
        return false;
    }
    bool must_clear = must_be_zero && !is_zero;
    if (!frame_map(frame, vaddr, rights == PAGE_WRITE || must_clear)) {
        frame_free(frame);
        return false;
    }
    if (must_clear) {
        memset((void *)vaddr, 0, PAGE_SIZE);
    }
    page->frame = frame & 0x3fffffff;
    page->rights = must_clear ? PAGE_WRITE : rights & 3;
    frames_in_use++;
    return page_protect(vaddr, page, rights);
}

bool page_protect(uint64_t vaddr, struct page *page, enum page_rights rights)
{
    if (page->rights == rights) {
        return true;
    }
    page->rights = rights & 3;
    if (rights == PAGE_NONE) {
        frame_unmap(page->frame);
        return true;
    }
    return frame_map(page->frame, vaddr, rights == PAGE_WRITE);
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
    if (page->rights != PAGE_NONE) {
        frame_unmap(page->frame);
    }
    frame_free(page->frame);
    *page = (struct page){0};
    frames_in_use--;
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
    if (page->rights != PAGE_NONE) {
        frame_unmap(page->frame);
        move->is_good = frame_map(page->frame, to, page->rights == PAGE_WRITE);
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
