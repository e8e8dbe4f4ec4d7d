/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions in a sorted array; neighbours that continue each other become one.
 * Invariant: regions are page-aligned, not empty, do not overlap; a page has a frame only inside a region.
 */
#include "container/linux/space.h"

#include "container/linux/file.h"
#include "container/linux/heap.h"
#include "container/linux/object.h"
#include "container/linux/page_map.h"
#include "container/linux/sites.h"
#include "container/linux/window.h"

enum {
    FILL_PAGES = 16,     /* a touch fills the aligned group of pages around it */
    COPY_PAGES = 4,      /* after a fork a write copies so many, */
    COPY_LARGE = 1 << 13 /* but FILL_PAGES in a process of more pages, so that its mappings stay few */
};

static struct region *regions;
static size_t region_count, region_room;
static uint64_t break_start, break_now;

size_t space_regions(const struct region **to)
{
    *to = regions;
    return region_count;
}

/* Index of the first region that ends behind `vaddr`. */
static size_t region_at(uint64_t vaddr)
{
    size_t low = 0, high = region_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (regions[middle].end <= vaddr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct region *space_region(uint64_t vaddr)
{
    size_t at = region_at(vaddr);
    return at < region_count && regions[at].start <= vaddr ? &regions[at] : NULL;
}

bool space_is_free(uint64_t start, uint64_t end)
{
    size_t at = region_at(start);
    return at == region_count || regions[at].start >= end;
}

/* Room for two more, which is what any change needs. */
static bool regions_reserve(void)
{
    if (region_count + 2 <= region_room) {
        return true;
    }
    size_t room = region_room ? 2 * region_room : 64;
    struct region *more = heap_alloc(room * sizeof *more);
    if (!more) {
        return false;
    }
    if (regions) {
        memcpy(more, regions, region_count * sizeof *more);
        heap_free(regions, region_room * sizeof *regions);
    }
    regions = more;
    region_room = room;
    return true;
}

static void region_insert(size_t at, const struct region *region)
{
    memmove(&regions[at + 1], &regions[at], (region_count - at) * sizeof *regions);
    regions[at] = *region;
    region_count++;
    if (region->file) {
        file_hold(region->file);
    }
    if (region->window) {
        window_hold(region->window);
    }
}

static void region_remove(size_t at)
{
    struct file *file = regions[at].file;
    struct window *window = regions[at].window;
    region_count--;
    memmove(&regions[at], &regions[at + 1], (region_count - at) * sizeof *regions);
    if (window) {
        window_release(window);
    }
    if (file) {
        file_release(file);
    }
}

/* Let a region begin at `vaddr` if one lies across it. Room was reserved. */
static void region_split(uint64_t vaddr)
{
    size_t at = region_at(vaddr);
    if (at == region_count || regions[at].start >= vaddr) {
        return;
    }
    struct region second = regions[at];
    second.offset += vaddr - second.start;
    second.start = vaddr;
    regions[at].end = vaddr;
    region_insert(at + 1, &second);
}

static bool region_continues(const struct region *a, const struct region *b)
{
    return a->end == b->start && a->file == b->file && a->window == b->window && a->protection == b->protection &&
           a->is_shared == b->is_shared && a->is_heap == b->is_heap && a->is_stack == b->is_stack &&
           (!a->file || a->offset + (a->end - a->start) == b->offset);
}

static void regions_merge(uint64_t start, uint64_t end)
{
    size_t at = region_at(start > 0 ? start - 1 : 0);
    while (at + 1 < region_count && regions[at].start < end) {
        if (region_continues(&regions[at], &regions[at + 1])) {
            regions[at].end = regions[at + 1].end;
            region_remove(at + 1);
        } else {
            at++;
        }
    }
}

/* Remove regions and contents. Room for two was reserved. */
static void range_clear(uint64_t start, uint64_t end)
{
    region_split(start);
    region_split(end);
    size_t at = region_at(start);
    if (at == region_count || regions[at].start >= end) {
        return;
    }
    sites_forget(start, end);
    pages_drop(start, end); /* before windows go, with their frames */
    while (at < region_count && regions[at].start < end) {
        region_remove(at);
    }
}

long space_map(const struct region *region)
{
    if (!regions_reserve()) {
        return -ENOMEM;
    }
    range_clear(region->start, region->end);
    if (!regions_reserve()) {
        return -ENOMEM;
    }
    region_insert(region_at(region->start), region);
    const struct region mapped = *region; /* which may be one of those that move now */
    regions_merge(region->start, region->end);
    sites_prepare(&mapped);
    return 0;
}

long space_unmap(uint64_t start, uint64_t end)
{
    if (!regions_reserve()) {
        return -ENOMEM;
    }
    range_clear(start, end);
    return 0;
}

static enum page_rights rights_of(unsigned protection)
{
    return protection & PROT_WRITE ? PAGE_WRITE : protection ? PAGE_READ : PAGE_NONE;
}

static void page_protect_to(void *argument, uint64_t vaddr, struct page *page)
{
    page_protect(vaddr, page, *(enum page_rights *)argument);
}

long space_protect(uint64_t start, uint64_t end, unsigned protection)
{
    if (!regions_reserve()) {
        return -ENOMEM;
    }
    region_split(start);
    region_split(end);
    uint64_t vaddr = start;
    for (size_t at = region_at(start); at < region_count && regions[at].start < end; at++) {
        if (regions[at].start > vaddr) {
            return -ENOMEM;
        }
        if (protection & PROT_WRITE && regions[at].window && !window_is_writable(regions[at].window)) {
            return -EACCES;
        }
        regions[at].protection = protection & 7;
        vaddr = regions[at].end;
    }
    enum page_rights rights = rights_of(protection);
    pages_each(start, end, page_protect_to, &rights);
    if (protection & PROT_WRITE) {
        sites_restore(start, end);
    }
    regions_merge(start, end);
    return vaddr >= end ? 0 : -ENOMEM;
}

uint64_t space_find(uint64_t wish, uint64_t size)
{
    if (wish >= SPACE_START && wish < SPACE_END && size <= SPACE_END - wish &&
        space_is_free(wish, wish + size)) {
        return wish;
    }
    uint64_t end = SPACE_MMAP_TOP;
    for (size_t at = region_at(SPACE_MMAP_TOP - 1) + 1; at-- > 0;) {
        if (at < region_count && regions[at].start < end) {
            if (regions[at].end <= end && end - regions[at].end >= size) {
                break;
            }
            end = regions[at].start;
        }
    }
    return end >= SPACE_START + size ? end - size : 0;
}

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

/* The group of empty pages around an empty one. */
static long group_fill(const struct region *region, uint64_t vaddr)
{
    uint64_t group = vaddr & ~(FILL_PAGES * PAGE_SIZE - 1);
    uint64_t start = group > region->start ? group : region->start;
    uint64_t end =
        group + FILL_PAGES * PAGE_SIZE < region->end ? group + FILL_PAGES * PAGE_SIZE : region->end;
    uint64_t first = vaddr, last = vaddr + PAGE_SIZE;
    while (first > start && page_is_empty(first - PAGE_SIZE)) {
        first -= PAGE_SIZE;
    }
    while (last < end && page_is_empty(last)) {
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
    uint64_t group = vaddr & ~(size - 1);
    uint64_t start = group > region->start ? group : region->start;
    uint64_t end = group + size < region->end ? group + size : region->end;
    if (page_find(vaddr)->is_cow && rights == PAGE_WRITE && (is_write || pages_are_alone())) {
        uint64_t first = vaddr, last = vaddr + PAGE_SIZE;
        while (first > start && !page_is_empty(first - PAGE_SIZE) && page_find(first - PAGE_SIZE)->is_cow) {
            first -= PAGE_SIZE;
        }
        while (last < end && !page_is_empty(last) && page_find(last)->is_cow) {
            last += PAGE_SIZE;
        }
        return pages_own(first, last, rights) || pages_own(vaddr, vaddr + PAGE_SIZE, rights);
    }
    for (uint64_t at = start; at < end; at += PAGE_SIZE) {
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

void space_forget(uint64_t start, uint64_t end)
{
    pages_drop(start, end);
}

/* Free room behind a region that grows to `end`? */
static bool region_can_grow(uint64_t from, uint64_t end)
{
    return end <= SPACE_END && space_is_free(from, end);
}

/* A window that grows is another one, on the same file. */
static long window_remap(struct region *region, uint64_t old_size, uint64_t size, uint64_t to, bool may_move)
{
    uint64_t old = region->start, target = to;
    long error;
    if (!to) {
        target = region_can_grow(old + old_size, old + size) ? old : may_move ? space_find(0, size) : 0;
    }
    struct window *window = target ? window_make(region->file, region->offset, size, &error) : NULL;
    if (!window) {
        return target ? error : -ENOMEM;
    }
    region->window = window;
    region->start = target;
    region->end = target + size;
    error = space_map(region);
    if (!error && target != old) {
        error = space_unmap(old, old + old_size);
    }
    window_release(window);
    return error ? error : (long)target;
}

long space_remap(uint64_t old, uint64_t old_size, uint64_t size, uint64_t to, bool may_move)
{
    const struct region *found = space_region(old);
    if (!found || found->end < old + old_size) {
        return -EFAULT;
    }
    struct region region = *found;
    region.offset += old - region.start;
    region.start = old;
    if (!to && size <= old_size) {
        return size == old_size || space_unmap(old + size, old + old_size) == 0 ? (long)old : -ENOMEM;
    }
    if (region.window && size > old_size) {
        return window_remap(&region, old_size, size, to, may_move);
    }
    if (size > old_size && !object_has_bytes(size - old_size)) {
        return -ENOMEM;
    }
    if (!to && region_can_grow(old + old_size, old + size)) {
        region.offset += old_size;
        region.start = old + old_size;
        region.end = old + size;
        return space_map(&region) == 0 ? (long)old : -ENOMEM;
    }
    if (!to && !may_move) {
        return -ENOMEM;
    }
    uint64_t target = to ? to : space_find(0, size);
    if (!target) {
        return -ENOMEM;
    }
    region.start = target;
    region.end = target + size;
    if (region.file) {
        file_hold(region.file); /* across the unmapping of the only region that may hold it */
    }
    if (region.window) {
        window_hold(region.window);
    }
    long error = space_map(&region);
    if (!error) {
        uint64_t moved = size < old_size ? size : old_size;
        error = pages_move(old, target, moved) ? space_unmap(old, old + old_size) : -ENOMEM;
    }
    if (region.window) {
        window_release(region.window);
    }
    if (region.file) {
        file_release(region.file);
    }
    return error ? error : (long)target;
}

void space_set_break(uint64_t start)
{
    break_start = break_now = page_up(start);
}

uint64_t space_break(uint64_t wish)
{
    if (wish < break_start || wish >= SPACE_MMAP_TOP) {
        return break_now;
    }
    uint64_t old_end = page_up(break_now), end = page_up(wish);
    if (end > old_end) {
        struct region region = {
            .start = old_end, .end = end, .protection = PROT_READ | PROT_WRITE, .is_heap = true};
        if (!object_has_bytes(end - old_end) || !space_is_free(old_end, end) || space_map(&region)) {
            return break_now;
        }
    } else if (end < old_end && space_unmap(end, old_end)) {
        return break_now;
    }
    break_now = wish;
    return break_now;
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

static bool page_is_common(uint64_t vaddr)
{
    const struct region *region = space_region(vaddr);
    return region && region->is_shared;
}

long space_fork(void (*share)(uint32_t frame))
{
    for (size_t i = 0; i < region_count; i++) {
        const struct region *region = &regions[i];
        if (region->is_shared && !region->file && (region->protection & PROT_WRITE)) {
            long error = space_fill(region->start, region->end - region->start, true);
            if (error) {
                return error; /* what is not there could not be common */
            }
        }
    }
    pages_fork(share, page_is_common);
    return 0;
}

void space_clear(void)
{
    sites_clear();
    pages_drop(0, SPACE_END);
    while (region_count > 0) {
        region_remove(region_count - 1);
    }
    break_start = break_now = 0;
}

void space_abandon(void)
{
    pages_abandon();
    space_clear();
}
