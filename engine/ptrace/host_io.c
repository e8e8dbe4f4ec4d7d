/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host objects on the ptrace engine: the monitor itself makes the calls, with descriptors of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/ptrace/state.h"
#include "host/fd.h"

static int64_t host_system(uint64_t number, const uint64_t a[6])
{
    long result = syscall((long)number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result < 0 ? -errno : result;
}

static int64_t host_call(void *world, struct machine_host_call *call)
{
    return hostio_call(world, call);
}

static int64_t host_watch(void *world, uint32_t handle, uint32_t events, uint64_t cookie)
{
    return hostio_watch(world, handle, events, cookie);
}

static void host_close(void *world, uint32_t handle)
{
    hostio_close(world, handle);
}

/* A system may close what it is given, and the caller still has its own. */
static int roots_duplicate(struct engine *e, const struct hostio_roots *roots, int32_t fd[HOST_IO_ROOTS])
{
    for (unsigned i = 0; i < roots->count; i++) {
        fd[i] = roots->root[i].fd < 0 ? -1 : fcntl(roots->root[i].fd, F_DUPFD_CLOEXEC, 0);
        if (fd[i] >= 0 || roots->root[i].fd < 0)
            continue;
        int error = errno;
        while (i-- > 0)
            fd_close_at(&fd[i]);
        return diag_errno(e->diag, error, "cannot hand a descriptor to the system");
    }
    return 0;
}

int host_io_open(struct engine *e, const struct hostio_roots *roots, struct machine_host *host)
{
    int32_t fd[HOST_IO_ROOTS];
    fd_limit_raise();
    int error = roots_duplicate(e, roots, fd);
    if (error)
        return error;
    e->hostio = calloc(1, sizeof(*e->hostio)); /* large, and mostly never touched */
    if (!e->hostio) {
        for (unsigned i = 0; i < roots->count; i++)
            fd_close_at(&fd[i]);
        return diag_errno(e->diag, ENOMEM, "no memory for host objects");
    }
    hostio_init(e->hostio, roots, fd, roots->epoll);
    e->hostio->system = host_system;
    e->hostio->arena = e->k->arena;
    *host = (struct machine_host){e->hostio, host_call, host_watch, host_close};
    return 0;
}

void host_io_close(struct engine *e)
{
    for (uint32_t i = 0; e->hostio && i < e->hostio->used; i++)
        if (e->hostio->entry[i].kind != HOST_EMPTY)
            hostio_close(e->hostio, i);
    free(e->hostio);
    e->hostio = NULL;
}
