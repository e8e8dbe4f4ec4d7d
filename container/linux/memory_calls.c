/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), madvise(2).
 * Shared mappings of files are windows on them; private ones are copies.
 */
#include "container/linux/calls.h"
#include "container/linux/file.h"
#include "container/linux/host.h"
#include "container/linux/page_map.h"
#include "container/linux/space.h"
#include "container/linux/window.h"

enum {
    PROT_KNOWN = 0x300000f, /* PROT_SEM, PROT_GROWSDOWN and PROT_GROWSUP are taken and do nothing */
    MAP_TYPE = 15,
    MREMAP_MAYMOVE = 1,
    MREMAP_FIXED = 2,
    MADV_DONTNEED = 4,
    MADV_LAST_OLD = 4,
    MADV_FREE = 8,
    MADV_LAST = 25,
    MADV_HWPOISON = 100,
    MS_ASYNC = 1,
    MS_INVALIDATE = 2,
    MS_SYNC = 4
};

static bool range_is_bad(uint64_t start, uint64_t size)
{
    return start & PAGE_MASK || size > SPACE_END || start > SPACE_END - size;
}

/* Where a mapping goes, or an error. */
static long map_place(uint64_t wish, uint64_t size, uint64_t flags)
{
    if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
        uint64_t start = space_find(page_down(wish), size);
        return start ? (long)start : -ENOMEM;
    }
    if (wish & PAGE_MASK) {
        return -EINVAL;
    }
    if (range_is_bad(wish, size) || wish < SPACE_START) {
        return wish < SPACE_START ? -EPERM : -ENOMEM;
    }
    return (flags & MAP_FIXED_NOREPLACE) && !space_is_free(wish, wish + size) ? -EEXIST : (long)wish;
}

/* Memory that cannot ever be there: as Linux, only what is too much by itself is refused. */
static bool is_too_much(uint64_t size, uint64_t protection, uint64_t flags)
{
    return (flags & MAP_ANONYMOUS) && !(flags & MAP_NORESERVE) && (protection & PROT_WRITE) &&
           !object_has_bytes(size);
}

/* A shared mapping of a file of the host has a window. Without the means for one, what is only read is a copy. */
static long window_prepare(struct region *region, uint64_t size)
{
    unsigned mode = region->file->flags & O_ACCMODE;
    if (!region->is_shared || !region->file->is_regular || !file_host_cap(region->file)) {
        return 0;
    }
    if (mode == O_WRONLY || (region->protection & PROT_WRITE && mode != O_RDWR)) {
        return -EACCES;
    }
    long error;
    region->window = window_make(region->file, region->offset, size, &error);
    return region->window || mode == O_RDONLY ? 0 : error;
}

HANDLER(call_mmap)
{
    uint64_t size = page_up(ARG(1)), protection = ARG(2), flags = ARG(3), type = flags & MAP_TYPE;
    bool is_file = !(flags & MAP_ANONYMOUS);
    if (is_file && !(ARG(5) & PAGE_MASK) && !file_of(thread->process, ARG(4))) {
        return -EBADF;
    }
    if (!ARG(1) || size < ARG(1) || size > SPACE_END || ARG(5) & PAGE_MASK || type < 1 || type > 3) {
        return size < ARG(1) || size > SPACE_END ? -ENOMEM : -EINVAL;
    }
    if (is_too_much(size, protection, flags)) {
        return -ENOMEM;
    }
    struct region region = {.protection = protection & 7, .is_shared = type != MAP_PRIVATE, .offset = ARG(5)};
    if (is_file) {
        region.file = file_of(thread->process, ARG(4));
        if (!region.file->kind->read) {
            return -ENODEV;
        }
        if (file_host_cap(region.file) && !region.file->is_regular) {
            return -ENODEV;
        }
        if ((region.file->flags & O_ACCMODE) == O_WRONLY || region.file->flags & O_PATH) {
            return region.file->flags & O_PATH ? -EBADF : -EACCES;
        }
        long error = window_prepare(&region, size);
        if (error) {
            return error;
        }
        region.file = region.file->is_regular ? region.file : NULL; /* /dev/zero */
    }
    long start = map_place(ARG(0), size, flags);
    region.start = (uint64_t)start;
    region.end = region.start + size;
    long error = start < 0 ? start : space_map(&region);
    if (region.window) {
        window_release(region.window); /* the region has it, if there is one */
    }
    if (start < 0) {
        return start;
    }
    if (!error && flags & MAP_POPULATE && protection) {
        (void)space_fill(region.start, size, protection & PROT_WRITE);
    }
    return error ? error : start;
}

HANDLER(call_munmap)
{
    uint64_t size = page_up(ARG(1));
    (void)thread;
    return !ARG(1) || range_is_bad(ARG(0), size) ? -EINVAL : space_unmap(ARG(0), ARG(0) + size);
}

HANDLER(call_mprotect)
{
    uint64_t size = page_up(ARG(1));
    (void)thread;
    if (ARG(0) & PAGE_MASK || ARG(2) & ~(uint64_t)PROT_KNOWN) {
        return -EINVAL;
    }
    return range_is_bad(ARG(0), size) ? -ENOMEM : size ? space_protect(ARG(0), ARG(0) + size, ARG(2) & 7) : 0;
}

/* pkeys(7): what processors without protection keys make of them. */
HANDLER(call_pkey_mprotect)
{
    return (int32_t)ARG(3) == -1 ? call_mprotect(thread, call) : -EINVAL;
}

HANDLER(call_pkey_alloc)
{
    enum {
        ACCESS_BITS = 3
    };
    (void)thread;
    return ARG(0) || ARG(1) & ~(uint64_t)ACCESS_BITS ? -EINVAL : -ENOSPC;
}

HANDLER(call_pkey_free)
{
    (void)thread;
    (void)call;
    return -EINVAL;
}

HANDLER(call_mremap)
{
    uint64_t old_size = page_up(ARG(1)), size = page_up(ARG(2));
    uint64_t to = ARG(3) & MREMAP_FIXED ? ARG(4) : 0;
    (void)thread;
    if (!ARG(2) || !old_size || range_is_bad(ARG(0), old_size) || size < ARG(2) || size > SPACE_END ||
        (ARG(3) & MREMAP_FIXED && (range_is_bad(to, size) || to < SPACE_START))) {
        return -EINVAL;
    }
    if (ARG(3) & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED) || (ARG(3) & MREMAP_FIXED && !(ARG(3) & MREMAP_MAYMOVE))) {
        return -EINVAL;
    }
    return space_remap(ARG(0), old_size, size, to, ARG(3) & MREMAP_MAYMOVE);
}

HANDLER(call_brk)
{
    (void)thread;
    return (long)space_break(ARG(0));
}

/* Is all of it mapped? */
static long range_check(uint64_t start, uint64_t size)
{
    for (uint64_t at = start; at < start + size;) {
        const struct region *region = space_region(at);
        if (!region) {
            return -ENOMEM;
        }
        at = region->end;
    }
    return 0;
}

static bool advice_is_known(uint64_t advice)
{
    return advice <= MADV_LAST_OLD || (advice >= MADV_FREE && advice <= MADV_LAST) || advice == MADV_HWPOISON;
}

HANDLER(call_madvise)
{
    uint64_t size = page_up(ARG(1));
    (void)thread;
    if (range_is_bad(ARG(0), size) || !advice_is_known(ARG(2))) {
        return -EINVAL;
    }
    if (ARG(2) == MADV_DONTNEED || ARG(2) == MADV_FREE) {
        space_forget(ARG(0), ARG(0) + size);
    }
    return range_check(ARG(0), size);
}

HANDLER(call_msync)
{
    uint64_t end = ARG(0) + page_up(ARG(1));
    long error = 0;
    (void)thread;
    if (range_is_bad(ARG(0), page_up(ARG(1))) || ARG(2) & ~(uint64_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
        (ARG(2) & MS_ASYNC && ARG(2) & MS_SYNC)) {
        return -EINVAL;
    }
    for (uint64_t at = ARG(0); at < end && !error;) {
        const struct region *region = space_region(at);
        if (!region) {
            return -ENOMEM;
        }
        if (ARG(2) & MS_SYNC && region->window && window_is_writable(region->window)) {
            error = HOST(file_host_cap(region->file), HOST_FILE_SYNC, 0, NULL, 1);
        }
        at = region->end;
    }
    return error;
}

/* Memory never leaves. */
HANDLER(call_mlock)
{
    (void)thread;
    uint64_t start = page_down(ARG(0)), size = page_up(ARG(0) + ARG(1)) - start;
    return range_is_bad(start, size) ? -EINVAL : range_check(start, size);
}

HANDLER(call_mincore)
{
    uint64_t pages = page_up(ARG(1)) / PAGE_SIZE;
    (void)thread;
    if (range_is_bad(ARG(0), page_up(ARG(1)))) {
        return ARG(0) & PAGE_MASK ? -EINVAL : -ENOMEM;
    }
    for (uint64_t i = 0; i < pages; i++) {
        const struct page *page = page_find(ARG(0) + i * PAGE_SIZE);
        unsigned char is_there = page && page->frame;
        if (!space_region(ARG(0) + i * PAGE_SIZE)) {
            return -ENOMEM;
        }
        if (user_write(ARG(2) + i, &is_there, 1)) {
            return -EFAULT;
        }
    }
    return 0;
}
