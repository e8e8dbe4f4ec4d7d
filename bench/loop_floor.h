/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floors of the loop benchmarks: the guest's own code, in this process.
 */
#ifndef SELKIE_BENCH_LOOP_FLOOR_H
#define SELKIE_BENCH_LOOP_FLOOR_H

#include "bench/floor/floor.h"

/* As floor_measure: 0, -ENOENT if this is not one of the loops, or -ENOMEM. */
int loop_floor_measure(const char *benchmark_name, struct floor_result *result);

#endif
