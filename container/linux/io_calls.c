/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls on descriptors: read(2), write(2) and their kin, lseek(2), fcntl(2), dup(2), ioctl(2), getdents(2).
 *
 * A write to a file that may wait moves everything before it returns; thread->progress is how far it came.
 */
#include "container/linux/calls.h"
#include "container/linux/eventfd.h"
#include "container/linux/host.h"
#include "container/linux/pipe.h"
#include "container/linux/space.h"

enum {
    VECTORS_MAX = 1024,
    F_DUPFD = 0,
    F_GETFD,
    F_SETFD,
    F_GETFL,
    F_SETFL,
    F_GETLK,
    F_SETLK,
    F_SETLKW,
    F_DUPFD_CLOEXEC = 1030,
    F_GETPIPE_SZ = 1032,
    FIONBIO = 0x5421,
    FIOCLEX = 0x5451,
    FIONCLEX = 0x5450,
    SETTABLE = O_APPEND | O_NONBLOCK
};

#define SIZE_LIMIT 0x7ffff000ul

struct vector {
    uint64_t base, size;
};

/* A result, or a wait if the file may be waited for. */
static long io_result(struct thread *thread, struct file *file, long result, uint64_t events, uint64_t flags)
{
    return result == -EAGAIN && !((file->flags | flags) & O_NONBLOCK) ? file_wait(thread, file, events)
                                                                      : result;
}

static long read_one(struct thread *thread, uint64_t fd, uint64_t to, uint64_t size, int64_t offset)
{
    struct file *file = file_of(thread->process, fd);
    if (!file) {
        return -EBADF;
    }
    long got = file_read(file, to, size < SIZE_LIMIT ? size : SIZE_LIMIT, offset);
    return io_result(thread, file, got, POLL_IN, 0);
}

/* All of one piece of memory, or what fits now if the file shall not wait. */
static long write_some(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    uint64_t done = 0;
    while (done < size) {
        long put = file_write(file, from + done, size - done, offset < 0 ? -1 : offset + (int64_t)done);
        if (put <= 0) {
            return done ? (long)done : put;
        }
        done += (uint64_t)put;
    }
    return size ? (long)done : file_write(file, from, 0, offset);
}

static long vectors_write(struct thread *thread, struct file *file, const struct vector *vector,
                          uint64_t count, int64_t offset)
{
    uint64_t before = 0; /* bytes of vectors that are behind us */
    for (uint64_t i = 0; i < count; before += vector[i].size, i++) {
        if (before + vector[i].size <= thread->progress && vector[i].size) {
            continue;
        }
        uint64_t skip = thread->progress - before;
        long put = write_some(file, vector[i].base + skip, vector[i].size - skip,
                              offset < 0 ? -1 : offset + (int64_t)thread->progress);
        if (put < 0 || (uint64_t)put < vector[i].size - skip) {
            thread->progress += put > 0 ? (uint64_t)put : 0;
            bool may_wait = !(file->flags & O_NONBLOCK) && (put == -EAGAIN || put >= 0) && !file->is_regular;
            return may_wait           ? file_wait(thread, file, POLL_OUT)
                   : thread->progress ? (long)thread->progress
                                      : put;
        }
        thread->progress += (uint64_t)put;
    }
    return (long)thread->progress;
}

static long write_one(struct thread *thread, uint64_t fd, uint64_t from, uint64_t size, int64_t offset)
{
    struct file *file = file_of(thread->process, fd);
    struct vector vector = {from, size < SIZE_LIMIT ? size : SIZE_LIMIT};
    return file ? vectors_write(thread, file, &vector, 1, offset) : -EBADF;
}

HANDLER(call_read)
{
    return read_one(thread, ARG(0), ARG(1), ARG(2), -1);
}

HANDLER(call_write)
{
    return write_one(thread, ARG(0), ARG(1), ARG(2), -1);
}

HANDLER(call_pread64)
{
    return (int64_t)ARG(3) < 0 ? -EINVAL : read_one(thread, ARG(0), ARG(1), ARG(2), (int64_t)ARG(3));
}

HANDLER(call_pwrite64)
{
    return (int64_t)ARG(3) < 0 ? -EINVAL : write_one(thread, ARG(0), ARG(1), ARG(2), (int64_t)ARG(3));
}

static struct vector vectors[VECTORS_MAX];

static long vectors_read(uint64_t at, uint64_t count)
{
    return count > VECTORS_MAX ? -EINVAL : user_read(vectors, at, count * sizeof *vectors);
}

static long read_vectors(struct thread *thread, uint64_t fd, uint64_t at, uint64_t count, int64_t offset)
{
    struct file *file = file_of(thread->process, fd);
    long error = file ? vectors_read(at, count) : -EBADF, done = 0;
    for (uint64_t i = 0; !error && i < count; i++) {
        if (vectors[i].size == 0) {
            continue;
        }
        long got = file_read(file, vectors[i].base, vectors[i].size, offset < 0 ? -1 : offset + done);
        if (got < 0) {
            return done ? done : io_result(thread, file, got, POLL_IN, 0);
        }
        done += got;
        if ((uint64_t)got < vectors[i].size) {
            break;
        }
    }
    return error ? error : done;
}

static long write_vectors(struct thread *thread, uint64_t fd, uint64_t at, uint64_t count, int64_t offset)
{
    struct file *file = file_of(thread->process, fd);
    long error = file ? vectors_read(at, count) : -EBADF;
    return error ? error : vectors_write(thread, file, vectors, count, offset);
}

HANDLER(call_readv)
{
    return read_vectors(thread, ARG(0), ARG(1), ARG(2), -1);
}

HANDLER(call_writev)
{
    return write_vectors(thread, ARG(0), ARG(1), ARG(2), -1);
}

HANDLER(call_preadv)
{
    return read_vectors(thread, ARG(0), ARG(1), ARG(2), (int64_t)ARG(3));
}

HANDLER(call_pwritev)
{
    return write_vectors(thread, ARG(0), ARG(1), ARG(2), (int64_t)ARG(3));
}

/* Through a buffer: what was read and not written is read again. Regular files to anything. */
HANDLER(call_sendfile)
{
    static unsigned char buffer[65536];
    struct file *out = file_of(thread->process, ARG(0)), *in = file_of(thread->process, ARG(1));
    int64_t offset = -1, start;
    if (!out || !in) {
        return -EBADF;
    }
    if (!in->is_regular || !in->kind->seek || !out->kind->write) {
        return -EINVAL;
    }
    long error = ARG(2) ? user_read(&offset, ARG(2), sizeof offset) : 0;
    start = ARG(2) ? offset : in->kind->seek(in, 0, 1);
    uint64_t size = ARG(3) < sizeof buffer ? ARG(3) : sizeof buffer;
    long got = error ? error : in->kind->read(in, (uint64_t)buffer, size, start);
    if (got <= 0) {
        return got;
    }
    long put = out->kind->write(out, (uint64_t)buffer, (uint64_t)got, -1);
    if (put < 0) {
        return io_result(thread, out, put, POLL_OUT, 0);
    }
    start += put;
    if (ARG(2)) {
        error = user_write(ARG(2), &start, sizeof start);
    } else {
        in->kind->seek(in, start, 0);
    }
    return error ? error : put;
}

HANDLER(call_lseek)
{
    struct file *file = file_of(thread->process, ARG(0));
    if (!file || !file->kind->seek) {
        return file ? -ESPIPE : -EBADF;
    }
    return file->kind->seek(file, (int64_t)ARG(1), (unsigned)ARG(2));
}

HANDLER(call_close)
{
    return descriptor_close(thread->process, ARG(0));
}

HANDLER(call_close_range)
{
    struct file_table *table = thread->process->files;
    for (uint64_t fd = ARG(0); fd <= ARG(1) && fd < table->room; fd++) {
        if (ARG(2) & 4) { /* CLOSE_RANGE_CLOEXEC */
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
    return (uint32_t)ARG(0) == (uint32_t)ARG(1) ? -EINVAL
                                                : duplicate_to(thread, ARG(0), ARG(1), ARG(2) & O_CLOEXEC);
}

/* One process: nobody else can hold a lock. F_GETLK says so. */
static long lock_get(uint64_t at)
{
    int16_t unlocked = 2;
    return user_write(at, &unlocked, sizeof unlocked);
}

HANDLER(call_fcntl)
{
    struct file *file = file_of(thread->process, ARG(0));
    if (!file) {
        return -EBADF;
    }
    struct descriptor *descriptor = &thread->process->files->descriptor[(uint32_t)ARG(0)];
    switch (ARG(1)) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return duplicate(thread, ARG(0), (unsigned)ARG(2), ARG(1) == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return descriptor->is_close_on_exec;
    case F_SETFD:
        descriptor->is_close_on_exec = ARG(2) & 1;
        return 0;
    case F_GETFL:
        return (long)file->flags;
    case F_SETFL:
        file->flags = (file->flags & ~(unsigned)SETTABLE) | ((unsigned)ARG(2) & SETTABLE);
        return 0;
    case F_GETLK:
        return lock_get(ARG(2));
    case F_SETLK:
    case F_SETLKW:
        return 0;
    case F_GETPIPE_SZ:
        return 65536;
    default:
        return -EINVAL;
    }
}

HANDLER(call_flock)
{
    return file_of(thread->process, ARG(0)) ? 0 : -EBADF;
}

HANDLER(call_ioctl)
{
    struct file *file = file_of(thread->process, ARG(0));
    int value;
    if (!file) {
        return -EBADF;
    }
    switch (ARG(1)) {
    case FIONBIO:
        if (user_read(&value, ARG(2), sizeof value)) {
            return -EFAULT;
        }
        file->flags = value ? file->flags | O_NONBLOCK : file->flags & ~(unsigned)O_NONBLOCK;
        return 0;
    case FIOCLEX:
    case FIONCLEX:
        thread->process->files->descriptor[(uint32_t)ARG(0)].is_close_on_exec = ARG(1) == FIOCLEX;
        return 0;
    default:
        return file->kind->control ? file->kind->control(file, ARG(1), ARG(2)) : -ENOTTY;
    }
}

HANDLER(call_getdents64)
{
    struct file *file = file_of(thread->process, ARG(0));
    if (!file || !file->kind->list) {
        return file ? -ENOTDIR : -EBADF;
    }
    uint64_t size = ARG(2) < 65536 ? ARG(2) : 65536;
    long error = space_fill(ARG(1), size, true);
    return error ? error : file->kind->list(file, ARG(1), size);
}

HANDLER(call_ftruncate)
{
    struct file *file = file_of(thread->process, ARG(0));
    return !file ? -EBADF : file->kind->set_size ? file->kind->set_size(file, ARG(1)) : -EINVAL;
}

/* Calls on files of the host that are one invocation. */
static long on_host_file(struct thread *thread, uint64_t fd, enum host_operation operation, uint64_t a,
                         uint64_t b, uint64_t c)
{
    struct file *file = file_of(thread->process, fd);
    if (!file) {
        return -EBADF;
    }
    if (file_is_directory(file)) {
        return operation == HOST_FILE_SYNC ? 0 : -EISDIR;
    }
    return file_host_cap(file) ? HOST(file_host_cap(file), operation, 0, NULL, a, b, c) : -EINVAL;
}

HANDLER(call_fallocate)
{
    return on_host_file(thread, ARG(0), HOST_FILE_ALLOCATE, ARG(1), ARG(2), ARG(3));
}

HANDLER(call_fsync)
{
    return on_host_file(thread, ARG(0), HOST_FILE_SYNC, 0, 0, 0);
}

HANDLER(call_fdatasync)
{
    return on_host_file(thread, ARG(0), HOST_FILE_SYNC, 1, 0, 0);
}

HANDLER(call_fchmod)
{
    return on_host_file(thread, ARG(0), HOST_FILE_SET_MODE, ARG(1), 0, 0);
}

HANDLER(call_fchown)
{
    return file_of(thread->process, ARG(0)) ? 0 : -EBADF;
}

HANDLER(call_fadvise64)
{
    return file_of(thread->process, ARG(0)) ? 0 : -EBADF;
}

/* Programs then copy by reading and writing. */
HANDLER(call_copy_file_range)
{
    return file_of(thread->process, ARG(0)) && file_of(thread->process, ARG(2)) ? -EXDEV : -EBADF;
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
