/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floors: what the cheapest bare Linux program needs for the same thing that one of
 * the benchmarks measures, on the same machine and at the same time.
 *
 * Floors of the guest's loops are not here: those run the guest's own code.
 */
#ifndef SELKIE_BENCH_FLOOR_FLOOR_H
#define SELKIE_BENCH_FLOOR_FLOOR_H

struct floor_result {
    const char *name; /* what was measured, such as "futex"; static storage */
    double median_ns; /* of one operation or round trip, over the batches */
    double min_ns;
    unsigned runs; /* batches, at least 9 */
};

/* Measure the floor of a benchmark: where there are several ways, all of them, and the answer is the one with
 * the least median. Takes tenths of a second and happens in child processes on one processor: the caller's
 * signal handlers, scheduling and processors stay as they are. A way that the host does not permit is left
 * out. Returns 0; -ENOENT: this benchmark has no floor here; otherwise the -errno of the first way, when
 * none worked (-ETIMEDOUT: it did not end). `result` is written on success only. */
int floor_measure(const char *benchmark_name, struct floor_result *result);

#endif
