/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The work of the loop benchmarks, which needs no kernel. One call is one operation.
 *
 * The same object code runs in a guest and on bare Linux, called as often and over the same kind of memory, so
 * that a difference is the surroundings'. Freestanding.
 */
#ifndef SELKIE_BENCH_WORK_LOOPS_H
#define SELKIE_BENCH_WORK_LOOPS_H

enum {
    LOOP_STEPS = 1000,
    LOOP_MEMORY_BYTES = 256 << 10,      /* more than a first-level cache holds */
    LOOP_MEMORY_LARGE_BYTES = 64 << 20, /* more than any cache here holds */
    /* operations in a batch */
    LOOP_BATCH = 100,
    LOOP_BATCH_MEMORY = 20,
    LOOP_BATCH_MEMORY_LARGE = 1
};

#define LOOP_INTEGER_START 88172645463325252ul
#define LOOP_FLOAT_START   1.0

/* Shifts and exclusive ors, each of which waits for the one before. `state` is not 0. */
unsigned long loop_integer(unsigned long state);

/* Multiplications and additions, each of which waits for the one before. It stays between 0 and 2. */
double loop_float(double value);

/* Read and write every word of the memory once. */
void loop_memory(volatile unsigned long *words, unsigned long bytes);

#endif
