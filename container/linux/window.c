/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows in the personality: host objects, and the frames that are made of their untyped, in chunks of up to a MiB when
 * the first of its pages is touched.
 *
 * Invariant: frames of a window go with it; until then they belong to pages that are marked as such, or to none.
 */
#include "container/linux/window.h"

#include <sel4/sel4.h>

#include "container/linux/file.h"
#include "container/linux/heap.h"
#include "container/linux/host.h"
#include "container/linux/page_map.h"
#include "container/linux/space.h"

enum {
    CHUNK_BITS = 20,
    CHUNK_PAGES = 1 << (CHUNK_BITS - 12),
    FILL_PAGES = 64, /* a touch maps the aligned group around it */
    BOUNCE = 65536
};

struct chunk {
    uint32_t untyped, frames; /* the first of them; 0: not made yet */
};

struct window {
    struct window *next, **link;
    struct file *file;
    unsigned references;
    uint64_t offset, size;
    struct object_box box; /* none in the child of a fork, until it is touched */
    cap_address untyped;
    unsigned bits;
    uint64_t chunk_count, chunks_made; /* how many have an untyped */
    struct chunk *chunk;
};

static struct window *windows;
static unsigned char buffer[BOUNCE] SCRATCH;

static void window_forget(struct window *window)
{
    memset(window->chunk, 0, window->chunk_count * sizeof *window->chunk);
    window->box = (struct object_box){0};
    window->untyped = 0;
    window->chunks_made = 0;
}

static unsigned chunk_pages(const struct window *window)
{
    return window->bits < CHUNK_BITS ? 1u << (window->bits - 12) : CHUNK_PAGES;
}

/* Its memory goes first, so that the slots are free then. */
static void window_close(struct window *window)
{
    if (!window->box.object) {
        return;
    }
    host_object_drop(&window->box);
    for (uint64_t i = 0; i < window->chunk_count; i++) {
        const struct chunk *chunk = &window->chunk[i];
        for (unsigned j = 0; chunk->frames && j < chunk_pages(window); j++) {
            slot_free(chunk->frames + j);
        }
        if (chunk->untyped && chunk->untyped != window->untyped) {
            slot_free(chunk->untyped);
        }
    }
    if (window->untyped) {
        slot_free(window->untyped);
    }
    window_forget(window);
}

static long window_open(struct window *window)
{
    if (!host_object_make(&window->box)) {
        window->box = (struct object_box){0};
        return -ENOMEM;
    }
    long error = HOST(file_host_cap(window->file), HOST_FILE_WINDOW, window->box.object, NULL, window->offset,
                      window->size);
    window->untyped = error < 0 ? 0 : slot_alloc();
    if (error >= 0) {
        error = !window->untyped ? -ENOMEM
                                 : HOST(window->box.object, HOST_WINDOW_TAKE, CONTAINER_SLOT_CNODE, NULL,
                                        window->untyped, 64);
    }
    window->bits = (unsigned)error;
    if (error < 0) {
        window_close(window);
        return error;
    }
    return 0;
}

struct window *window_make(struct file *file, uint64_t offset, uint64_t size, long *error)
{
    struct window *window = heap_alloc(sizeof *window);
    uint64_t count = (size + (1ul << CHUNK_BITS) - 1) >> CHUNK_BITS;
    struct chunk *chunk = window ? heap_alloc(count * sizeof *chunk) : NULL;
    *error = -ENOMEM;
    if (!chunk) {
        heap_free(window, sizeof *window);
        return NULL;
    }
    memset(chunk, 0, count * sizeof *chunk);
    *window = (struct window){.next = windows,
                              .link = &windows,
                              .file = file,
                              .references = 1,
                              .offset = offset,
                              .size = size,
                              .chunk_count = count,
                              .chunk = chunk};
    if (windows) {
        windows->link = &window->next;
    }
    windows = window;
    file_hold(file);
    *error = window_open(window);
    if (*error) {
        window_release(window);
        return NULL;
    }
    return window;
}

void window_hold(struct window *window)
{
    window->references++;
}

void window_release(struct window *window)
{
    if (--window->references > 0) {
        return;
    }
    window_close(window);
    *window->link = window->next;
    if (window->next) {
        window->next->link = window->link;
    }
    file_release(window->file);
    heap_free(window->chunk, window->chunk_count * sizeof *window->chunk);
    heap_free(window, sizeof *window);
}

bool window_is_writable(const struct window *window)
{
    return (window->file->flags & O_ACCMODE) == O_RDWR;
}

void windows_fork(void)
{
    for (struct window *window = windows; window; window = window->next) {
        window_forget(window);
    }
}

/* Untypeds come out of an untyped in order, so those before this one are made, too. */
static bool chunk_untyped_make(struct window *window, uint64_t at)
{
    if (window->bits <= CHUNK_BITS) {
        window->chunk[0].untyped = (uint32_t)window->untyped;
        return true;
    }
    while (window->chunks_made <= at) {
        uint64_t slot = slot_row_retype(window->untyped, seL4_UntypedObject, CHUNK_BITS, 1);
        if (!slot) {
            return false;
        }
        window->chunk[window->chunks_made++].untyped = (uint32_t)slot;
    }
    return true;
}

/* The frame that shows this place of the file; 0: there are no slots for it. */
static uint32_t window_frame(struct window *window, uint64_t offset)
{
    uint64_t page = (offset - window->offset) / PAGE_SIZE, at = page / CHUNK_PAGES;
    ASSERT(at < window->chunk_count);
    struct chunk *chunk = &window->chunk[at];
    if (!chunk->untyped && !chunk_untyped_make(window, at)) {
        return 0;
    }
    if (!chunk->frames) {
        chunk->frames =
            (uint32_t)slot_row_retype(chunk->untyped, seL4_X86_4K, seL4_PageBits, chunk_pages(window));
    }
    return chunk->frames ? chunk->frames + (uint32_t)(page % CHUNK_PAGES) : 0;
}

/* Bytes of the file as it is now, to the end of its last page. */
static uint64_t file_end(const struct window *window)
{
    static struct statx status;
    return window->file->kind->stat(window->file, &status) < 0 ? 0 : page_up(status.size);
}

long window_fill(const struct region *region, uint64_t vaddr, unsigned rights, uint64_t *end)
{
    struct window *window = region->window;
    uint64_t shift = region->start - region->offset; /* from places in the file to addresses */
    uint64_t file_size = file_end(window);
    if (vaddr - shift >= file_size) {
        return -EFAULT;
    }
    long error = window->box.object ? 0 : window_open(window);
    if (error) {
        return error;
    }
    uint64_t group = vaddr & ~(FILL_PAGES * PAGE_SIZE - 1);
    uint64_t first = group > region->start ? group : region->start;
    uint64_t last =
        group + FILL_PAGES * PAGE_SIZE < region->end ? group + FILL_PAGES * PAGE_SIZE : region->end;
    uint64_t at = first;
    for (; at < last && at - shift < file_size; at += PAGE_SIZE) {
        struct page *page = page_find(at);
        uint32_t frame = page && page->frame ? 0 : window_frame(window, at - shift);
        bool is_there = page && page->frame ? page_protect(at, page, rights)
                                            : frame && page_add_window(at, frame, rights);
        if (!is_there && at >= vaddr) {
            break;
        }
    }
    *end = at;
    return at > vaddr ? 0 : -ENOMEM;
}

static uint64_t touched_vaddr, touched_ip;

bool window_is_refused(uint64_t vaddr, uint64_t ip, bool is_write)
{
    const struct page *page = page_find(page_down(vaddr));
    bool is_there =
        page && page->frame && page->is_window && page->rights >= (is_write ? PAGE_WRITE : PAGE_READ);
    bool is_again = is_there && touched_vaddr == vaddr && touched_ip == ip;
    touched_vaddr = is_there && !is_again ? vaddr : 0;
    touched_ip = ip;
    return is_again;
}

void window_settle(void)
{
    touched_vaddr = 0;
}

static bool is_in_window(uint64_t start, uint64_t size)
{
    if (!windows) {
        return false;
    }
    for (const struct region *region = space_region(start); region; region = space_region(region->end)) {
        if (region->window) {
            return true;
        }
        if (region->end >= start + size) {
            return false;
        }
    }
    return false;
}

uint64_t bounce_in(uint64_t to, uint64_t *size)
{
    if (!is_in_window(to, *size)) {
        return to;
    }
    *size = *size < BOUNCE ? *size : BOUNCE;
    return (uint64_t)buffer;
}

uint64_t bounce_out(uint64_t from, uint64_t *size)
{
    uint64_t place = bounce_in(from, size);
    if (place != from) {
        memcpy(buffer, (const void *)from, *size);
    }
    return place;
}

void bounce_back(uint64_t to, uint64_t place, long size)
{
    if (place != to && size > 0) {
        memcpy((void *)to, (const void *)place, (size_t)size);
    }
}
