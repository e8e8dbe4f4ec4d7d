/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chown(2) and its kin. In the overlay owners are recorded (overlay_index.c); elsewhere they stay what they are: the
 * host's.
 */
#include "container/linux/calls.h"
#include "container/linux/place.h"
#include "container/linux/space.h"
#include "container/linux/synthetic.h"

struct owner_change {
    uint64_t flags;
    uint32_t user, group;
};

static long owner_below(void *argument, const struct place *place)
{
    const struct owner_change *change = argument;
    return place_set_owner(place, change->flags, change->user, change->group);
}

static long owner_set(const struct process *process, struct owner_change change)
{
    static struct statx status;
    long error = path_do(process, &call_path, !(change.flags & AT_SYMLINK_NOFOLLOW), owner_below, &change);
    return error == PATH_SYNTHETIC ? synthetic_stat(process, call_path.text, &status) : error < 0 ? error : 0;
}

/* What the file was opened as, while that is still its path. */
static long owner_of_file(const struct process *process, const struct file *file, uint32_t user,
                          uint32_t group)
{
    if (!file || (file->flags & O_PATH && !file->path)) {
        return -EBADF;
    }
    bool is_layered = file->layer || overlay_is_directory(file);
    if (!is_layered || !file->path || path_set(&call_path, file->path)) {
        return 0;
    }
    long error = owner_set(process, (struct owner_change){AT_SYMLINK_NOFOLLOW, user, group});
    return error == -ENOENT ? 0 : error;
}

static long owner_at(struct thread *thread, uint64_t directory, uint64_t name, struct owner_change change)
{
    long error = path_read(thread->process, directory, name, &call_path);
    return error ? error : owner_set(thread->process, change);
}

HANDLER(call_chown)
{
    return owner_at(thread, (uint64_t)AT_FDCWD, ARG(0),
                    (struct owner_change){0, (uint32_t)ARG(1), (uint32_t)ARG(2)});
}

HANDLER(call_lchown)
{
    return owner_at(thread, (uint64_t)AT_FDCWD, ARG(0),
                    (struct owner_change){AT_SYMLINK_NOFOLLOW, (uint32_t)ARG(1), (uint32_t)ARG(2)});
}

HANDLER(call_fchown)
{
    const struct file *file = file_of(thread->process, ARG(0));
    return file && file->flags & O_PATH
               ? -EBADF
               : owner_of_file(thread->process, file, (uint32_t)ARG(1), (uint32_t)ARG(2));
}

HANDLER(call_fchownat)
{
    char first = 1;
    if (ARG(4) & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) {
        return -EINVAL;
    }
    if (ARG(4) & AT_EMPTY_PATH && (int)ARG(0) != AT_FDCWD && !user_read(&first, ARG(1), 1) && !first) {
        return owner_of_file(thread->process, file_of(thread->process, ARG(0)), (uint32_t)ARG(2),
                             (uint32_t)ARG(3));
    }
    return owner_at(thread, ARG(0), ARG(1),
                    (struct owner_change){ARG(4) & AT_SYMLINK_NOFOLLOW, (uint32_t)ARG(2), (uint32_t)ARG(3)});
}
