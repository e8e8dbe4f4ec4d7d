/* SPDX-License-Identifier: BSD-2-Clause */
/* Regions that are resized or moved, with their contents. mremap(2). */
#include "container/linux/space.h"

#include "container/linux/file.h"
#include "container/linux/object.h"
#include "container/linux/page_map.h"
#include "container/linux/window.h"

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
