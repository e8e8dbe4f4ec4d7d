/* SPDX-License-Identifier: BSD-2-Clause */
/* fsync(2), fdatasync(2), syncfs(2), sync(2): the host does it, for directories too, before the call returns. */
#include "container/linux/calls.h"
#include "container/linux/file.h"
#include "container/linux/host.h"
#include "container/linux/overlay.h"

enum { /* extents of HOST_FILE_SYNC */
    SYNC_FILE,
    SYNC_DATA,
    SYNC_SYSTEM
};

/* Files that are none of the host's answer what those of Linux without a disk do. */
static long sync_of(const struct thread *thread, uint64_t fd, uint64_t extent)
{
    const struct file *file = file_of(thread->process, fd);
    cap_address cap = file ? file_host_cap(file) : 0;
    if (!file || file->flags & O_PATH) {
        return -EBADF;
    }
    if (overlay_is_directory(file)) { /* it has no capability of its own */
        extent = SYNC_SYSTEM;
        cap = host_find("upper");
    }
    return cap ? HOST(cap, HOST_FILE_SYNC, 0, NULL, extent) : extent == SYNC_SYSTEM ? 0 : -EINVAL;
}

HANDLER(call_fsync)
{
    return sync_of(thread, ARG(0), SYNC_FILE);
}

HANDLER(call_fdatasync)
{
    return sync_of(thread, ARG(0), SYNC_DATA);
}

HANDLER(call_syncfs)
{
    return sync_of(thread, ARG(0), SYNC_SYSTEM);
}

/* All that the container can write to. */
HANDLER(call_sync)
{
    cap_address cap;
    (void)thread;
    (void)call;
    for (unsigned i = 0; (cap = host_writable_directory(&i)) != 0; i++) {
        (void)HOST(cap, HOST_FILE_SYNC, 0, NULL, SYNC_SYSTEM);
    }
    return 0;
}

/* When to write, not whether: fsync(2) is what makes sure. */
HANDLER(call_sync_file_range)
{
    const struct file *file = file_of(thread->process, ARG(0));
    return !file ? -EBADF : ARG(3) & ~7ul ? -EINVAL : file->kind->seek ? 0 : -ESPIPE;
}
