/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assertions, on in every build. The law: no user program can reach one.
 */
#ifndef SELKIE_KERNEL_ASSERT_H
#define SELKIE_KERNEL_ASSERT_H

/* Reports and never returns. The kernel library's own traps on the spot; it is weak, so whoever embeds the kernel
 * may define one that prints first. */
_Noreturn void kernel_assert_failed(const char *expression, const char *file, int line)
    __attribute__((cold));

#define ASSERT(expression) \
    ((expression) ? (void)0 : kernel_assert_failed(#expression, __FILE__, __LINE__))

#endif
