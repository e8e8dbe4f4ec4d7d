/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From file to file: sendfile(2), copy_file_range(2), splice(2). All through a buffer; what was read and cannot be
 * written is read again, so what cannot be read twice is only read when the other side can take it.
 */
#include "container/linux/calls.h"
#include "container/linux/file.h"
#include "container/linux/space.h"

enum {
    BUFFER = 65536,
    SPLICE_BYTES = 4096, /* what a pipe that is ready takes at once */
    SPLICE_F_NONBLOCK = 2,
    SPLICE_ALL = 15
};

static unsigned char buffer[BUFFER] SCRATCH;

static bool may_read(const struct file *file)
{
    return (file->flags & O_ACCMODE) != O_WRONLY && !(file->flags & O_PATH);
}

static bool may_write(const struct file *file)
{
    return (file->flags & O_ACCMODE) != O_RDONLY && !(file->flags & O_PATH);
}

/* Where a file's transfer begins: `at` in memory, or its position, -1. */
static long offset_read(uint64_t at, int64_t *offset)
{
    *offset = -1;
    long error = at ? user_read(offset, at, sizeof *offset) : 0;
    return error ? error : at && *offset < 0 ? -EINVAL : 0;
}

static long offset_write(uint64_t at, int64_t offset)
{
    return at ? user_write(at, &offset, sizeof offset) : 0;
}

static long wait_or(struct thread *thread, struct file *file, long result, uint64_t events, bool is_waiting)
{
    return result == -EAGAIN && is_waiting && !(file->flags & O_NONBLOCK) ? file_wait(thread, file, events)
                                                                          : result;
}

/* From a regular file: its position moves by what was written. */
static long copy_out(struct file *in, int64_t *in_at, struct file *out, int64_t *out_at, uint64_t size)
{
    int64_t start = *in_at >= 0 ? *in_at : in->kind->seek(in, 0, 1);
    long got = in->kind->read(in, (uint64_t)buffer, size < BUFFER ? size : BUFFER, start);
    if (got <= 0) {
        return got;
    }
    long put = out->kind->write(out, (uint64_t)buffer, (uint64_t)got, *out_at);
    if (put > 0 && *in_at < 0) {
        in->kind->seek(in, start + put, 0);
    } else if (put > 0) {
        *in_at += put;
    }
    if (put > 0 && *out_at >= 0) {
        *out_at += put;
    }
    return put;
}

HANDLER(call_sendfile)
{
    struct file *out = file_of(thread->process, ARG(0)), *in = file_of(thread->process, ARG(1));
    int64_t from, to = -1;
    if (!out || !in || !may_read(in) || !may_write(out)) {
        return -EBADF;
    }
    if (!in->is_regular || !in->kind->seek || !out->kind->write ||
        (out->is_regular && out->flags & O_APPEND)) {
        return -EINVAL;
    }
    long error = offset_read(ARG(2), &from);
    long put = error ? error : copy_out(in, &from, out, &to, ARG(3));
    if (put < 0) {
        return wait_or(thread, out, put, POLL_OUT, true);
    }
    error = offset_write(ARG(2), from);
    return error ? error : put;
}

HANDLER(call_copy_file_range)
{
    struct file *in = file_of(thread->process, ARG(0)), *out = file_of(thread->process, ARG(2));
    int64_t from, to;
    if (!in || !out || !may_read(in) || !may_write(out) || out->flags & O_APPEND) {
        return -EBADF;
    }
    if (!in->is_regular || !out->is_regular || ARG(5)) {
        return file_is_directory(in) || file_is_directory(out) ? -EISDIR : -EINVAL;
    }
    long error = offset_read(ARG(1), &from);
    error = error ? error : offset_read(ARG(3), &to);
    long put = error ? error : copy_out(in, &from, out, &to, ARG(4));
    if (put > 0) {
        error = offset_write(ARG(1), from);
        error = error ? error : offset_write(ARG(3), to);
    }
    return error ? error : put;
}

static bool is_pipe(const struct file *file)
{
    return strcmp(file->kind->name, "pipe:") == 0;
}

/* From what cannot be read twice, when the other side has room. */
static long splice_in(struct thread *thread, struct file *in, struct file *out, int64_t *to, uint64_t size,
                      bool is_waiting)
{
    if (!out->is_regular && !file_poll(out, POLL_OUT)) {
        return wait_or(thread, out, -EAGAIN, POLL_OUT, is_waiting);
    }
    uint64_t most = out->is_regular ? BUFFER : SPLICE_BYTES;
    long got = in->kind->read(in, (uint64_t)buffer, size < most ? size : most, -1);
    if (got <= 0) {
        return wait_or(thread, in, got, POLL_IN, is_waiting);
    }
    long put = out->kind->write(out, (uint64_t)buffer, (uint64_t)got, *to);
    if (put > 0 && *to >= 0) {
        *to += put;
    }
    return put;
}

HANDLER(call_splice)
{
    struct file *in = file_of(thread->process, ARG(0)), *out = file_of(thread->process, ARG(2));
    bool is_waiting = !(ARG(5) & SPLICE_F_NONBLOCK);
    int64_t from, to;
    if (!ARG(4)) {
        return 0;
    }
    if (ARG(5) & ~(uint64_t)SPLICE_ALL) {
        return -EINVAL;
    }
    if (!in || !out || !may_read(in) || !may_write(out)) {
        return -EBADF;
    }
    if ((ARG(1) && is_pipe(in)) || (ARG(3) && is_pipe(out))) {
        return -ESPIPE;
    }
    if ((!is_pipe(in) && !is_pipe(out)) || !in->kind->read || !out->kind->write) {
        return -EINVAL;
    }
    long error = offset_read(ARG(1), &from);
    error = error ? error : offset_read(ARG(3), &to);
    if (error) {
        return error;
    }
    long put = in->is_regular ? copy_out(in, &from, out, &to, ARG(4))
                              : splice_in(thread, in, out, &to, ARG(4), is_waiting);
    if (put < 0 && in->is_regular) {
        return wait_or(thread, out, put, POLL_OUT, is_waiting);
    }
    error = put > 0 ? offset_write(ARG(1), from) : 0;
    error = error || put <= 0 ? error : offset_write(ARG(3), to);
    return error ? error : put;
}
