/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that change what paths name: mkdir(2), unlink(2), rename(2), link(2), chmod(2), chdir(2), readlink(2), ... */
#include "container/linux/calls.h"
#include "container/linux/host.h"
#include "container/linux/path.h"
#include "container/linux/space.h"
#include "container/linux/status.h"
#include "container/linux/synthetic.h"

enum {
    AT_REMOVEDIR = 0x200
};

/* Where paths are worked on: one call at a time is served. */
static char path[PATH_ROOM], other[PATH_ROOM];

static long link_below(void *argument, const char *below, uint64_t length)
{
    (void)argument;
    return HOST(path_root(), HOST_DIRECTORY_READ_LINK, 0, NULL, (uint64_t)below, length, (uint64_t)other,
                sizeof other);
}

static long read_link_at(struct thread *thread, uint64_t directory, uint64_t name, uint64_t to, uint64_t size)
{
    long length = path_read(thread->process, directory, name, path);
    if (!length) {
        length = synthetic_covers(path) ? synthetic_link(thread->process, path, other)
                                        : path_try(path, false, link_below, NULL);
    }
    if (length < 0) {
        return length;
    }
    uint64_t count = (uint64_t)length < size ? (uint64_t)length : size;
    long error = user_write(to, other, count);
    return error ? error : (long)count;
}

HANDLER(call_readlink)
{
    return read_link_at(thread, (uint64_t)AT_FDCWD, ARG(0), ARG(1), ARG(2));
}

HANDLER(call_readlinkat)
{
    return read_link_at(thread, ARG(0), ARG(1), ARG(2), ARG(3));
}

/* Operations that change the directory: what they pass besides the path. */
struct change {
    enum host_operation operation;
    uint64_t value;
};

static long change_below(void *argument, const char *below, uint64_t length)
{
    const struct change *change = argument;
    return HOST(path_root(), change->operation, 0, NULL, (uint64_t)below, length, change->value);
}

static long change_at(struct thread *thread, uint64_t directory, uint64_t name, struct change change)
{
    long error = path_read(thread->process, directory, name, path);
    if (error) {
        return error;
    }
    return synthetic_covers(path) ? -EROFS : path_try(path, false, change_below, &change);
}

HANDLER(call_mkdir)
{
    return change_at(
        thread, (uint64_t)AT_FDCWD, ARG(0),
        (struct change){HOST_DIRECTORY_MAKE, ARG(1) & 07777 & ~(uint64_t)thread->process->umask});
}

HANDLER(call_mkdirat)
{
    return change_at(
        thread, ARG(0), ARG(1),
        (struct change){HOST_DIRECTORY_MAKE, ARG(2) & 07777 & ~(uint64_t)thread->process->umask});
}

HANDLER(call_rmdir)
{
    return change_at(thread, (uint64_t)AT_FDCWD, ARG(0),
                     (struct change){HOST_DIRECTORY_REMOVE, AT_REMOVEDIR});
}

HANDLER(call_unlink)
{
    return change_at(thread, (uint64_t)AT_FDCWD, ARG(0), (struct change){HOST_DIRECTORY_REMOVE, 0});
}

HANDLER(call_unlinkat)
{
    return change_at(thread, ARG(0), ARG(1), (struct change){HOST_DIRECTORY_REMOVE, ARG(2) & AT_REMOVEDIR});
}

HANDLER(call_chmod)
{
    return change_at(thread, (uint64_t)AT_FDCWD, ARG(0), (struct change){HOST_DIRECTORY_SET_MODE, ARG(1)});
}

HANDLER(call_fchmodat)
{
    return change_at(thread, ARG(0), ARG(1), (struct change){HOST_DIRECTORY_SET_MODE, ARG(2)});
}

HANDLER(call_mknodat)
{
    return change_at(thread, ARG(0), ARG(1), (struct change){HOST_DIRECTORY_MAKE_NODE, ARG(2)});
}

/* Two paths: rename and link. */
static long pair_read(struct thread *thread, uint64_t old_directory, uint64_t old, uint64_t new_directory,
                      uint64_t new)
{
    long error = path_read(thread->process, new_directory, new, other);
    if (!error) {
        error = path_read(thread->process, old_directory, old, path);
    }
    return error                                               ? error
           : synthetic_covers(path) || synthetic_covers(other) ? -EROFS
           : path_root()                                       ? 0
                                                               : -ENOENT;
}

static long rename_at(struct thread *thread, uint64_t old_directory, uint64_t old, uint64_t new_directory,
                      uint64_t new, uint64_t flags)
{
    long error = pair_read(thread, old_directory, old, new_directory, new);
    return error ? error
                 : HOST(path_root(), HOST_DIRECTORY_RENAME, path_root(), NULL, (uint64_t)(path + 1),
                        strlen(path + 1), (uint64_t)(other + 1), strlen(other + 1), flags);
}

HANDLER(call_rename)
{
    return rename_at(thread, (uint64_t)AT_FDCWD, ARG(0), (uint64_t)AT_FDCWD, ARG(1), 0);
}

HANDLER(call_renameat)
{
    return rename_at(thread, ARG(0), ARG(1), ARG(2), ARG(3), 0);
}

HANDLER(call_renameat2)
{
    return rename_at(thread, ARG(0), ARG(1), ARG(2), ARG(3), ARG(4));
}

static long link_at(struct thread *thread, uint64_t old_directory, uint64_t old, uint64_t new_directory,
                    uint64_t new)
{
    long error = pair_read(thread, old_directory, old, new_directory, new);
    return error ? error
                 : HOST(path_root(), HOST_DIRECTORY_LINK, path_root(), NULL, (uint64_t)(path + 1),
                        strlen(path + 1), (uint64_t)(other + 1), strlen(other + 1));
}

HANDLER(call_link)
{
    return link_at(thread, (uint64_t)AT_FDCWD, ARG(0), (uint64_t)AT_FDCWD, ARG(1));
}

HANDLER(call_linkat)
{
    return link_at(thread, ARG(0), ARG(1), ARG(2), ARG(3));
}

static long symlink_at(struct thread *thread, uint64_t target, uint64_t directory, uint64_t name)
{
    long length = user_string(other, target, sizeof other);
    long error = length < 0 ? length : path_read(thread->process, directory, name, path);
    if (error || synthetic_covers(path) || !path_root()) {
        return error ? error : -EROFS;
    }
    return HOST(path_root(), HOST_DIRECTORY_SYMLINK, 0, NULL, (uint64_t)(path + 1), strlen(path + 1),
                (uint64_t)other, (uint64_t)length);
}

HANDLER(call_symlink)
{
    return symlink_at(thread, ARG(0), (uint64_t)AT_FDCWD, ARG(1));
}

HANDLER(call_symlinkat)
{
    return symlink_at(thread, ARG(0), ARG(1), ARG(2));
}

/* The times to set, where the host reads them: given ones, or now. */
static long times_read(uint64_t from, int64_t times[4])
{
    if (from) {
        return user_read(times, from, 4 * sizeof *times);
    }
    times[0] = times[2] = 0;
    times[1] = times[3] = (1l << 30) - 1; /* UTIME_NOW */
    return 0;
}

HANDLER(call_utimensat)
{
    static int64_t times[4];
    long error = times_read(ARG(2), times);
    if (error) {
        return error;
    }
    if (!ARG(1)) {
        const struct file *file = file_of(thread->process, ARG(0));
        return !file ? -EBADF
               : !file_host_cap(file)
                   ? -EPERM
                   : HOST(file_host_cap(file), HOST_FILE_SET_TIMES, 0, NULL, (uint64_t)times);
    }
    error = path_read(thread->process, ARG(0), ARG(1), path);
    if (error || synthetic_covers(path) || !path_root()) {
        return error ? error : -EROFS;
    }
    return HOST(path_root(), HOST_DIRECTORY_SET_TIMES, 0, NULL, (uint64_t)(path + 1), strlen(path + 1),
                ARG(3), (uint64_t)times);
}

/* Owners stay what they are: the host's. */
HANDLER(call_chown)
{
    const struct statx *status;
    return status_at(thread, (uint64_t)AT_FDCWD, ARG(0), 0, &status);
}

HANDLER(call_fchownat)
{
    const struct statx *status;
    return status_at(thread, ARG(0), ARG(1), ARG(4), &status);
}

static long directory_set(struct thread *thread)
{
    const struct statx *status;
    long error = status_of_path(thread->process, path, true, &status);
    if (!error && (status->mode & S_IFMT) != S_IFDIR) {
        error = -ENOTDIR;
    }
    if (!error) {
        memcpy(thread->process->directory, path, strlen(path) + 1);
    }
    return error;
}

HANDLER(call_chdir)
{
    long error = path_read(thread->process, (uint64_t)AT_FDCWD, ARG(0), path);
    return error ? error : directory_set(thread);
}

HANDLER(call_fchdir)
{
    const struct file *file = file_of(thread->process, ARG(0));
    if (!file || !file->path) {
        return file ? -ENOTDIR : -EBADF;
    }
    memcpy(path, file->path, strlen(file->path) + 1);
    return directory_set(thread);
}

HANDLER(call_getcwd)
{
    const char *directory = thread->process->directory;
    size_t size = strlen(directory) + 1;
    long error = size > ARG(1) ? -ERANGE : user_write(ARG(0), directory, size);
    return error ? error : (long)size;
}

HANDLER(call_umask)
{
    unsigned old = thread->process->umask;
    thread->process->umask = (unsigned)ARG(0) & 0777;
    return old;
}

/* No file has extended attributes. */
HANDLER(call_no_attributes)
{
    (void)thread;
    (void)call;
    return -EOPNOTSUPP;
}
