/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages of a memory file, mapped at once and unmapped. They exist before the first batch
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

enum {
    RUN_PAGES = 64
};

static int pages_map_once(int fd, size_t pages, bool is_touched)
{
    char *start = mmap(NULL, pages * HOST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (start == MAP_FAILED)
        return -errno;
    for (size_t i = 0; is_touched && i < pages; i++)
        *(volatile char *)(start + i * HOST_PAGE) = 1;
    return munmap(start, pages * HOST_PAGE) < 0 ? -errno : 0;
}

static int pages_map_repeat(int fd, unsigned count, size_t pages, bool is_touched)
{
    int error = 0;
    for (unsigned i = 0; i < count && !error; i++)
        error = pages_map_once(fd, pages, is_touched);
    return error;
}

static int touched_repeat(void *world, unsigned count)
{
    const int *fd = world;
    return pages_map_repeat(*fd, count, 1, true);
}

static int untouched_repeat(void *world, unsigned count)
{
    const int *fd = world;
    return pages_map_repeat(*fd, count, 1, false);
}

static int run_repeat(void *world, unsigned count)
{
    const int *fd = world;
    return pages_map_repeat(*fd, count, RUN_PAGES, true);
}

static int pages_measure(struct sample *sample, int (*repeat)(void *world, unsigned count))
{
    HOST_FD int fd = fd_memory("floor", RUN_PAGES * HOST_PAGE, NULL);
    return fd < 0 ? fd : sample_take(sample, repeat, &fd);
}

int mapping_touched(struct sample *sample)
{
    return pages_measure(sample, touched_repeat);
}

int mapping_untouched(struct sample *sample)
{
    return pages_measure(sample, untouched_repeat);
}

int mapping_run_64(struct sample *sample)
{
    return pages_measure(sample, run_repeat);
}
