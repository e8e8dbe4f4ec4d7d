/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * File descriptors: closed by leaving the scope, memory files, waiting.
 */
#ifndef SELKIE_HOST_FD_H
#define SELKIE_HOST_FD_H

#include <poll.h>
#include <stdint.h>

#include "host/diag.h"

/* An int with this attribute is closed when it goes out of scope, unless it is negative by then. */
#define HOST_FD __attribute__((cleanup(fd_close_at)))
void fd_close_at(int *fd); /* also sets it to -1 */

/* Hand a descriptor on: returns it and leaves -1 behind. */
static inline int fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* A sparse memory file of `size` zero bytes, close-on-exec. Returns it or -errno. */
int fd_memory(const char *name, uint64_t size, struct diag *diag);

/* The same, to be mapped executable. */
int fd_memory_executable(const char *name, uint64_t size, struct diag *diag);

/* A memory file with these contents, to be executed as a program. */
int fd_memory_program(const char *name, const void *image, size_t size, struct diag *diag);

/* Give the bytes [offset, offset + size) of a memory file back to the host; they read as zeros.
 * Page-aligned. Returns 0 or -errno; then nothing has changed. */
int fd_punch(int fd, uint64_t offset, uint64_t size);

/* Make bytes of a memory file zero, all of which is mapped shared at `memory`. Gives whole pages back to the
 * host where that is cheaper. */
void fd_clear(int fd, unsigned char *memory, uint64_t offset, uint64_t size);

/* From where on [start, end) of a memory file has no memory and reads as zeros; `end` if that is not known. */
uint64_t fd_blank_from(int fd, uint64_t start, uint64_t end);

/* A counter that `fd_event_set` makes readable (from a signal handler too) until `fd_event_clear`. */
int fd_event(struct diag *diag);
void fd_event_set(int fd);
void fd_event_clear(int fd);

/* Wait until a descriptor is ready, a signal comes or `timeout_ns` is over (UINT64_MAX: for ever).
 * Returns how many are ready, 0 also after a signal, or -errno. */
int fd_wait(struct pollfd *fds, unsigned count, uint64_t timeout_ns);

/* Let this process, and what it starts, have as many descriptors as the host permits it. */
void fd_limit_raise(void);

/* The number that a one-number file such as those in /proc/sys holds; `otherwise` if it cannot be read. */
uint64_t fd_read_number(const char *path, uint64_t otherwise);

#endif
