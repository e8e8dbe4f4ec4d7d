/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batches, their length, and the middle of them.
 */
#include "bench/floor/sample.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "host/timer.h"

enum {
    BATCHES = 51,
    BATCHES_LEAST = 9,
    BATCH_NS = 1000 * 1000,
    BUDGET_NS = 100 * 1000 * 1000,
    COUNT_MOST = 1 << 20,
    LENGTH_TRIES = 3,
};

static int batch_time(uint64_t *elapsed_ns, int (*repeat)(void *world, unsigned count), void *world,
                      unsigned count)
{
    uint64_t start_ns = host_now_ns();
    int error = repeat(world, count);
    *elapsed_ns = host_now_ns() - start_ns;
    return error;
}

/* A batch that was interrupted looks long: only the shortest of a few tells how long this many take. */
static int batch_shortest(uint64_t *shortest_ns, int (*repeat)(void *world, unsigned count), void *world,
                          unsigned count)
{
    *shortest_ns = UINT64_MAX;
    for (unsigned i = 0; i < LENGTH_TRIES; i++) {
        uint64_t elapsed_ns;
        int error = batch_time(&elapsed_ns, repeat, world, count);
        if (error)
            return error;
        if (elapsed_ns < *shortest_ns)
            *shortest_ns = elapsed_ns;
    }
    return 0;
}

static int batch_choose(unsigned *count, int (*repeat)(void *world, unsigned count), void *world)
{
    uint64_t shortest_ns = 0;
    for (*count = 1; *count < COUNT_MOST; *count *= 2) {
        int error = batch_shortest(&shortest_ns, repeat, world, *count);
        if (error || shortest_ns >= BATCH_NS / 2)
            return error;
    }
    return 0;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void sample_sum_up(struct sample *sample, double *each_ns, unsigned runs)
{
    qsort(each_ns, runs, sizeof(*each_ns), compare);
    sample->min_ns = each_ns[0];
    sample->median_ns = (each_ns[(runs - 1) / 2] + each_ns[runs / 2]) / 2;
    sample->runs = runs;
}

/* Up to BATCHES of them, until `end_ns` once there are enough. */
static int batches_take(struct sample *sample, int (*repeat)(void *world, unsigned count), void *world,
                        unsigned count, uint64_t end_ns)
{
    double each_ns[BATCHES];
    unsigned runs = 0;
    int error = 0;
    while (!error && runs < BATCHES && (runs < BATCHES_LEAST || host_now_ns() < end_ns)) {
        uint64_t elapsed_ns = 0;
        error = batch_time(&elapsed_ns, repeat, world, count);
        each_ns[runs++] = (double)elapsed_ns / count;
    }
    if (!error)
        sample_sum_up(sample, each_ns, runs);
    return error;
}

int sample_take(struct sample *sample, int (*repeat)(void *world, unsigned count), void *world)
{
    uint64_t end_ns = host_now_ns() + BUDGET_NS;
    unsigned count;
    int error = batch_choose(&count, repeat, world);
    return error ? error : batches_take(sample, repeat, world, count, end_ns);
}

int sample_take_fixed(struct sample *sample, int (*repeat)(void *world, unsigned count), void *world,
                      unsigned count)
{
    int error = repeat(world, count);
    return error ? error : batches_take(sample, repeat, world, count, UINT64_MAX);
}
