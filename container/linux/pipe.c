/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pipes. A ring has a reading and a writing file; each file of a pair has a ring in each direction.
 * Invariant: a ring goes when both its files are gone; `reader` and `writer` are NULL when closed.
 */
#include "container/linux/pipe.h"

#include "container/linux/heap.h"
#include "container/linux/space.h"

enum {
    RING = 65536,
    PIPE_BUF = 4096,
    FIONREAD = 0x541b
};

struct ring {
    struct file *reader, *writer;
    uint64_t got, put; /* bytes so far */
    unsigned char *bytes;
};

struct end {
    struct ring *in, *out;
};

static uint64_t ring_count(const struct ring *ring)
{
    return ring->put - ring->got;
}

static struct ring *ring_make(void)
{
    struct ring *ring = heap_alloc(sizeof *ring);
    if (ring) {
        ring->bytes = heap_alloc(RING);
    }
    if (ring && !ring->bytes) {
        heap_free(ring, sizeof *ring);
        return NULL;
    }
    return ring;
}

static void ring_drop(struct ring *ring)
{
    if (!ring->reader && !ring->writer) {
        heap_free(ring->bytes, RING);
        heap_free(ring, sizeof *ring);
    }
}

static long pipe_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    struct ring *ring = ((struct end *)file->data)->in;
    if (!ring || offset >= 0) {
        return ring ? -ESPIPE : -EBADF;
    }
    uint64_t count = ring_count(ring) < size ? ring_count(ring) : size;
    if (count == 0) {
        return size == 0 || !ring->writer ? 0 : -EAGAIN;
    }
    for (uint64_t i = 0; i < count;) {
        uint64_t at = (ring->got + i) % RING, part = RING - at < count - i ? RING - at : count - i;
        memcpy((void *)(to + i), ring->bytes + at, part);
        i += part;
    }
    ring->got += count;
    if (ring->writer) {
        file_changed(ring->writer);
    }
    return (long)count;
}

static long pipe_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    struct ring *ring = ((struct end *)file->data)->out;
    if (!ring || offset >= 0) {
        return ring ? -ESPIPE : -EBADF;
    }
    if (!ring->reader) {
        return -EPIPE;
    }
    uint64_t room = RING - ring_count(ring), count = room < size ? room : size;
    if (count == 0 || (size <= PIPE_BUF && count < size)) {
        return size == 0 ? 0 : -EAGAIN;
    }
    for (uint64_t i = 0; i < count;) {
        uint64_t at = (ring->put + i) % RING, part = RING - at < count - i ? RING - at : count - i;
        memcpy(ring->bytes + at, (const void *)(from + i), part);
        i += part;
    }
    ring->put += count;
    file_changed(ring->reader);
    return (long)count;
}

static uint64_t pipe_poll(struct file *file, uint64_t events)
{
    const struct end *end = file->data;
    uint64_t ready = 0;
    if (end->in) {
        ready |= ring_count(end->in) || (end->out && !end->in->writer) ? POLL_IN : 0u;
        ready |= end->in->writer ? 0u : POLL_HUP;
    }
    if (end->out) {
        ready |= RING - ring_count(end->out) >= PIPE_BUF ? POLL_OUT : 0u;
        ready |= end->out->reader ? 0u : POLL_ERR;
    }
    return ready & (events | POLL_ERR | POLL_HUP);
}

static long pipe_stat(struct file *file, struct statx *status)
{
    const struct end *end = file->data;
    *status = (struct statx){.mode = (end->in && end->out ? S_IFSOCK : S_IFIFO) | 0600,
                             .links = 1,
                             .block_size = PIPE_BUF,
                             .inode = (uint64_t)(end->in ? end->in : end->out) >> 5};
    return 0;
}

static long pipe_control(struct file *file, uint64_t request, uint64_t argument)
{
    const struct end *end = file->data;
    if (request != FIONREAD || !end->in) {
        return -ENOTTY;
    }
    int count = (int)ring_count(end->in);
    return user_write(argument, &count, sizeof count);
}

static void pipe_close(struct file *file)
{
    struct end *end = file->data;
    if (end->in) {
        end->in->reader = NULL;
        if (end->in->writer) {
            file_changed(end->in->writer);
        }
        ring_drop(end->in);
    }
    if (end->out) {
        end->out->writer = NULL;
        if (end->out->reader) {
            file_changed(end->out->reader);
        }
        ring_drop(end->out);
    }
    heap_free(end, sizeof *end);
}

static const struct file_kind PIPE_KIND = {
    .name = "pipe:",
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .stat = pipe_stat,
    .control = pipe_control,
    .close = pipe_close,
};

static struct file *end_make(struct ring *in, struct ring *out, unsigned flags)
{
    struct file *file = file_make(&PIPE_KIND, flags);
    struct end *end = file ? heap_alloc(sizeof *end) : NULL;
    if (!end) {
        heap_free(file, sizeof *file);
        return NULL;
    }
    *end = (struct end){.in = in, .out = out};
    file->data = end;
    if (in) {
        in->reader = file;
    }
    if (out) {
        out->writer = file;
    }
    return file;
}

/* Two files into descriptors, their numbers to the program. */
static long ends_install(struct thread *thread, struct file *first, struct file *second, uint64_t fds,
                         uint64_t flags)
{
    bool is_closed = flags & O_CLOEXEC;
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

long pipe_make(struct thread *thread, uint64_t fds, uint64_t flags)
{
    if (flags & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK)) {
        return -EINVAL;
    }
    struct ring *ring = ring_make();
    unsigned status = (unsigned)flags & O_NONBLOCK;
    struct file *reader = ring ? end_make(ring, NULL, O_RDONLY | status) : NULL;
    struct file *writer = reader ? end_make(NULL, ring, O_WRONLY | status) : NULL;
    if (!writer) {
        if (reader) {
            file_release(reader);
        }
        return -ENOMEM;
    }
    return ends_install(thread, reader, writer, fds, flags);
}

long pipe_pair(struct thread *thread, uint64_t fds, uint64_t flags)
{
    struct ring *a = ring_make(), *b = a ? ring_make() : NULL;
    unsigned status = O_RDWR | ((unsigned)flags & O_NONBLOCK);
    struct file *first = b ? end_make(a, b, status) : NULL;
    struct file *second = first ? end_make(b, a, status) : NULL;
    if (!second) {
        if (first) {
            file_release(first);
        }
        return -ENOMEM;
    }
    return ends_install(thread, first, second, fds, flags);
}
