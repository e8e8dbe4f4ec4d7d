/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host objects, in the guest process whose thread uses them: no other process is asked. Which one that is does not
 * matter, since all have the same descriptors, and whoever has the baton uses the table alone.
 */
#include "engine/direct/pad/host.h"
#include "engine/direct/pad/pad.h"

/* Timers and the monitor may interrupt it; what they want is noted and waits until the exit. */
static int64_t host_system(uint64_t number, const uint64_t a[6])
{
    atomic_store_explicit(&pad_core.is_in_host, 1, memory_order_relaxed);
    int64_t result = host_call((int64_t)number, a[0], a[1], a[2], a[3], a[4], a[5]);
    atomic_store_explicit(&pad_core.is_in_host, 0, memory_order_relaxed);
    return result;
}

static int64_t object_call(void *world, struct machine_host_call *call)
{
    return hostio_call(world, call);
}

static int64_t object_watch(void *world, uint32_t handle, uint32_t events, uint64_t cookie)
{
    return hostio_watch(world, handle, events, cookie);
}

static void object_close(void *world, uint32_t handle)
{
    hostio_close(world, handle);
}

void host_io_install(void)
{
    pad_hostio.system = host_system;
    pad_hostio.arena = pad_core.kernel.arena;
    pad_core.machine.host = (struct machine_host){&pad_hostio, object_call, object_watch, object_close};
}
