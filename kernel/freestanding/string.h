/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole C library that the kernel may use: four functions, which the compiler
 * may call on its own anyway. The kernel is compiled with this folder and
 * the compiler's own headers on its include path, and nothing else.
 */
#ifndef SELKIE_KERNEL_FREESTANDING_STRING_H
#define SELKIE_KERNEL_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
