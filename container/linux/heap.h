/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The personality's own memory: blocks of any size, zeroed, from the container's untyped. The caller remembers
 * sizes. NULL: the container's memory is used up.
 */
#ifndef SELKIE_LINUX_HEAP_H
#define SELKIE_LINUX_HEAP_H

#include "container/linux/base.h"

void *heap_alloc(size_t size);
void heap_free(void *block, size_t size);

#endif
