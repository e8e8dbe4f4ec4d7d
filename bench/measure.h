/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmarks by name, and measuring those that are chosen with one engine.
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

struct measure_result {
    double median_ns, min_ns;
    unsigned runs; /* 0: not measured */
    bool has_floor;
    struct floor_result floor;
};

extern const char *const measure_names[MEASURE_COUNT];

/* The index of that name, or -1. */
int measure_find(const char *name);

/* Measure the benchmarks whose bit is set in `chosen`, and their floors. Returns an exit status (enum
 * run_status); unless it is 0, what went wrong has been said or is in `diag`, whose text is else empty. */
int measure_run(struct measure_result results[MEASURE_COUNT], unsigned long chosen, const char *engine,
                struct diag *diag);

#endif
