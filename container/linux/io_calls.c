/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data of open files: read(2), write(2) and their kin, lseek(2), getdents(2), ftruncate(2), fallocate(2).
 *
 * A write to a file that may wait moves everything before it returns; thread->progress is how far it came.
 */
#include "container/linux/calls.h"
#include "container/linux/file.h"
#include "container/linux/host.h"
#include "container/linux/socket.h"
#include "container/linux/space.h"

enum {
    ADVICE_LAST = 5,
    RWF_DSYNC = 2,
    RWF_SYNC = 4,
    RWF_NOWAIT = 8,
    RWF_APPEND = 16,
    RWF_READ = 15, /* with RWF_HIPRI */
    RWF_ALL = 31,
    VECTORS_MAX = 1024
};

#define SIZE_LIMIT 0x7ffff000ul

static long wait_for(struct thread *thread, struct file *file, uint64_t events)
{
    return file_host_is_socket(file) ? socket_wait(thread, file, events) : file_wait(thread, file, events);
}

/* A result, or a wait if the file may be waited for. */
static long io_result(struct thread *thread, struct file *file, long result, uint64_t events, uint64_t flags)
{
    return result == -EAGAIN && !((file->flags | flags) & O_NONBLOCK) ? wait_for(thread, file, events)
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

static long vectors_write(struct thread *thread, struct file *file, const struct io_vector *vector,
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
            long result = may_wait ? wait_for(thread, file, POLL_OUT) : -EAGAIN;
            return result != -EAGAIN ? result : thread->progress ? (long)thread->progress : put;
        }
        thread->progress += (uint64_t)put;
    }
    return (long)thread->progress;
}

static long write_one(struct thread *thread, uint64_t fd, uint64_t from, uint64_t size, int64_t offset)
{
    struct file *file = file_of(thread->process, fd);
    struct io_vector vector = {from, size < SIZE_LIMIT ? size : SIZE_LIMIT};
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

static struct io_vector vectors[VECTORS_MAX];

/* Together they are cut where one call's limit is. */
static long vectors_read(uint64_t at, uint64_t count)
{
    uint64_t left = SIZE_LIMIT;
    long error = count > VECTORS_MAX ? -EINVAL : user_read(vectors, at, count * sizeof *vectors);
    for (uint64_t i = 0; !error && i < count; i++) {
        error = (int64_t)vectors[i].size < 0 ? -EINVAL : 0;
        vectors[i].size = vectors[i].size < left ? vectors[i].size : left;
        left -= vectors[i].size;
    }
    return error;
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
    return (int64_t)ARG(3) < 0 ? -EINVAL : read_vectors(thread, ARG(0), ARG(1), ARG(2), (int64_t)ARG(3));
}

HANDLER(call_pwritev)
{
    return (int64_t)ARG(3) < 0 ? -EINVAL : write_vectors(thread, ARG(0), ARG(1), ARG(2), (int64_t)ARG(3));
}

/* As if it were opened with these; priorities are taken and do nothing. */
static unsigned transfer_flags(uint64_t flags)
{
    return (flags & RWF_APPEND ? O_APPEND : 0u) | (flags & RWF_NOWAIT ? O_NONBLOCK : 0u);
}

HANDLER(call_preadv2)
{
    struct file *file = file_of(thread->process, ARG(0));
    unsigned flags = transfer_flags(ARG(5)) & O_NONBLOCK;
    if (!file || (int64_t)ARG(3) < -1 || ARG(5) & ~(uint64_t)RWF_READ) {
        return !file ? -EBADF : (int64_t)ARG(3) < -1 ? -EINVAL : -EOPNOTSUPP;
    }
    unsigned before = file->flags;
    file->flags |= flags;
    long got = read_vectors(thread, ARG(0), ARG(1), ARG(2), (int64_t)ARG(3));
    file->flags = before;
    return got;
}

HANDLER(call_pwritev2)
{
    struct file *file = file_of(thread->process, ARG(0));
    if (!file || (int64_t)ARG(3) < -1 || ARG(5) & ~(uint64_t)RWF_ALL) {
        return !file ? -EBADF : (int64_t)ARG(3) < -1 ? -EINVAL : -EOPNOTSUPP;
    }
    unsigned before = file->flags;
    file->flags |= transfer_flags(ARG(5));
    long put = write_vectors(thread, ARG(0), ARG(1), ARG(2), (int64_t)ARG(3));
    file->flags = before;
    if (put > 0 && ARG(5) & (RWF_DSYNC | RWF_SYNC) && file->is_regular) {
        long error = HOST(file_host_cap(file), HOST_FILE_SYNC, 0, NULL, !(ARG(5) & RWF_SYNC));
        return error ? error : put;
    }
    return put;
}

HANDLER(call_lseek)
{
    struct file *file = file_of(thread->process, ARG(0));
    if (!file || !file->kind->seek) {
        return file ? -ESPIPE : -EBADF;
    }
    return file->kind->seek(file, (int64_t)ARG(1), (unsigned)ARG(2));
}

HANDLER(call_getdents64)
{
    struct file *file = file_of(thread->process, ARG(0));
    if (!file || file->flags & O_PATH || !file->kind->list) {
        return file && !(file->flags & O_PATH) ? -ENOTDIR : -EBADF;
    }
    uint64_t size = ARG(2) < 65536 ? ARG(2) : 65536;
    long error = space_fill(ARG(1), size, true);
    return error ? error : file->kind->list(file, ARG(1), size);
}

HANDLER(call_ftruncate)
{
    struct file *file = file_of(thread->process, ARG(0));
    bool is_good = file && file->kind->set_size && (file->flags & O_ACCMODE) != O_RDONLY && (int64_t)ARG(1) >= 0;
    return !file || file->flags & O_PATH ? -EBADF : is_good ? file->kind->set_size(file, ARG(1)) : -EINVAL;
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
        return -EISDIR;
    }
    return file_host_cap(file) ? HOST(file_host_cap(file), operation, 0, NULL, a, b, c) : -EINVAL;
}

HANDLER(call_fallocate)
{
    return on_host_file(thread, ARG(0), HOST_FILE_ALLOCATE, ARG(1), ARG(2), ARG(3));
}

/* Advice is taken for granted. */
HANDLER(call_fadvise64)
{
    const struct file *file = file_of(thread->process, ARG(0));
    return !file || file->flags & O_PATH ? -EBADF
           : ARG(3) > ADVICE_LAST        ? -EINVAL
           : file->kind->seek            ? 0
                                         : -ESPIPE;
}

HANDLER(call_readahead)
{
    const struct file *file = file_of(thread->process, ARG(0));
    return !file || (file->flags & O_ACCMODE) == O_WRONLY ? -EBADF : file->is_regular ? 0 : -EINVAL;
}
