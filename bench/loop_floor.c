/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timing the loops on bare Linux. This file is compiled with the guest's optimisation and without sanitizers,
 * or it would measure those. See loop_floor.h.
 */
#include "bench/loop_floor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/loops.h"

enum {
    RUNS = 51,
    COUNT = 20 /* operations in a batch */
};

static volatile unsigned long integer = 88172645463325252;
static volatile double real = 1.0;

static void integer_repeat(unsigned long *words)
{
    (void)words;
    integer = loop_integer(integer);
}

static void memory_repeat(unsigned long *words)
{
    loop_memory(words);
}

static void float_repeat(unsigned long *words)
{
    (void)words;
    real = loop_float(real);
}

static const struct {
    const char *name;
    void (*operation)(unsigned long *words);
} loops[] = {
    {"integer_loop", integer_repeat},
    {"memory_loop", memory_repeat},
    {"float_loop", float_repeat},
};

static double now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int number_compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static double batch_ns(void (*operation)(unsigned long *words), unsigned long *words)
{
    double start = now_ns();
    for (unsigned i = 0; i < COUNT; i++) {
        operation(words);
    }
    return (now_ns() - start) / COUNT;
}

static int operation_measure(void (*operation)(unsigned long *words), struct floor_result *result)
{
    double ns[RUNS];
    unsigned long *words = calloc(LOOP_MEMORY_WORDS, sizeof(*words));
    if (!words) {
        return -ENOMEM;
    }
    (void)batch_ns(operation, words); /* the first time is another matter */
    for (unsigned run = 0; run < RUNS; run++) {
        ns[run] = batch_ns(operation, words);
    }
    free(words);
    qsort(ns, RUNS, sizeof(ns[0]), number_compare);
    *result =
        (struct floor_result){.name = "same code", .median_ns = ns[RUNS / 2], .min_ns = ns[0], .runs = RUNS};
    return 0;
}

int loop_floor_measure(const char *benchmark_name, struct floor_result *result)
{
    for (unsigned i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
        if (strcmp(loops[i].name, benchmark_name) == 0) {
            return operation_measure(loops[i].operation, result);
        }
    }
    return -ENOENT;
}
