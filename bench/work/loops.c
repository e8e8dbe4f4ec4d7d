/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops; see loops.h. Where code lies within a page is part of what it costs, so it is the same wherever this is
 * linked.
 */
#include "bench/work/loops.h"

__attribute__((aligned(4096))) unsigned long loop_integer(unsigned long state)
{
    for (int step = 0; step < LOOP_STEPS; step++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    return state;
}

double loop_float(double value)
{
    for (int step = 0; step < LOOP_STEPS; step++) {
        value = value * 0.5 + 0.75;
    }
    return value;
}

void loop_memory(volatile unsigned long *words, unsigned long bytes)
{
    for (unsigned long i = 0; i < bytes / sizeof(*words); i++) {
        words[i] = words[i] + 1;
    }
}
