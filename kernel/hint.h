/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hints to the compiler: where system calls that go well spend their time. They
 * change nothing but speed, and stand only where bench_kernel shows that they pay.
 */
#ifndef SELKIE_KERNEL_HINT_H
#define SELKIE_KERNEL_HINT_H

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Refusals, faults: what leads there is laid out aside. */
#define COLD __attribute__((cold))

/* For one of several ways a call may go on: the registers it needs are not saved on the other ways. */
#define OUT_OF_LINE __attribute__((noinline))

#endif
