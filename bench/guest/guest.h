/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the benchmark root task. A benchmark prepares what it needs, repeats its operation in batches
 * that main.c times, and leaves nothing behind that could run.
 */
#ifndef SELKIE_BENCH_GUEST_GUEST_H
#define SELKIE_BENCH_GUEST_GUEST_H

#include <sel4_util.h>

#include "bench/names.h"

struct benchmark {
    const char *name;
    void (*prepare)(void);          /* NULL: nothing to do */
    void (*repeat)(unsigned count); /* the operation, so many times */
    void (*finish)(void);           /* NULL: nothing to do */
    unsigned count;                 /* operations in a batch */
};

extern struct sel4_util_allocator guest_allocator;

/* Start a thread of the root task's own priority, the highest. */
void guest_thread_start(struct sel4_util_thread *thread, const char *name, void (*entry)(void *));

/* The benchmarks: benchmark_NAME. */
#define X(name) extern const struct benchmark benchmark_##name;
BENCH_GUEST_LIST(X)
#undef X

#endif
