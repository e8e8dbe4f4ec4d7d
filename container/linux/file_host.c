/* SPDX-License-Identifier: BSD-2-Clause */
/* Files, pipes, terminals, directories and sockets of the host: each operation is one invocation, or few. */
#include "container/linux/file.h"

#include "container/linux/host.h"
#include "container/linux/space.h"

enum {
    CERTAIN_BYTES =
        (HOST_IO_PIECES - 1) * 4096, /* a transfer may be cut by the pieces of memory, but not below */
    FIONREAD = 0x541b
};

/* Regular files move all there is: a transfer that was cut goes on. */
static long host_transfer(const struct file *file, enum host_operation operation, uint64_t at, uint64_t size,
                          int64_t offset)
{
    uint64_t done = 0;
    uint64_t flags = 0;
    do {
        uint64_t part = size - done < HOST_IO_BYTES ? size - done : HOST_IO_BYTES;
        uint64_t place = offset < 0 ? ~0ul : (uint64_t)offset + done;
        long moved = HOST(file->box.object, operation, 0, NULL, at + done, part, place, flags);
        if (moved < 0) {
            return done ? (long)done : moved;
        }
        done += (uint64_t)moved;
        if (moved == 0 || ((uint64_t)moved < part && moved < CERTAIN_BYTES)) {
            break;
        }
    } while (file->is_regular && done < size);
    return (long)done;
}

static long host_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    return host_transfer(file, HOST_FILE_READ, to, size, offset);
}

static long host_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    return host_transfer(file, HOST_FILE_WRITE, from, size, offset);
}

static uint64_t host_poll(struct file *file, uint64_t events)
{
    long ready = HOST(file->box.object, HOST_FILE_POLL, 0, NULL, events);
    return ready < 0 ? events & (POLL_IN | POLL_OUT) : (uint64_t)ready;
}

static void host_watch_file(struct file *file, uint64_t events)
{
    if (host_watch(file->box.object, events, (uint64_t)file) == -EPERM) {
        file_changed(file); /* always ready */
    }
}

static long host_seek(struct file *file, int64_t offset, unsigned whence)
{
    return HOST(file->box.object, HOST_FILE_SEEK, 0, NULL, (uint64_t)offset, whence);
}

static long host_stat(struct file *file, struct statx *status)
{
    return HOST(file->box.object, HOST_FILE_STAT, 0, NULL, (uint64_t)status);
}

static long host_set_size(struct file *file, uint64_t size)
{
    return HOST(file->box.object, HOST_FILE_SET_SIZE, 0, NULL, size);
}

static long host_control(struct file *file, uint64_t request, uint64_t argument)
{
    uint64_t size = request == FIONREAD ? 4 : 64;
    (void)space_fill(argument, size, false); /* what the request reads and writes; the invocation checks */
    (void)space_fill(argument, size, true);
    return HOST(file->box.object, HOST_FILE_CONTROL, 0, NULL, request, argument);
}

static void host_close(struct file *file)
{
    if (file->box.untyped) {
        host_object_drop(&file->box);
    } else {
        host_watch(file->box.object, 0, 0); /* it stays open, but this file is no more */
    }
}

static const struct file_kind HOST_KIND = {
    .name = "file",
    .read = host_read,
    .write = host_write,
    .poll = host_poll,
    .watch = host_watch_file,
    .seek = host_seek,
    .stat = host_stat,
    .control = host_control,
    .set_size = host_set_size,
    .close = host_close,
};

static long directory_list(struct file *file, uint64_t to, uint64_t size)
{
    uint64_t part = size < CERTAIN_BYTES ? size : CERTAIN_BYTES;
    return HOST(file->box.object, HOST_DIRECTORY_LIST, 0, NULL, to, part);
}

static long directory_seek(struct file *file, int64_t offset, unsigned whence)
{
    return whence == 0 ? HOST(file->box.object, HOST_DIRECTORY_REWIND, 0, NULL, (uint64_t)offset) : -EINVAL;
}

static long directory_stat(struct file *file, struct statx *status)
{
    return HOST(file->box.object, HOST_DIRECTORY_STAT, 0, NULL, (uint64_t) "", 0, 0, (uint64_t)status);
}

static const struct file_kind DIRECTORY_KIND = {
    .name = "directory",
    .list = directory_list,
    .seek = directory_seek,
    .stat = directory_stat,
    .close = host_close,
};

bool file_is_directory(const struct file *file)
{
    return file->kind->list != NULL;
}

struct file *file_host_make(const struct object_box *box, unsigned flags, bool is_directory)
{
    struct file *file = file_make(is_directory ? &DIRECTORY_KIND : &HOST_KIND, flags);
    if (!file) {
        host_object_drop(box);
        return NULL;
    }
    file->box = *box;
    static struct statx status;
    if (!is_directory && host_stat(file, &status) >= 0) {
        file->is_regular = (status.mode & S_IFMT) == S_IFREG;
    }
    return file;
}

struct file *file_host_root(cap_address cap, unsigned flags)
{
    struct file *file = file_make(&HOST_KIND, flags);
    static struct statx status;
    if (file) {
        file->box.object = cap;
        file->is_regular = host_stat(file, &status) >= 0 && (status.mode & S_IFMT) == S_IFREG;
    }
    return file;
}

void file_host_ready(struct file *file, uint64_t events)
{
    (void)events;
    file_changed(file);
}

cap_address file_host_cap(const struct file *file)
{
    return file->kind == &HOST_KIND || file->kind == &DIRECTORY_KIND ? file->box.object : 0;
}
