/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emulated physical memory: one memfd, and a second one for vector state, twice
 * its size. Both are sparse: a page costs nothing until somebody writes it.
 */
#ifndef SELKIE_RUN_ARENA_H
#define SELKIE_RUN_ARENA_H

#include <stdint.h>

#include "host/diag.h"

#define ARENA_SIZE_UNIT (2ull << 20) /* sizes are multiples of this */
#define ARENA_SIZE_MIN  (16ull << 20)
#define ARENA_SIZE_MAX  (16ull << 40)

struct arena {
    int fd;
    int vector_fd;
    uint64_t size;
    unsigned char *memory;
    unsigned char *vector; /* 2 * size bytes */
};

/* `size` is within the limits above. On failure there is nothing to close. */
int arena_open(struct arena *arena, uint64_t size, struct diag *diag);
void arena_close(struct arena *arena);

#endif
