/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmarks by name, and measuring those that are chosen.
 */
#ifndef SELKIE_BENCH_MEASURE_H
#define SELKIE_BENCH_MEASURE_H

#include <stdbool.h>

#include "bench/floor/floor.h"
#include "bench/names.h"
#include "host/diag.h"

enum {
    MEASURE_BOOT = BENCH_GUEST_COUNT, /* boot_to_first_output: measured from outside */
    MEASURE_COUNT
};

enum {
    MEASURE_ENGINES_MAX = 4,
    MEASURE_ROUNDS = 3,
    MEASURE_ROUNDS_MAX = 100
};

struct measure_request {
    const char *engines[MEASURE_ENGINES_MAX];
    unsigned engine_count;
    unsigned long chosen; /* bit n: the benchmark with index n */
    unsigned rounds;      /* 1 to MEASURE_ROUNDS_MAX */
};

struct measure_result {
    double median_ns, min_ns;
    unsigned runs; /* 0: not measured */
};

/* Of each figure, the round with the smallest median. */
struct measure_report {
    struct measure_result results[MEASURE_ENGINES_MAX][MEASURE_COUNT];
    struct floor_ways floors[MEASURE_COUNT];
};

extern const char *const measure_names[MEASURE_COUNT];

/* The index of that name, or -1. */
int measure_find(const char *name);

/* What seL4's own benchmarks publish for the same operation on an i7-6700 at 3.4 GHz (call and reply together);
 * 0: nothing. */
double measure_published_ns(unsigned index);

/* Measure what is chosen with each engine, and the floors, in rounds: in each of them every benchmark's
 * floor and, right behind it, the benchmark with one engine after another. Returns an exit status (enum run_status); unless it is 0, what went wrong has been
 * said or is in `diag`, whose text is else empty. */
int measure_run(struct measure_report *report, const struct measure_request *request, struct diag *diag);

#endif
