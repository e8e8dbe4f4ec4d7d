/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions in a sorted array; neighbours that continue each other become one.
 * Invariant: regions are page-aligned, not empty, do not overlap; a page has a frame only inside a region.
 * What makes pages be there is space_fill.c's.
 */
#include "container/linux/space_parts.h"

#include "container/linux/file.h"
#include "container/linux/heap.h"
#include "container/linux/object.h"
#include "container/linux/sites.h"
#include "container/linux/window.h"

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

void space_forget(uint64_t start, uint64_t end)
{
    pages_drop(start, end);
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
