/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a failed assertion does when nobody says otherwise: it traps on the
 * spot. Weak, so that a program that embeds the kernel may define its own, which
 * can print.
 */
#include "kernel/assert.h"

__attribute__((weak)) _Noreturn void kernel_assert_failed(const char *expression, const char *file, int line)
{
    (void)expression;
    (void)file;
    (void)line;
    __builtin_trap();
}
