/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls on descriptors: close(2), dup(2), fcntl(2), ioctl(2); and those that make new ones without a name: pipe(2),
 * eventfd(2), timerfd_create(2).
 */
#include "container/linux/calls.h"
#include "container/linux/eventfd.h"
#include "container/linux/fast.h"
#include "container/linux/host.h"
#include "container/linux/lock_calls.h"
#include "container/linux/pipe.h"
#include "container/linux/space.h"

enum {
    CLOSE_RANGE_UNSHARE = 2,
    CLOSE_RANGE_CLOEXEC = 4,
    F_DUPFD = 0,
    F_GETFD,
    F_SETFD,
    F_GETFL,
    F_SETFL,
    F_GETLK,
    F_SETLK,
    F_SETLKW,
    F_SETOWN,
    F_GETOWN,
    F_OFD_GETLK = 36,
    F_OFD_SETLK,
    F_OFD_SETLKW,
    F_DUPFD_CLOEXEC = 1030,
    F_SETPIPE_SZ = 1031,
    F_GETPIPE_SZ = 1032,
    FIONBIO = 0x5421,
    FIOASYNC = 0x5452,
    FIOCLEX = 0x5451,
    FIONCLEX = 0x5450,
    SETTABLE = O_APPEND | O_NONBLOCK
};

HANDLER(call_close)
{
    return descriptor_close(thread->process, ARG(0));
}

HANDLER(call_close_range)
{
    struct file_table *table = thread->process->files;
    if ((uint32_t)ARG(0) > (uint32_t)ARG(1) || ARG(2) & ~(uint64_t)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) {
        return -EINVAL;
    }
    for (uint64_t fd = (uint32_t)ARG(0); fd <= (uint32_t)ARG(1) && fd < table->room; fd++) {
        if (ARG(2) & CLOSE_RANGE_CLOEXEC) {
            table->descriptor[fd].is_close_on_exec = true;
        } else {
            descriptor_close(thread->process, fd);
        }
    }
    return 0;
}

static long duplicate(struct thread *thread, uint64_t fd, unsigned lowest, bool is_close_on_exec)
{
    struct file *file = file_of(thread->process, fd);
    if (!file) {
        return -EBADF;
    }
    file_hold(file);
    return descriptor_add(thread->process, file, lowest, is_close_on_exec);
}

HANDLER(call_dup)
{
    return duplicate(thread, ARG(0), 0, false);
}

static long duplicate_to(struct thread *thread, uint64_t fd, uint64_t to, bool is_close_on_exec)
{
    if (!file_of(thread->process, fd) || (uint32_t)to >= thread->process->files->limit) {
        return -EBADF;
    }
    descriptor_close(thread->process, to);
    return duplicate(thread, fd, (unsigned)to, is_close_on_exec);
}

HANDLER(call_dup2)
{
    if ((uint32_t)ARG(0) == (uint32_t)ARG(1)) {
        return file_of(thread->process, ARG(0)) ? (long)(uint32_t)ARG(1) : -EBADF;
    }
    return duplicate_to(thread, ARG(0), ARG(1), false);
}

HANDLER(call_dup3)
{
    return (uint32_t)ARG(0) == (uint32_t)ARG(1) || ARG(2) & ~(uint64_t)O_CLOEXEC
               ? -EINVAL
               : duplicate_to(thread, ARG(0), ARG(1), ARG(2) & O_CLOEXEC);
}

HANDLER(call_fcntl)
{
    struct file *file = file_of(thread->process, ARG(0));
    if (!file) {
        return -EBADF;
    }
    uint32_t command = (uint32_t)ARG(1);
    struct descriptor *descriptor = &thread->process->files->descriptor[(uint32_t)ARG(0)];
    if (file->flags & O_PATH && command != F_DUPFD && command != F_DUPFD_CLOEXEC && command != F_GETFD &&
        command != F_SETFD && command != F_GETFL) {
        return -EBADF;
    }
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (ARG(2) >= thread->process->files->limit) {
            return -EINVAL;
        }
        return duplicate(thread, ARG(0), (unsigned)ARG(2), command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return descriptor->is_close_on_exec;
    case F_SETFD:
        descriptor->is_close_on_exec = ARG(2) & 1;
        return 0;
    case F_GETFL:
        return (long)file->flags;
    case F_SETFL:
        fast_forget_file(file);
        file->flags = (file->flags & ~(unsigned)SETTABLE) | ((unsigned)ARG(2) & SETTABLE);
        return 0;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
        return lock_of_process(thread, file, ARG(2), command != F_GETLK, command == F_SETLKW);
    case F_SETOWN:
    case F_GETOWN:
        return 0;
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return lock_of_file(thread, file, ARG(2), command != F_OFD_GETLK, command == F_OFD_SETLKW);
    case F_GETPIPE_SZ:
        return file_host_cap(file) ? HOST(file_host_cap(file), HOST_FILE_PIPE_SIZE, 0, NULL, 0) : -EBADF;
    case F_SETPIPE_SZ:
        return file_host_cap(file)
                   ? HOST(file_host_cap(file), HOST_FILE_PIPE_SIZE, 0, NULL, ARG(2) < 4096 ? 4096 : ARG(2))
                   : -EBADF;
    default:
        return -EINVAL;
    }
}

HANDLER(call_ioctl)
{
    struct file *file = file_of(thread->process, ARG(0));
    uint32_t request = (uint32_t)ARG(1); /* some C libraries extend its sign */
    int value;
    if (!file) {
        return -EBADF;
    }
    switch (request) {
    case FIONBIO:
        if (user_read(&value, ARG(2), sizeof value)) {
            return -EFAULT;
        }
        fast_forget_file(file);
        file->flags = value ? file->flags | O_NONBLOCK : file->flags & ~(unsigned)O_NONBLOCK;
        return 0;
    case FIOASYNC: /* taken; the signal does not come */
        return user_read(&value, ARG(2), sizeof value) ? -EFAULT : file->is_regular ? -ENOTTY : 0;
    case FIOCLEX:
    case FIONCLEX:
        thread->process->files->descriptor[(uint32_t)ARG(0)].is_close_on_exec = request == FIOCLEX;
        return 0;
    default:
        return file->kind->control ? file->kind->control(file, request, ARG(2)) : -ENOTTY;
    }
}

HANDLER(call_pipe)
{
    return pipe_make(thread, ARG(0), 0);
}

HANDLER(call_pipe2)
{
    return pipe_make(thread, ARG(0), ARG(1));
}

HANDLER(call_eventfd)
{
    return eventfd_make(thread, ARG(0), 0);
}

HANDLER(call_eventfd2)
{
    return eventfd_make(thread, ARG(0), ARG(1));
}

HANDLER(call_timerfd_create)
{
    return timerfd_make(thread, ARG(0), ARG(1));
}

HANDLER(call_timerfd_settime)
{
    return timerfd_set(thread, ARG(0), ARG(1), ARG(2), ARG(3));
}

HANDLER(call_timerfd_gettime)
{
    return timerfd_get(thread, ARG(0), ARG(1));
}
