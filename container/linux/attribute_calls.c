/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modes, times and extended attributes: chmod(2), utimensat(2), getxattr(2) and their kin. Owners are owner_calls.c's.
 *
 * Of an open file they are changed by its descriptor if that allows it, else by its path while that leads to it.
 */
#include "container/linux/calls.h"
#include "container/linux/host.h"
#include "container/linux/place.h"
#include "container/linux/space.h"
#include "container/linux/status.h"
#include "container/linux/synthetic.h"

enum {
    UTIME_NOW = (1 << 30) - 1,
    UTIME_OMIT = (1 << 30) - 2
};

static long named_below(void *argument, const struct place *place)
{
    return place_stat(place, 0, argument);
}

/* By the path that a file was opened by, if that still leads to it; else -ESTALE. */
static long by_path(const struct process *process, struct file *file,
                    long (*below)(void *argument, const struct place *place), void *argument)
{
    static struct statx own, named;
    if (!file->path || path_set(&call_path, file->path) || file->kind->stat(file, &own) < 0) {
        return -ESTALE;
    }
    long result = path_do(process, &call_path, true, named_below, &named);
    bool is_same = result >= 0 && named.inode == own.inode && named.dev_major == own.dev_major &&
                   named.dev_minor == own.dev_minor;
    return is_same ? path_do(process, &call_path, true, below, argument) : -ESTALE;
}

/* `call_path` is none of the root's. As a link of /proc/self/fd it leads to an open file all the same. */
static long by_link(const struct process *process, long (*below)(void *argument, const struct place *place),
                    void *argument)
{
    struct file *file = synthetic_file(process, call_path.text);
    long result = file && (file_host_cap(file) || overlay_is_directory(file))
                      ? by_path(process, file, below, argument)
                      : PATH_SYNTHETIC;
    return result == -ESTALE ? -EPERM : result;
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

static long mode_below(void *argument, const struct place *place)
{
    return place_set_mode(place, *(uint64_t *)argument & MODE_BITS);
}

static long mode_at(struct thread *thread, uint64_t directory, uint64_t name, uint64_t mode)
{
    static struct statx status;
    long error = path_read(thread->process, directory, name, &call_path);
    error = error ? error : path_do(thread->process, &call_path, true, mode_below, &mode);
    if (error == PATH_SYNTHETIC) {
        error = by_link(thread->process, mode_below, &mode);
    }
    if (error == PATH_SYNTHETIC) {
        error = synthetic_stat(thread->process, call_path.text, &status) == 0 ? -EPERM : -ENOENT;
    }
    return error;
}

HANDLER(call_chmod)
{
    return mode_at(thread, (uint64_t)AT_FDCWD, ARG(0), ARG(1));
}

HANDLER(call_fchmodat)
{
    return mode_at(thread, ARG(0), ARG(1), ARG(2));
}

HANDLER(call_fchmod)
{
    uint64_t mode = ARG(1) & MODE_BITS;
    return by_file(thread->process, file_of(thread->process, ARG(0)), HOST_FILE_SET_MODE, mode_below, &mode,
                   mode);
}

/* The times to set, where the host reads them: two struct timespec. */
static int64_t times[4];

static void times_now(void)
{
    times[0] = times[2] = 0;
    times[1] = times[3] = UTIME_NOW;
}

static long times_below(void *argument, const struct place *place)
{
    return place_set_times(place, *(uint64_t *)argument, times);
}

static long times_set(struct thread *thread, uint64_t directory, uint64_t name, uint64_t flags)
{
    for (unsigned i = 1; i < 4; i += 2) {
        if ((uint64_t)times[i] >= 1000000000 && times[i] != UTIME_NOW && times[i] != UTIME_OMIT) {
            return -EINVAL;
        }
    }
    long error = path_read(thread->process, directory, name, &call_path);
    error = error ? error
                  : path_do(thread->process, &call_path, !(flags & AT_SYMLINK_NOFOLLOW), times_below, &flags);
    if (error == PATH_SYNTHETIC && !(flags & AT_SYMLINK_NOFOLLOW)) {
        error = by_link(thread->process, times_below, &flags);
    }
    return error == PATH_SYNTHETIC ? -EPERM : error;
}

HANDLER(call_utimensat)
{
    uint64_t flags = 0;
    long error = ARG(2) ? user_read(times, ARG(2), sizeof times) : 0;
    if (!ARG(2)) {
        times_now();
    }
    if (error || ARG(1)) {
        return error ? error : times_set(thread, ARG(0), ARG(1), ARG(3));
    }
    return by_file(thread->process, file_of(thread->process, ARG(0)), HOST_FILE_SET_TIMES, times_below,
                   &flags, (uint64_t)times);
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
