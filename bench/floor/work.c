/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work that needs no kernel, in a Linux process: the object code, the batches and the kind of memory (a memory
 * file, mapped shared in pages of the host) are those of the guests.
 */
#include "bench/work/compute.h"

#include <errno.h>
#include <stddef.h>

#include "bench/floor/sample.h"
#include "bench/floor/ways.h"
#include "bench/work/loops.h"
#include "host/fd.h"
#include "host/map.h"

static volatile unsigned long integer = LOOP_INTEGER_START;
static volatile double real = LOOP_FLOAT_START;

static int integer_repeat(void *world, unsigned count)
{
    (void)world;
    for (unsigned i = 0; i < count; i++)
        integer = loop_integer(integer);
    return 0;
}

static int float_repeat(void *world, unsigned count)
{
    (void)world;
    for (unsigned i = 0; i < count; i++)
        real = loop_float(real);
    return 0;
}

static int memory_repeat(void *world, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        loop_memory(world, LOOP_MEMORY_BYTES);
    return 0;
}

static int memory_large_repeat(void *world, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        loop_memory(world, LOOP_MEMORY_LARGE_BYTES);
    return 0;
}

/* As many spaces as the guest's workers have, so that the caches see the same. */
static int compute_repeat(void *world, unsigned count)
{
    struct compute_space *spaces = world;
    for (unsigned i = 0; i < count; i++) {
        unsigned long sum = 0;
        for (unsigned long seed = 1; seed <= COMPUTE_JOBS; seed++)
            sum += compute_job(&spaces[seed % COMPUTE_WORKERS], seed);
        if (sum != COMPUTE_SUM)
            return -EPROTO;
    }
    return 0;
}

static int memory_measure(struct sample *sample, int (*repeat)(void *world, unsigned count), size_t size,
                          unsigned count)
{
    void *memory;
    HOST_FD int fd = fd_memory("floor", size, NULL);
    int error = fd < 0 ? fd : map_shared(&memory, fd, size, "memory", NULL);
    if (error)
        return error;
    error = sample_take_fixed(sample, repeat, memory, count);
    map_release(memory, size);
    return error;
}

int work_integer(struct sample *sample)
{
    return sample_take_fixed(sample, integer_repeat, NULL, LOOP_BATCH);
}

int work_float(struct sample *sample)
{
    return sample_take_fixed(sample, float_repeat, NULL, LOOP_BATCH);
}

int work_memory(struct sample *sample)
{
    return memory_measure(sample, memory_repeat, LOOP_MEMORY_BYTES, LOOP_BATCH_MEMORY);
}

int work_memory_large(struct sample *sample)
{
    return memory_measure(sample, memory_large_repeat, LOOP_MEMORY_LARGE_BYTES, LOOP_BATCH_MEMORY_LARGE);
}

int work_compute(struct sample *sample)
{
    return memory_measure(sample, compute_repeat, COMPUTE_WORKERS * sizeof(struct compute_space), 1);
}
