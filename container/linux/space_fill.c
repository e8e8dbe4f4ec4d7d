/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's memory as it is touched: pages get their frames here, in groups, from a file, from zeros, or from what a
 * fork made common; then the personality reads and writes data there.
 */
#include "container/linux/space_parts.h"

#include "container/linux/file.h"
#include "container/linux/sites.h"
#include "container/linux/window.h"

enum {
    FILL_PAGES = 16,     /* a touch fills the aligned group of pages around it */
    COPY_PAGES = 4,      /* after a fork a write copies so many, */
    COPY_LARGE = 1 << 13 /* but FILL_PAGES in a process of more pages, so that its mappings stay few */
};

/* One page of a file region: its part of the file, zeros behind. */
static long page_fill_file(const struct region *region, uint64_t vaddr, uint64_t pages)
{
    unsigned added = pages_add(vaddr, (unsigned)pages, PAGE_WRITE, false);
    if (added < pages) {
        pages_drop(vaddr, vaddr + added * PAGE_SIZE);
        return -ENOMEM;
    }
    uint64_t size = pages * PAGE_SIZE;
    long got = file_read_at(region->file, vaddr, size, region->offset + (vaddr - region->start));
    uint64_t filled = got > 0 ? (uint64_t)got : 0;
    uint64_t there = page_up(filled);
    memset((void *)(vaddr + filled), 0, there - filled);
    pages_drop(vaddr + there, vaddr + size); /* whole pages behind its end are not there */
    sites_rewrite(region, vaddr, there);
    for (uint64_t i = 0; i < there / PAGE_SIZE; i++) {
        uint64_t at = vaddr + i * PAGE_SIZE;
        page_protect(at, page_find(at), rights_of(region->protection));
    }
    return 0;
}

static bool page_is_empty(uint64_t vaddr)
{
    const struct page *page = page_find(vaddr);
    return !page || !page->frame;
}

struct group {
    uint64_t start, end;
};

/* The aligned group of pages around one, as far as the region goes. `size` is a power of 2. */
static struct group group_of(const struct region *region, uint64_t vaddr, uint64_t size)
{
    uint64_t start = vaddr & ~(size - 1), end = start + size;
    return (struct group){start > region->start ? start : region->start,
                          end < region->end ? end : region->end};
}

/* The group of empty pages around an empty one. */
static long group_fill(const struct region *region, uint64_t vaddr)
{
    struct group group = group_of(region, vaddr, FILL_PAGES * PAGE_SIZE);
    uint64_t first = vaddr, last = vaddr + PAGE_SIZE;
    while (first > group.start && page_is_empty(first - PAGE_SIZE)) {
        first -= PAGE_SIZE;
    }
    while (last < group.end && page_is_empty(last)) {
        last += PAGE_SIZE;
    }
    if (region->file) {
        long error = page_fill_file(region, first, (last - first) / PAGE_SIZE);
        error = error ? page_fill_file(region, vaddr, 1) : 0;
        return error ? error : page_is_empty(vaddr) ? -EFAULT : 0;
    }
    unsigned count = (unsigned)((last - first) / PAGE_SIZE);
    if (first + pages_add(first, count, rights_of(region->protection), true) * PAGE_SIZE > vaddr) {
        return 0;
    }
    return page_add(vaddr, rights_of(region->protection), true) ? 0 : -ENOMEM;
}

/* A page that has a frame, and the group around it. What a fork made common is copied when it is to be written. */
static bool group_protect(const struct region *region, uint64_t vaddr, bool is_write)
{
    enum page_rights rights = rights_of(region->protection);
    uint64_t size = FILL_PAGES * PAGE_SIZE;
    if (is_write && !pages_are_alone() && page_count() < COPY_LARGE) {
        size = COPY_PAGES * PAGE_SIZE;
    }
    struct group group = group_of(region, vaddr, size);
    if (page_find(vaddr)->is_cow && rights == PAGE_WRITE && (is_write || pages_are_alone())) {
        uint64_t first = vaddr, last = vaddr + PAGE_SIZE;
        while (first > group.start && !page_is_empty(first - PAGE_SIZE) &&
               page_find(first - PAGE_SIZE)->is_cow) {
            first -= PAGE_SIZE;
        }
        while (last < group.end && !page_is_empty(last) && page_find(last)->is_cow) {
            last += PAGE_SIZE;
        }
        return pages_own(first, last, rights) || pages_own(vaddr, vaddr + PAGE_SIZE, rights);
    }
    for (uint64_t at = group.start; at < group.end; at += PAGE_SIZE) {
        if (at != vaddr && !page_is_empty(at)) {
            (void)page_protect(at, page_find(at), rights);
        }
    }
    return page_protect(vaddr, page_find(vaddr), rights);
}

long space_fill(uint64_t start, uint64_t size, bool is_write)
{
    uint64_t end = start + size;
    if (end < start || end > SPACE_END) {
        return -EFAULT;
    }
    for (uint64_t vaddr = page_down(start); vaddr < end; vaddr += PAGE_SIZE) {
        const struct page *page = page_find(vaddr);
        if (page && page->frame && page->rights >= (is_write ? PAGE_WRITE : PAGE_READ) && !page->is_window) {
            continue;
        }
        const struct region *region = space_region(vaddr);
        if (!region || !(region->protection & (is_write ? PROT_WRITE : PROT_READ | PROT_EXEC | PROT_WRITE))) {
            return -EFAULT;
        }
        if (region->window) {
            uint64_t filled = vaddr;
            long error = window_fill(region, vaddr, rights_of(region->protection), &filled);
            if (error) {
                return error;
            }
            vaddr = filled - PAGE_SIZE;
            continue;
        }
        if (page && page->frame) {
            if (!group_protect(region, vaddr, is_write)) {
                return -ENOMEM;
            }
            continue;
        }
        long error = group_fill(region, vaddr);
        if (error) {
            return error;
        }
    }
    return 0;
}

long user_read(void *to, uint64_t from, size_t size)
{
    long error = space_fill(from, size, false);
    if (!error) {
        memcpy(to, (const void *)from, size);
    }
    return error;
}

long user_write(uint64_t to, const void *from, size_t size)
{
    long error = space_fill(to, size, true);
    if (!error) {
        memcpy((void *)to, from, size);
    }
    return error;
}

long user_zero(uint64_t to, size_t size)
{
    long error = space_fill(to, size, true);
    if (!error) {
        memset((void *)to, 0, size);
    }
    return error;
}

long user_string(char *to, uint64_t from, size_t room)
{
    for (size_t length = 0; length < room;) {
        uint64_t at = from + length;
        size_t part = PAGE_SIZE - (at & PAGE_MASK);
        part = part < room - length ? part : room - length;
        long error = space_fill(at, 1, false);
        if (error) {
            return error;
        }
        for (size_t end = length + part; length < end; length++) {
            to[length] = ((const char *)from)[length];
            if (!to[length]) {
                return (long)length;
            }
        }
    }
    return -ENAMETOOLONG;
}
