/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A system call of Linux that does next to nothing.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/floor/sample.h"
#include "bench/floor/ways.h"

static int getppid_repeat(void *world, unsigned count)
{
    (void)world;
    for (unsigned i = 0; i < count; i++)
        syscall(SYS_getppid);
    return 0;
}

int syscall_getppid(struct sample *sample)
{
    return sample_take(sample, getppid_repeat, NULL);
}
