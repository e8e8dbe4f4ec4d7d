/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pipes and socket pairs. They are the host's, so that they work between processes: what is read and written, and
 * how much at once, is as on the host. Without anything of the host there are none.
 */
#include "container/linux/pipe.h"

#include "container/linux/host.h"
#include "container/linux/passing.h"
#include "container/linux/space.h"

/* Two empty objects, or none. */
static bool boxes_make(struct object_box box[2])
{
    if (!host_object_make(&box[0])) {
        return false;
    }
    if (!host_object_make(&box[1])) {
        host_object_drop(&box[0]);
        return false;
    }
    return true;
}

/* Two files into descriptors, their numbers to the program. */
static long ends_install(struct thread *thread, struct file *first, struct file *second, uint64_t fds,
                         bool is_closed)
{
    long a = descriptor_add(thread->process, first, 0, is_closed);
    long b = descriptor_add(thread->process, second, 0, is_closed);
    int32_t numbers[] = {(int32_t)a, (int32_t)b};
    long error = a < 0 ? a : b < 0 ? b : user_write(fds, numbers, sizeof numbers);
    if (error && a >= 0) {
        descriptor_close(thread->process, (uint64_t)a);
    }
    if (error && b >= 0) {
        descriptor_close(thread->process, (uint64_t)b);
    }
    return error;
}

/* What the operation makes of two empty objects, as two descriptors. */
static long ends_make(struct thread *thread, enum host_operation operation, uint64_t type, uint64_t fds,
                      const unsigned mode[2], uint64_t flags)
{
    struct object_box box[2];
    if (!boxes_make(box)) {
        return -ENFILE;
    }
    long error = HOST(box[0].object, operation, box[1].object, NULL, type);
    if (error < 0) {
        host_object_drop(&box[0]);
        host_object_drop(&box[1]);
        return error;
    }
    unsigned status = (unsigned)flags & O_NONBLOCK;
    struct file *first = file_host_make(&box[0], mode[0] | status, false);
    struct file *second = file_host_make(&box[1], mode[1] | status, false);
    if (first && second) {
        if (operation == HOST_OBJECT_MAKE_SOCKET_PAIR) {
            credentials_set_peer(first, thread->process->id);
            credentials_set_peer(second, thread->process->id);
        }
        return ends_install(thread, first, second, fds, flags & O_CLOEXEC);
    }
    if (first) {
        file_release(first);
    }
    if (second) {
        file_release(second);
    }
    return -ENOMEM;
}

long pipe_make(struct thread *thread, uint64_t fds, uint64_t flags)
{
    static const unsigned mode[] = {O_RDONLY, O_WRONLY};
    if (flags & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK)) {
        return -EINVAL;
    }
    return ends_make(thread, HOST_OBJECT_MAKE_PIPE, 0, fds, mode, flags);
}

long pipe_pair(struct thread *thread, uint64_t type, uint64_t fds, uint64_t flags)
{
    static const unsigned mode[] = {O_RDWR, O_RDWR};
    return ends_make(thread, HOST_OBJECT_MAKE_SOCKET_PAIR, type, fds, mode, flags);
}
