/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings of this process.
 */
#ifndef SELKIE_HOST_MAP_H
#define SELKIE_HOST_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "host/diag.h"

enum {
    HOST_PAGE = 4096
};

/* Map the first `size` bytes of `fd` readable and writable, shared. `what` names it in `diag`.
 * Returns 0 and the address, or -errno. */
int map_shared(void **address, int fd, uint64_t size, const char *what, struct diag *diag);

/* Undo it; NULL is allowed. */
void map_release(void *address, uint64_t size);

#endif
