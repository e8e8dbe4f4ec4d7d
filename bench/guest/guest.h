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

/* Load the server image into an address space of its own; it does not run yet. */
void guest_component_load(struct sel4_util_component *component, const char *name);

/* Let it run in that role (roles.h), with capabilities to up to two objects in ROLE_SLOT_FIRST and the next. */
void guest_component_start(const struct sel4_util_component *component, seL4_Word role, seL4_CPtr first,
                           seL4_CPtr second);

/* Was the system given what host_read reads? */
bool guest_host_find(const seL4_BootInfo *info);

/* The benchmarks: benchmark_NAME. */
#define X(name) extern const struct benchmark benchmark_##name;
BENCH_GUEST_LIST(X)
#undef X

#endif
