/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own words on the console, when the configuration is a printing one.
 * Formats: %s %c %d %u %x %lx %lu %p (0x and 64-bit hex) and a width with 0 for %x.
 */
#ifndef SELKIE_KERNEL_PRINT_H
#define SELKIE_KERNEL_PRINT_H

#include <stdarg.h>

#include "kernel/kernel.h"

/* Does nothing unless the configuration prints. */
void kernel_print(struct kernel *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Format into a buffer, always terminated; returns the length that was written. */
unsigned print_format(char *buffer, unsigned size, const char *format, va_list arguments);

#endif
