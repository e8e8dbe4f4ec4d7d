/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floors: what bare Linux programs need for the same thing that one of the benchmarks measures, on the same
 * machine and at the same time. There may be several ways to do it; the cheapest is the floor.
 */
#ifndef SELKIE_BENCH_FLOOR_FLOOR_H
#define SELKIE_BENCH_FLOOR_FLOOR_H

enum {
    FLOOR_WAYS_MAX = 3
};

struct floor_way {
    const char *name; /* what was measured, such as "futex"; static storage */
    double median_ns; /* of one operation or round trip, over the batches */
    double min_ns;
    unsigned runs; /* batches, at least 9 */
};

struct floor_ways {
    unsigned count;
    struct floor_way ways[FLOOR_WAYS_MAX];
};

/* Measure all ways of a benchmark, or those that are there already once more: of each, the measurement with the
 * smaller median stays. Takes tenths of a second and happens in child processes on the processor `cpu` (-1: where
 * the caller is): the caller's signal handlers, scheduling and processors stay as they are. A way that the host
 * does not permit is left out. Returns 0; -ENOENT: this benchmark has no floor; otherwise the -errno of the first
 * way, when none worked (-ETIMEDOUT: it did not end), and `ways` is as before. */
int floor_measure(const char *benchmark_name, int cpu, struct floor_ways *ways);

/* The way with the least median; NULL if there is none. */
const struct floor_way *floor_cheapest(const struct floor_ways *ways);

#endif
