/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which floors a benchmark has, as a table with a row for each way.
 */
#include "bench/floor/floor.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "bench/floor/child.h"
#include "bench/floor/sample.h"
#include "bench/floor/ways.h"

static const struct floor_row {
    const char *benchmark;
    const char *name;
    int (*measure)(struct sample *sample);
} rows[] = {
    {"null_invocation", "getppid", syscall_getppid},
    {"null_invocation_trapped", "sigsys", signals_sigsys},
    {"call_cross_vspace", "futex", handover_futex},
    {"call_cross_vspace", "yield", handover_yield},
    {"call_cross_vspace", "asymmetric", handover_asymmetric},
    {"notification_cross_vspace", "futex", handover_futex},
    {"notification_cross_vspace", "yield", handover_yield},
    {"notification_cross_vspace", "asymmetric", handover_asymmetric},
    {"map_unmap", "mmap", mapping_untouched},
    {"map_touch_unmap", "mmap", mapping_touched},
    {"map_run_64", "mmap", mapping_run_64},
    {"user_exception", "sigsegv", signals_sigsegv},
    {"host_read", "read", syscall_read},
    {"integer_loop", "same code", work_integer},
    {"memory_loop", "same code", work_memory},
    {"memory_loop_large", "same code", work_memory_large},
    {"float_loop", "same code", work_float},
    {"macro_compute", "same code", work_compute},
};

/* The way of that name, made if there is none; then its number of runs is 0. */
static struct floor_way *way_find(struct floor_ways *ways, const char *name)
{
    unsigned at = 0;
    while (at < ways->count && strcmp(ways->ways[at].name, name) != 0)
        at++;
    if (at == ways->count)
        ways->ways[ways->count++] = (struct floor_way){.name = name};
    return &ways->ways[at];
}

static void way_keep(struct floor_ways *ways, const char *name, const struct sample *sample)
{
    struct floor_way *way = way_find(ways, name);
    if (!way->runs || sample->median_ns < way->median_ns)
        *way = (struct floor_way){name, sample->median_ns, sample->min_ns, sample->runs};
}

int floor_measure(const char *benchmark_name, int cpu, struct floor_ways *ways)
{
    int error = -ENOENT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sample sample;
        if (strcmp(rows[i].benchmark, benchmark_name) != 0)
            continue;
        int outcome = child_measure(rows[i].measure, cpu, &sample);
        if (outcome == 0)
            way_keep(ways, rows[i].name, &sample);
        if (error && (outcome == 0 || error == -ENOENT))
            error = outcome;
    }
    return error;
}

const struct floor_way *floor_cheapest(const struct floor_ways *ways)
{
    const struct floor_way *cheapest = NULL;
    for (unsigned i = 0; i < ways->count; i++) {
        if (!cheapest || ways->ways[i].median_ns < cheapest->median_ns)
            cheapest = &ways->ways[i];
    }
    return cheapest;
}
