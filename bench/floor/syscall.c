/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single system calls of Linux: one that does next to nothing, and one that reads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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

static int read_repeat(void *world, unsigned count)
{
    const int *fd = world;
    char bytes[16];
    for (unsigned i = 0; i < count; i++)
        if (read(*fd, bytes, sizeof(bytes)) != sizeof(bytes))
            return -EIO;
    return 0;
}

int syscall_read(struct sample *sample)
{
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : sample_take(sample, read_repeat, &fd);
}
