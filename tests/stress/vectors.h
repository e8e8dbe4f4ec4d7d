/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums that a thread keeps twice: in all its vector and x87 registers, and in memory. The program that uses
 * this is compiled for general registers only, so that nothing else touches the others.
 */
#ifndef STRESS_VECTORS_H
#define STRESS_VECTORS_H

#include "stress.h"

enum vector_level {
    VECTOR_SSE,
    VECTOR_AVX,
    VECTOR_AVX512
};

enum {
    VECTOR_WORDS_MAX = 32 * 8,
    X87_USED = 7
};

struct vectors {
    seL4_Word sums[VECTOR_WORDS_MAX];  /* what the registers ought to hold */
    seL4_Word found[VECTOR_WORDS_MAX]; /* what they do */
    seL4_Int64 x87[X87_USED];          /* two sums, then constants; one register is left for work */
    seL4_Word mask;
    seL4_Uint32 mxcsr;
    seL4_Uint16 control;
    enum vector_level level;
} __attribute__((aligned(64)));

/* Once in a program, before anything else here. */
void vectors_prepare(void);

/* Start with zero sums and, by `number`, rounding modes of its own. */
void vectors_start(struct vectors *v, unsigned number);

/* Add words that depend on `seed` to all sums. */
void vectors_add(struct vectors *v, seL4_Word seed);

/* Compare; if something differs say what, and the two values. */
bool vectors_right(struct vectors *v, enum wrong *kind, seL4_Word *expected, seL4_Word *found);

#endif
