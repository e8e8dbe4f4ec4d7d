/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host objects on the direct engine, the monitor's side. Guest processes make the calls (pad/host_io.c): they share
 * one table of descriptors, which the template starts with, and one struct hostio in the pad memory.
 *
 * The monitor makes none. It feeds the kernel interrupts, ticks, host events and the first fetch of threads without a
 * VSpace; none of them invokes or deletes anything, and work that was preempted starts over in its thread. So the
 * functions here only say that the system has host objects.
 */
#include "engine/direct/monitor.h"
#include "host/fd.h"
#include "host/guard.h"

static const char misplaced[] = "the kernel wants a host object in the monitor, where there are none";

static int64_t refuse_call(void *world, struct machine_host_call *call)
{
    (void)world;
    (void)call;
    guard_leave(misplaced);
    return -1;
}

static int64_t refuse_watch(void *world, uint32_t handle, uint32_t events, uint64_t cookie)
{
    (void)world;
    (void)handle;
    (void)events;
    (void)cookie;
    guard_leave(misplaced);
    return -1;
}

static void refuse_close(void *world, uint32_t handle)
{
    (void)world;
    (void)handle;
    guard_leave(misplaced);
}

void host_io_share(struct engine *e, const struct hostio_roots *roots, struct machine_host *host)
{
    struct hostio *hostio = (struct hostio *)(void *)(e->memory + PAD_HOSTIO);
    int32_t fd_of_root[HOST_IO_ROOTS];
    unsigned count = 0;
    e->host_fd[count++] = roots->epoll;
    for (unsigned i = 0; i < roots->count; i++) {
        fd_of_root[i] = roots->root[i].fd < 0 ? -1 : (int32_t)(PAD_FD_EPOLL + count);
        if (roots->root[i].fd >= 0)
            e->host_fd[count++] = roots->root[i].fd;
    }
    e->host_fd_count = count;
    fd_limit_raise(); /* guest processes inherit it */
    hostio_init(hostio, roots, fd_of_root, PAD_FD_EPOLL);
    *host = (struct machine_host){hostio, refuse_call, refuse_watch, refuse_close};
}
