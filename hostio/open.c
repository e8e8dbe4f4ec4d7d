/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening what is in a directory.
 *
 * A directory without HOST_WRITE is what a file system that is mounted read-only is. Of devices only a few
 * harmless ones are opened; what the name stands for is looked at before, because opening some devices does
 * something already, and afterwards, because a name may have come to stand for something else.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "hostio/parts.h"

#define TMPFILE ((uint64_t)O_TMPFILE & ~(uint64_t)O_DIRECTORY)

enum {
    MODE_BITS = 07777,
    FLAGS = O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_DIRECTORY | O_NOFOLLOW | O_DSYNC | O_SYNC |
            O_PATH | O_TMPFILE,
    FLAGS_OF_PATH = O_PATH | O_DIRECTORY | O_NOFOLLOW /* the others mean nothing with O_PATH */
};

static bool device_is_harmless(const struct statx *status)
{
    static const uint8_t harmless[][2] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}};
    for (unsigned i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (status->stx_rdev_major == harmless[i][0] && status->stx_rdev_minor == harmless[i][1])
            return S_ISCHR(status->stx_mode);
    return false;
}

/* What `fd` is open on: the kind of object, or -errno. */
static int64_t descriptor_kind(const struct hostio *h, int64_t fd, bool is_path)
{
    union {
        struct statx status;
        unsigned char bytes[HOST_IO_SMALL];
    } u;
    int64_t result = descriptor_status(h, fd, &u);
    if (result < 0)
        return result;
    bool is_device = S_ISCHR(u.status.stx_mode) || S_ISBLK(u.status.stx_mode);
    if (is_device && !is_path && !device_is_harmless(&u.status))
        return -ENXIO;
    return S_ISDIR(u.status.stx_mode) ? HOST_DIRECTORY : HOST_FILE;
}

/* Before anything happens: does the name stand for a device that is not to be opened? What is not there, or
 * cannot be looked at, is for the real open to say. */
static int64_t name_check(const struct hostio *h, int64_t directory, const char *path, uint64_t flags)
{
    if (flags & (O_PATH | O_DIRECTORY) || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return 0;
    int64_t fd = name_open_path(h, directory, path, !(flags & O_NOFOLLOW));
    if (fd < 0)
        return 0;
    int64_t kind = descriptor_kind(h, fd, false);
    descriptor_close(h, fd);
    return kind < 0 ? kind : 0;
}

/* O_CREAT where nothing can be created: what is there is opened, or with O_EXCL in the way. */
static int64_t open_existing(const struct hostio *h, int64_t directory, const char *path, uint64_t flags)
{
    bool is_new = flags & O_EXCL;
    int64_t fd = is_new ? name_open_path(h, directory, path, false)
                        : name_open(h, directory, path, flags & ~(uint64_t)O_CREAT, 0);
    if (fd == -ENOENT)
        return -EROFS;
    if (is_new && fd >= 0) {
        descriptor_close(h, fd);
        return -EEXIST;
    }
    return fd;
}

static int64_t open_allowed(const struct hostio *h, int64_t directory, const struct machine_host_call *call,
                            uint64_t flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_TRUNC | TMPFILE);
    bool makes = flags & (O_CREAT | TMPFILE);
    if (flags & O_PATH)
        return name_open(h, directory, call->path, flags & FLAGS_OF_PATH, 0);
    int64_t error = name_check(h, directory, call->path, flags);
    if (error)
        return error;
    flags |= O_NONBLOCK | O_NOCTTY;
    if (call->access & HOST_WRITE)
        return name_open(h, directory, call->path, flags, makes ? call->argument[3] & MODE_BITS : 0);
    if (!writes)
        return makes ? open_existing(h, directory, call->path, flags)
                     : name_open(h, directory, call->path, flags, 0);
    /* Refused, unless there is a better reason. */
    int64_t fd = name_open_path(h, directory, call->path, !(flags & O_NOFOLLOW));
    int64_t kind = fd < 0 ? fd : descriptor_kind(h, fd, true);
    if (fd >= 0)
        descriptor_close(h, fd);
    if (kind == HOST_DIRECTORY && !(flags & TMPFILE))
        return -EISDIR;
    return fd < 0 && !(fd == -ENOENT && makes) ? fd : -EROFS;
}

/* What a new object may be used for: no more than its directory, and no more than it was opened for. */
static uint8_t access_of(const struct machine_host_call *call, int64_t kind, uint64_t flags)
{
    static const uint8_t of_mode[] = {HOST_READ, HOST_WRITE, HOST_READ | HOST_WRITE, 0};
    if (kind == HOST_DIRECTORY)
        return call->access;
    return call->access & of_mode[flags & O_PATH ? O_RDONLY : flags & O_ACCMODE];
}

int64_t directory_open(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    uint64_t flags = call->argument[2];
    bool reads = (flags & O_ACCMODE) != O_WRONLY && !(flags & O_PATH);
    if (flags & ~(uint64_t)FLAGS || (flags & O_ACCMODE) == O_ACCMODE)
        return -EINVAL;
    if (reads && !(call->access & HOST_READ))
        return -EACCES;
    if (!table_has_room(h))
        return -ENFILE;
    int64_t fd = open_allowed(h, entry->fd, call, flags);
    if (fd < 0)
        return fd;
    int64_t kind = descriptor_kind(h, fd, flags & O_PATH);
    if (kind < 0) {
        descriptor_close(h, fd);
        return kind;
    }
    return entry_answer(h, call, fd, (enum host_kind)kind, access_of(call, kind, flags), 0);
}
