/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a failed assertion of the kernel does in this program: it says so, with what was running, and ends with
 * status 70. (Guest processes die with the one that traces them.)
 */
#ifndef SELKIE_RUN_ASSERTION_H
#define SELKIE_RUN_ASSERTION_H

#include "kernel/kernel.h"

/* Whose state to print; NULL for none. Call it before the kernel runs: it also makes the linker take our
 * kernel_assert_failed. */
void assertion_watch(const struct kernel *kernel);

#endif
