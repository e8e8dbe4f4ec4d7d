/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks that ask nothing of the kernel: what its presence costs a program that computes.
 */
#include "bench/loops.h"

#include "guest.h"

enum {
    COUNT = 20,
    COUNT_MEMORY = 4
};

static volatile unsigned long integer = 88172645463325252;
static volatile double real = 1.0;
static unsigned long words[LOOP_MEMORY_WORDS];

static void integer_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        integer = loop_integer(integer);
    }
}

static void memory_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        loop_memory(words);
    }
}

static void float_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        real = loop_float(real);
    }
}

const struct benchmark benchmark_integer_loop = {"integer_loop", NULL, integer_repeat, NULL, COUNT};
const struct benchmark benchmark_memory_loop = {"memory_loop", NULL, memory_repeat, NULL, COUNT_MEMORY};
const struct benchmark benchmark_float_loop = {"float_loop", NULL, float_repeat, NULL, COUNT};
