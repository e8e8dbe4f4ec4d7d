/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The work of the loop benchmarks, which needs no kernel: the same code runs in a guest and on bare Linux, so
 * that a difference is the surroundings'. Plain C without headers. One call is one operation of the benchmark.
 */
#ifndef SELKIE_BENCH_LOOPS_H
#define SELKIE_BENCH_LOOPS_H

enum {
    LOOP_STEPS = 1000,
    LOOP_MEMORY_WORDS = 32768 /* 256 KiB: larger than a first-level cache */
};

/* Shifts and exclusive ors, each of which waits for the one before. `state` is not 0. */
static inline unsigned long loop_integer(unsigned long state)
{
    for (int step = 0; step < LOOP_STEPS; step++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    return state;
}

/* Read and write every word of the memory once. */
static inline void loop_memory(volatile unsigned long *words)
{
    for (int i = 0; i < LOOP_MEMORY_WORDS; i++) {
        words[i] = words[i] + 1;
    }
}

/* Multiplications and additions, each of which waits for the one before. It stays between 0 and 2. */
static inline double loop_float(double value)
{
    for (int step = 0; step < LOOP_STEPS; step++) {
        value = value * 0.5 + 0.75;
    }
    return value;
}

#endif
