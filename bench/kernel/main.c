/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_kernel [NUMBER ROUNDS]: what kernel_enter costs, without any engine around
 * it. With arguments only that loop runs, so often, for a profiler or a counter
 * of instructions.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/floor/sample.h"
#include "bench/kernel/loops.h"

struct run {
    struct system system;
    const struct loop *loop;
};

static int run_repeat(void *world, unsigned count)
{
    struct run *run = world;
    run->loop->rounds(&run->system, count);
    return 0;
}

static void run_open(struct run *run, const struct loop *loop)
{
    run->loop = loop;
    system_open(&run->system);
    if (loop->prepare)
        loop->prepare(&run->system);
    loop->rounds(&run->system, 2);
    if (run->system.tcb == 0) {
        fprintf(stderr, "bench_kernel: %s: nobody runs\n", loop->name);
        exit(1);
    }
    system_check(&run->system);
}

static void loop_measure(const struct loop *loop)
{
    struct run run;
    struct sample sample;
    run_open(&run, loop);
    sample_take(&sample, run_repeat, &run);
    printf("%-47s %7.1f %7.1f %7u\n", loop->name, sample.median_ns, sample.min_ns, loop->entries);
    system_close(&run.system);
}

static int loop_profile(const char *number_text, const char *rounds_text)
{
    struct run run;
    unsigned long number = strtoul(number_text, NULL, 10), rounds = strtoul(rounds_text, NULL, 10);
    if (number >= loop_count || rounds > UINT_MAX)
        return 2;
    run_open(&run, &loops[number]);
    run.loop->rounds(&run.system, (unsigned)rounds);
    system_close(&run.system);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return loop_profile(argv[1], argv[2]);
    printf("%-47s %7s %7s %7s\n", "ns per round", "median", "least", "entries");
    for (unsigned i = 0; i < loop_count; i++)
        loop_measure(&loops[i]);
    return 0;
}
