/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), madvise(2).
 * Not here: shared mappings of files that are written (they need file windows).
 */
#include "container/linux/calls.h"
#include "container/linux/file.h"
#include "container/linux/page_map.h"
#include "container/linux/space.h"

enum {
    MAP_TYPE = 15,
    MREMAP_MAYMOVE = 1,
    MREMAP_FIXED = 2,
    MADV_DONTNEED = 4,
    MADV_FREE = 8
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
           size > object_free_bytes();
}

HANDLER(call_mmap)
{
    uint64_t size = page_up(ARG(1)), protection = ARG(2), flags = ARG(3), type = flags & MAP_TYPE;
    if (!ARG(1) || size < ARG(1) || size > SPACE_END || ARG(5) & PAGE_MASK || type < 1 || type > 3) {
        return size < ARG(1) || size > SPACE_END ? -ENOMEM : -EINVAL;
    }
    if (is_too_much(size, protection, flags)) {
        return -ENOMEM;
    }
    struct region region = {.protection = protection & 7, .is_shared = type != MAP_PRIVATE, .offset = ARG(5)};
    if (!(flags & MAP_ANONYMOUS)) {
        region.file = file_of(thread->process, ARG(4));
        if (!region.file || !region.file->kind->read) {
            return region.file ? -ENODEV : -EBADF;
        }
        if (region.is_shared && (protection & PROT_WRITE) && region.file->is_regular) {
            log_line("a shared file mapping that is written is not there yet");
            return -ENODEV;
        }
        region.file = region.file->is_regular ? region.file : NULL; /* /dev/zero */
    }
    long start = map_place(ARG(0), size, flags);
    if (start < 0) {
        return start;
    }
    region.start = (uint64_t)start;
    region.end = region.start + size;
    long error = space_map(&region);
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
    if (ARG(0) & PAGE_MASK) {
        return -EINVAL;
    }
    return range_is_bad(ARG(0), size) ? -ENOMEM : size ? space_protect(ARG(0), ARG(0) + size, ARG(2) & 7) : 0;
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
    return space_remap(ARG(0), old_size, size, to, ARG(3) & MREMAP_MAYMOVE);
}

HANDLER(call_brk)
{
    (void)thread;
    return (long)space_break(ARG(0));
}

HANDLER(call_madvise)
{
    uint64_t size = page_up(ARG(1));
    (void)thread;
    if (range_is_bad(ARG(0), size)) {
        return -EINVAL;
    }
    if (ARG(2) == MADV_DONTNEED || ARG(2) == MADV_FREE) {
        space_forget(ARG(0), ARG(0) + size);
    }
    return 0;
}

HANDLER(call_msync)
{
    (void)thread;
    return range_is_bad(ARG(0), page_up(ARG(1))) ? -EINVAL : 0;
}

HANDLER(call_mlock)
{
    (void)thread;
    (void)call;
    return 0;
}

HANDLER(call_mincore)
{
    uint64_t pages = page_up(ARG(1)) / PAGE_SIZE;
    (void)thread;
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
