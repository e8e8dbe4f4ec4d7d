/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making the two memfds.
 */
#include "run/arena.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/fd.h"

static int memory_map(const char *name, uint64_t size, int *fd, unsigned char **memory, struct diag *diag)
{
    *fd = fd_memory_executable(name, size, diag);
    if (*fd < 0) {
        return diag_errno(diag, *fd, "cannot make %llu MiB of memory for the system (--memory)",
                          (unsigned long long)(size >> 20));
    }
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, *fd, 0);
    if (at == MAP_FAILED) {
        return diag_errno(diag, errno, "cannot map %llu MiB of memory for the system (--memory)",
                          (unsigned long long)(size >> 20));
    }
    *memory = at;
    return 0;
}

int arena_open(struct arena *arena, uint64_t size, struct diag *diag)
{
    *arena = (struct arena){.fd = -1, .vector_fd = -1, .size = size};
    int error = memory_map("selkie-arena", size, &arena->fd, &arena->memory, diag);
    if (!error) {
        error = memory_map("selkie-vector", 2 * size, &arena->vector_fd, &arena->vector, diag);
    }
    if (error) {
        arena_close(arena);
    }
    return error;
}

void arena_close(struct arena *arena)
{
    if (arena->memory) {
        (void)munmap(arena->memory, arena->size);
    }
    if (arena->vector) {
        (void)munmap(arena->vector, 2 * arena->size);
    }
    if (arena->fd >= 0) {
        (void)close(arena->fd);
    }
    if (arena->vector_fd >= 0) {
        (void)close(arena->vector_fd);
    }
    *arena = (struct arena){.fd = -1, .vector_fd = -1};
}
