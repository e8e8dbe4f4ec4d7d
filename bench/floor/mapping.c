/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One page of a memory file, mapped and unmapped. The page exists before the first batch
 * ends, so that a touch costs a fault but not the clearing of a page.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include "bench/floor/sample.h"
#include "bench/floor/ways.h"
#include "host/fd.h"
#include "host/map.h"

static int page_map_once(int fd, bool is_touched)
{
    void *page = mmap(NULL, HOST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return -errno;
    if (is_touched)
        *(volatile char *)page = 1;
    return munmap(page, HOST_PAGE) < 0 ? -errno : 0;
}

static int page_map_repeat(int fd, unsigned count, bool is_touched)
{
    int error = 0;
    for (unsigned i = 0; i < count && !error; i++)
        error = page_map_once(fd, is_touched);
    return error;
}

static int touched_repeat(void *world, unsigned count)
{
    const int *fd = world;
    return page_map_repeat(*fd, count, true);
}

static int untouched_repeat(void *world, unsigned count)
{
    const int *fd = world;
    return page_map_repeat(*fd, count, false);
}

static int page_measure(struct sample *sample, int (*repeat)(void *world, unsigned count))
{
    HOST_FD int fd = fd_memory("floor", HOST_PAGE, NULL);
    return fd < 0 ? fd : sample_take(sample, repeat, &fd);
}

int mapping_touched(struct sample *sample)
{
    return page_measure(sample, touched_repeat);
}

int mapping_untouched(struct sample *sample)
{
    return page_measure(sample, untouched_repeat);
}
