/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/self/maps, smaps and smaps_rollup: regions, and what of their memory is there and whose it is. */
#include "container/linux/smaps.h"

#include "container/linux/file.h"
#include "container/linux/page_map.h"
#include "container/linux/space.h"

enum {
    LINES_MOST = 640, /* bytes that tell of one region, its path left out */
    KIB = PAGE_SIZE / 1024
};

struct counts {
    uint64_t resident, window, common;
};

static void page_count_in(void *argument, uint64_t vaddr, struct page *page)
{
    struct counts *counts = argument;
    (void)vaddr;
    counts->resident++;
    counts->window += page->is_window;
    counts->common += !page->is_window && page->is_cow && !pages_are_alone();
}

static size_t region_text(const struct region *region, char *text, size_t room)
{
    const char *name = region->file && region->file->path ? region->file->path
                       : region->is_heap                  ? "[heap]"
                       : region->is_stack                 ? "[stack]"
                                                          : "";
    return (size_t)format_text(text, room, "%lx-%lx %c%c%c%c %08lx 00:00 0 %s%s\n", region->start, region->end,
                               region->protection & PROT_READ ? 'r' : '-',
                               region->protection & PROT_WRITE ? 'w' : '-',
                               region->protection & PROT_EXEC ? 'x' : '-', region->is_shared ? 's' : 'p',
                               region->file ? region->offset : 0, *name ? "                  " : "", name);
}

/* What lies in windows on files has never changed as far as we know; all else may have. */
static size_t counts_text(const struct counts *counts, char *text, size_t room)
{
    uint64_t private = counts->resident - counts->window - counts->common;
    return (size_t)format_text(text, room,
                               "Rss: %17lu kB\nPss: %17lu kB\nShared_Clean: %8lu kB\nShared_Dirty: %8lu kB\n"
                               "Private_Clean: %7u kB\nPrivate_Dirty: %7lu kB\nReferenced: %10lu kB\n"
                               "Anonymous: %11lu kB\nSwap: %16u kB\n",
                               counts->resident * KIB, (private + (counts->window + counts->common) / 2) * KIB,
                               counts->window * KIB, counts->common * KIB, 0, private * KIB, counts->resident * KIB,
                               (private + counts->common) * KIB, 0);
}

static bool has_room(const struct region *region, size_t length, size_t room)
{
    size_t name = region->file && region->file->path ? strlen(region->file->path) : 0;
    return length + name + LINES_MOST < room;
}

size_t maps_text(char *text, size_t room)
{
    const struct region *regions;
    size_t count = space_regions(&regions), length = 0;
    for (size_t i = 0; i < count && has_room(&regions[i], length, room); i++) {
        length += region_text(&regions[i], text + length, room - length);
    }
    return length;
}

size_t smaps_text(char *text, size_t room)
{
    const struct region *regions;
    size_t count = space_regions(&regions), length = 0;
    for (size_t i = 0; i < count && has_room(&regions[i], length, room); i++) {
        struct counts counts = {0};
        pages_each(regions[i].start, regions[i].end, page_count_in, &counts);
        length += region_text(&regions[i], text + length, room - length);
        length += (size_t)format_text(text + length, room - length, "Size: %16lu kB\n",
                                      (regions[i].end - regions[i].start) / 1024);
        length += counts_text(&counts, text + length, room - length);
    }
    return length;
}

size_t smaps_rollup_text(char *text, size_t room)
{
    const struct region *regions;
    size_t count = space_regions(&regions);
    struct counts counts = {0};
    for (size_t i = 0; i < count; i++) {
        pages_each(regions[i].start, regions[i].end, page_count_in, &counts);
    }
    size_t length = count ? (size_t)format_text(text, room, "%lx-%lx ---p 00000000 00:00 0 [rollup]\n",
                                                regions[0].start, regions[count - 1].end)
                          : 0;
    return length + counts_text(&counts, text + length, room - length);
}
