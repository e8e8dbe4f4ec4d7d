/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks that ask nothing of the kernel: what its presence costs a program that computes.
 */
#include "bench/work/loops.h"

#include "guest.h"

static volatile unsigned long integer = LOOP_INTEGER_START;
static volatile double real = LOOP_FLOAT_START;
static unsigned long words[LOOP_MEMORY_BYTES / sizeof(unsigned long)] __attribute__((aligned(4096)));

static void integer_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        integer = loop_integer(integer);
    }
}

static void float_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        real = loop_float(real);
    }
}

static void memory_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        loop_memory(words, sizeof(words));
    }
}

/* An image of that size would not leave the root CNode its slots, so this memory is mapped by large pages. */
static unsigned long *const large_words = (unsigned long *)0x200000000000;

static void large_prepare(void)
{
    const seL4_Word page = LIBSEL4_BIT(seL4_LargePageBits);
    for (seL4_Word at = 0; at < LOOP_MEMORY_LARGE_BYTES; at += page) {
        seL4_CPtr frame = sel4_util_object_alloc(&guest_allocator, seL4_X86_LargePageObject, 0);
        SEL4_UTIL_CHECK(sel4_util_map(&guest_allocator, seL4_CapInitThreadVSpace, frame,
                                      (seL4_Word)large_words + at, seL4_ReadWrite));
    }
}

static void large_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        loop_memory(large_words, LOOP_MEMORY_LARGE_BYTES);
    }
}

const struct benchmark benchmark_integer_loop = {"integer_loop", NULL, integer_repeat, NULL, LOOP_BATCH};
const struct benchmark benchmark_float_loop = {"float_loop", NULL, float_repeat, NULL, LOOP_BATCH};
const struct benchmark benchmark_memory_loop = {"memory_loop", NULL, memory_repeat, NULL, LOOP_BATCH_MEMORY};
const struct benchmark benchmark_memory_loop_large = {"memory_loop_large", large_prepare, large_repeat, NULL,
                                                      LOOP_BATCH_MEMORY_LARGE};
