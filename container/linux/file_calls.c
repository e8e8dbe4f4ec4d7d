/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that change what paths name: mkdir(2), unlink(2), rename(2), link(2), chmod(2), chdir(2), readlink(2), ... */
#include "container/linux/calls.h"
#include "container/linux/host.h"
#include "container/linux/open.h"
#include "container/linux/place.h"
#include "container/linux/space.h"
#include "container/linux/status.h"
#include "container/linux/synthetic.h"

enum {
    AT_SYMLINK_NOFOLLOW = 0x100,
    AT_REMOVEDIR = 0x200,
    AT_SYMLINK_FOLLOW = 0x400,
    AT_EMPTY_PATH = 0x1000,
    MODE_BITS = 07777,
    UTIME_NOW = (1 << 30) - 1,
    UTIME_OMIT = (1 << 30) - 2
};

/* Where paths are worked on: one call at a time is served. */
static struct path path, other;
static char target[PATH_ROOM];

static long link_below(void *argument, const struct place *place)
{
    (void)argument;
    return place_read_link(place, target, sizeof target);
}

/* The link that a descriptor of it stands for. */
static long link_of_file(const struct process *process, const struct file *file)
{
    long error = file->path ? path_set(&path, file->path) : -ENOENT;
    return error ? error : path_do(process, &path, false, link_below, NULL);
}

static long read_link_at(struct thread *thread, uint64_t directory, uint64_t name, uint64_t to, uint64_t size)
{
    char first = 1;
    const struct file *file = file_of(thread->process, directory);
    if ((int)size <= 0) {
        return -EINVAL;
    }
    long length = user_read(&first, name, 1);
    if (!length && !first && file) {
        length = link_of_file(thread->process, file);
        length = length == -EINVAL ? -ENOENT : length;
    } else {
        length = length ? length : path_read(thread->process, directory, name, &path);
        length = length ? length : path_do(thread->process, &path, false, link_below, NULL);
        length = length == PATH_SYNTHETIC ? synthetic_link(thread->process, path.text, target) : length;
    }
    if (length < 0) {
        return length;
    }
    uint64_t count = (uint64_t)length < size ? (uint64_t)length : size;
    long error = user_write(to, target, count);
    return error ? error : (long)count;
}

HANDLER(call_readlink)
{
    return read_link_at(thread, (uint64_t)AT_FDCWD, ARG(0), ARG(1), (uint32_t)ARG(2));
}

HANDLER(call_readlinkat)
{
    return read_link_at(thread, ARG(0), ARG(1), ARG(2), (uint32_t)ARG(3));
}

/* Operations that change the directory: what they pass besides the path. */
struct change {
    long (*apply)(const struct place *place, uint64_t value);
    uint64_t value;
    bool follow;
};

static long change_below(void *argument, const struct place *place)
{
    const struct change *change = argument;
    return change->apply(place, change->value);
}

/* Does it end with ".."? That is no name to remove or rename. */
static bool ends_up(const struct path *of)
{
    size_t length = strlen(of->text);
    return length > 2 && strcmp(of->text + length - 3, "/..") == 0;
}

static long by_path(const struct process *process, struct file *file,
                    long (*below)(void *argument, const struct place *place), void *argument);

/* `path` is none of the root's. As a link of /proc/self/fd it leads to an open file all the same. */
static long by_link(const struct process *process, long (*below)(void *argument, const struct place *place),
                    void *argument)
{
    struct file *file = synthetic_file(process, path.text);
    long result = file && (file_host_cap(file) || overlay_is_directory(file))
                      ? by_path(process, file, below, argument)
                      : PATH_SYNTHETIC;
    return result == -ESTALE ? -EPERM : result;
}

static long change_at(struct thread *thread, uint64_t directory, uint64_t name, struct change change)
{
    static struct statx status;
    long error = path_read(thread->process, directory, name, &path);
    path.is_name = !change.follow;
    if (!error && change.apply == place_remove && ends_up(&path)) {
        error = path_resolve(thread->process, &path, false);
        error = error ? error : change.value ? -ENOTEMPTY : -EISDIR;
    }
    if (!error) {
        error = path_do(thread->process, &path, change.follow, change_below, &change);
    }
    if (error == PATH_SYNTHETIC && change.follow) {
        error = by_link(thread->process, change_below, &change);
    }
    if (error == PATH_SYNTHETIC) {
        bool is_there = synthetic_stat(thread->process, path.text, &status) == 0;
        bool is_made = change.apply == place_make_directory || change.apply == place_make_node;
        error = is_made && is_there ? -EEXIST : is_made || !is_there ? -ENOENT : -EPERM;
    }
    return error;
}

static uint64_t masked(const struct thread *thread, uint64_t mode)
{
    return mode & MODE_BITS & ~(uint64_t)thread->process->umask;
}

HANDLER(call_mkdir)
{
    return change_at(thread, (uint64_t)AT_FDCWD, ARG(0),
                     (struct change){place_make_directory, masked(thread, ARG(1)), false});
}

HANDLER(call_mkdirat)
{
    return change_at(thread, ARG(0), ARG(1),
                     (struct change){place_make_directory, masked(thread, ARG(2)), false});
}

HANDLER(call_rmdir)
{
    return change_at(thread, (uint64_t)AT_FDCWD, ARG(0), (struct change){place_remove, AT_REMOVEDIR, false});
}

HANDLER(call_unlink)
{
    return change_at(thread, (uint64_t)AT_FDCWD, ARG(0), (struct change){place_remove, 0, false});
}

HANDLER(call_unlinkat)
{
    return ARG(2) & ~(uint64_t)AT_REMOVEDIR
               ? -EINVAL
               : change_at(thread, ARG(0), ARG(1), (struct change){place_remove, ARG(2), false});
}

HANDLER(call_chmod)
{
    return change_at(thread, (uint64_t)AT_FDCWD, ARG(0),
                     (struct change){place_set_mode, ARG(1) & MODE_BITS, true});
}

HANDLER(call_fchmodat)
{
    return change_at(thread, ARG(0), ARG(1), (struct change){place_set_mode, ARG(2) & MODE_BITS, true});
}

static long make_node(struct thread *thread, uint64_t directory, uint64_t name, uint64_t mode)
{
    struct file *file;
    uint64_t kind = mode & S_IFMT;
    if (kind && kind != S_IFREG) {
        return kind == S_IFDIR
                   ? -EPERM
                   : change_at(thread, directory, name,
                               (struct change){place_make_node, kind | masked(thread, mode), false});
    }
    long error = path_read(thread->process, directory, name, &path);
    error = error ? error
                  : file_open_path(thread->process, path.text, O_WRONLY | O_CREAT | O_EXCL, mode & MODE_BITS,
                                   &file);
    if (!error) {
        file_release(file);
    }
    return error;
}

HANDLER(call_mknod)
{
    return make_node(thread, (uint64_t)AT_FDCWD, ARG(0), ARG(1));
}

HANDLER(call_mknodat)
{
    return make_node(thread, ARG(0), ARG(1), ARG(2));
}

/* Two paths: rename and link. */
static long pair_read(struct thread *thread, uint64_t old_directory, uint64_t old, uint64_t new_directory,
                      uint64_t new)
{
    long error = path_read(thread->process, old_directory, old, &path);
    error = error ? error : path_read(thread->process, new_directory, new, &other);
    path.is_name = other.is_name = true;
    return error;
}

static long rename_below(void *argument, const struct place *old, const struct place *new)
{
    return place_rename(old, new, *(uint64_t *)argument);
}

static long rename_at(struct thread *thread, uint64_t old_directory, uint64_t old, uint64_t new_directory,
                      uint64_t new, uint64_t flags)
{
    static struct path from, to;
    long error = pair_read(thread, old_directory, old, new_directory, new);
    if (error) {
        return error;
    }
    if (ends_up(&path) || ends_up(&other)) {
        return -EBUSY;
    }
    from = path; /* as they will be told of */
    to = other;
    bool is_known = (from.near || !path_resolve(thread->process, &from, false)) &&
                    (to.near || !path_resolve(thread->process, &to, false));
    error = path_pair_do(thread->process, &path, &other, rename_below, &flags);
    if (!error && is_known) {
        path_renamed(thread->process, &from, &to);
    }
    return error;
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

static long hard_link_below(void *argument, const struct place *old, const struct place *new)
{
    (void)argument;
    return place_link(old, new);
}

static long link_at(struct thread *thread, uint64_t old_directory, uint64_t old, uint64_t new_directory,
                    uint64_t new, uint64_t flags)
{
    long error = flags & ~(uint64_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)
                     ? -EINVAL
                     : pair_read(thread, old_directory, old, new_directory, new);
    if (!error && flags & AT_SYMLINK_FOLLOW) {
        path.is_name = false;
        error = path_resolve(thread->process, &path, true);
    }
    return error ? error : path_pair_do(thread->process, &path, &other, hard_link_below, NULL);
}

HANDLER(call_link)
{
    return link_at(thread, (uint64_t)AT_FDCWD, ARG(0), (uint64_t)AT_FDCWD, ARG(1), 0);
}

HANDLER(call_linkat)
{
    return link_at(thread, ARG(0), ARG(1), ARG(2), ARG(3), ARG(4));
}

static long symlink_below(void *argument, const struct place *place)
{
    return place_symlink(place, target, *(uint64_t *)argument);
}

static long symlink_at(struct thread *thread, uint64_t to, uint64_t directory, uint64_t name)
{
    long length = user_string(target, to, sizeof target);
    long error = length < 0    ? length
                 : length == 0 ? -ENOENT
                               : path_read(thread->process, directory, name, &path);
    path.is_name = true;
    error = error ? error : path_do(thread->process, &path, false, symlink_below, &length);
    return error == PATH_SYNTHETIC ? -EPERM : error;
}

HANDLER(call_symlink)
{
    return symlink_at(thread, ARG(0), (uint64_t)AT_FDCWD, ARG(1));
}

HANDLER(call_symlinkat)
{
    return symlink_at(thread, ARG(0), ARG(1), ARG(2));
}

/* The times to set, where the host reads them: two struct timespec. */
static int64_t times[4];

static void times_now(void)
{
    times[0] = times[2] = 0;
    times[1] = times[3] = UTIME_NOW;
}

struct time_change {
    uint64_t flags;
};

static long times_below(void *argument, const struct place *place)
{
    return place_set_times(place, ((struct time_change *)argument)->flags, times);
}

static long times_set(struct thread *thread, uint64_t directory, uint64_t name, uint64_t flags)
{
    struct time_change change = {flags};
    for (unsigned i = 1; i < 4; i += 2) {
        if ((uint64_t)times[i] >= 1000000000 && times[i] != UTIME_NOW && times[i] != UTIME_OMIT) {
            return -EINVAL;
        }
    }
    long error = path_read(thread->process, directory, name, &path);
    error =
        error ? error : path_do(thread->process, &path, !(flags & AT_SYMLINK_NOFOLLOW), times_below, &change);
    if (error == PATH_SYNTHETIC && !(flags & AT_SYMLINK_NOFOLLOW)) {
        error = by_link(thread->process, times_below, &change);
    }
    return error == PATH_SYNTHETIC ? -EPERM : error;
}

static long named_below(void *argument, const struct place *place)
{
    return place_stat(place, 0, argument);
}

/* By the path that a file was opened by, if that still leads to it; else -ESTALE. */
static long by_path(const struct process *process, struct file *file,
                    long (*below)(void *argument, const struct place *place), void *argument)
{
    static struct statx own, named;
    if (!file->path || path_set(&path, file->path) || file->kind->stat(file, &own) < 0) {
        return -ESTALE;
    }
    long result = path_do(process, &path, true, named_below, &named);
    bool is_same = result >= 0 && named.inode == own.inode && named.dev_major == own.dev_major &&
                   named.dev_minor == own.dev_minor;
    return is_same ? path_do(process, &path, true, below, argument) : -ESTALE;
}

/* Of an open file, which may not be open for writing, or whose layer has to know: then by its path. */
static long by_file(const struct process *process, struct file *file, enum host_operation operation,
                    long (*below)(void *argument, const struct place *place), void *argument, uint64_t value)
{
    if (!file || file->flags & O_PATH) {
        return -EBADF;
    }
    bool is_layered = file->layer || overlay_is_directory(file);
    if (!file_host_cap(file) && !is_layered) {
        return file->kind->stat ? 0 : -EPERM;
    }
    struct place itself = {.directory = file_host_cap(file), .below = ""};
    if (file_is_directory(file) && !is_layered) {
        return below(argument, &itself);
    }
    long result = is_layered ? by_path(process, file, below, argument) : -ESTALE;
    if (result == -ESTALE && file_host_cap(file)) {
        result = HOST(file_host_cap(file), operation, 0, NULL, value);
        result = result == -EBADF ? by_path(process, file, below, argument) : result;
    }
    return result == -ESTALE ? -EBADF : result;
}

HANDLER(call_utimensat)
{
    struct time_change change = {0};
    long error = ARG(2) ? user_read(times, ARG(2), sizeof times) : 0;
    if (!ARG(2)) {
        times_now();
    }
    if (error || ARG(1)) {
        return error ? error : times_set(thread, ARG(0), ARG(1), ARG(3));
    }
    return by_file(thread->process, file_of(thread->process, ARG(0)), HOST_FILE_SET_TIMES, times_below,
                   &change, (uint64_t)times);
}

/* Microseconds. */
static long times_old(struct thread *thread, uint64_t directory, uint64_t name, uint64_t from)
{
    long error = from ? user_read(times, from, sizeof times) : 0;
    if (!from) {
        times_now();
    } else if (!error && ((uint64_t)times[1] >= 1000000 || (uint64_t)times[3] >= 1000000)) {
        error = -EINVAL;
    } else {
        times[1] *= 1000;
        times[3] *= 1000;
    }
    return error ? error : times_set(thread, directory, name, 0);
}

HANDLER(call_utimes)
{
    return times_old(thread, (uint64_t)AT_FDCWD, ARG(0), ARG(1));
}

HANDLER(call_futimesat)
{
    return times_old(thread, ARG(0), ARG(1), ARG(2));
}

HANDLER(call_utime)
{
    int64_t seconds[2];
    long error = ARG(1) ? user_read(seconds, ARG(1), sizeof seconds) : 0;
    times_now();
    if (ARG(1) && !error) {
        times[0] = seconds[0];
        times[2] = seconds[1];
        times[1] = times[3] = 0;
    }
    return error ? error : times_set(thread, (uint64_t)AT_FDCWD, ARG(0), 0);
}

HANDLER(call_fchmod)
{
    struct change change = {place_set_mode, ARG(1) & MODE_BITS, true};
    return by_file(thread->process, file_of(thread->process, ARG(0)), HOST_FILE_SET_MODE, change_below,
                   &change, change.value);
}

HANDLER(call_chdir)
{
    long error = path_read(thread->process, (uint64_t)AT_FDCWD, ARG(0), &path);
    return error ? error : directory_enter(thread->process, &path);
}

HANDLER(call_fchdir)
{
    const struct file *file = file_of(thread->process, ARG(0));
    if (!file || !file->path || !file_is_directory(file)) {
        return file ? -ENOTDIR : -EBADF;
    }
    long error = path_set(&path, file->path);
    return error ? error : directory_enter(thread->process, &path);
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

/* No file has extended attributes: 0 for a list, else EOPNOTSUPP. */
HANDLER(call_no_attributes)
{
    const struct statx *status;
    bool is_link = call->number == 189 || call->number == 192 || call->number == 195 || call->number == 198;
    bool is_list = call->number == 194 || call->number == 195;
    long error = status_at(thread, (uint64_t)AT_FDCWD, ARG(0), is_link ? AT_SYMLINK_NOFOLLOW : 0, &status);
    return error ? error : is_list ? 0 : -EOPNOTSUPP;
}

HANDLER(call_no_file_attributes)
{
    return !file_of(thread->process, ARG(0)) ? -EBADF : call->number == 196 ? 0 : -EOPNOTSUPP;
}
