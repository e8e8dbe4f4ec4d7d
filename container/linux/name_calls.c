/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that change what paths name: mkdir(2), unlink(2), mknod(2), rename(2), link(2), symlink(2); and readlink(2). */
#include "container/linux/calls.h"
#include "container/linux/open.h"
#include "container/linux/place.h"
#include "container/linux/reopen.h"
#include "container/linux/space.h"
#include "container/linux/synthetic.h"

/* The second path of a call, and what a link says. */
static struct path other;
static char target[PATH_ROOM];

static long link_below(void *argument, const struct place *place)
{
    (void)argument;
    return place_read_link(place, target, sizeof target);
}

/* The link that a descriptor of it stands for. */
static long link_of_file(const struct process *process, const struct file *file)
{
    long error = file->path ? path_set(&call_path, file->path) : -ENOENT;
    return error ? error : path_do(process, &call_path, false, link_below, NULL);
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
        length = length ? length : path_read(thread->process, directory, name, &call_path);
        length = length ? length : path_do(thread->process, &call_path, false, link_below, NULL);
        length = length == PATH_SYNTHETIC ? synthetic_link(thread->process, call_path.text, target) : length;
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
};

static long change_below(void *argument, const struct place *place)
{
    const struct change *change = argument;
    if (!place->length) { /* the root of a volume */
        return change->apply != place_remove ? -EEXIST
               : place_is_file(place)        ? (change->value ? -ENOTDIR : -EBUSY)
                                             : (change->value ? -EBUSY : -EISDIR);
    }
    return change->apply(place, change->value);
}

/* Does it end with ".."? That is no name to remove or rename. */
static bool ends_up(const struct path *of)
{
    size_t length = strlen(of->text);
    return length > 2 && strcmp(of->text + length - 3, "/..") == 0;
}

static long change_at(struct thread *thread, uint64_t directory, uint64_t name, struct change change)
{
    static struct statx status;
    long error = path_read(thread->process, directory, name, &call_path);
    call_path.is_name = true;
    if (!error && change.apply == place_remove && ends_up(&call_path)) {
        error = path_resolve(thread->process, &call_path, false);
        error = error ? error : change.value ? -ENOTEMPTY : -EISDIR;
    }
    if (!error) {
        error = path_do(thread->process, &call_path, false, change_below, &change);
    }
    if (error == PATH_SYNTHETIC) {
        bool is_there = synthetic_stat(thread->process, call_path.text, &status) == 0;
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
                     (struct change){place_make_directory, masked(thread, ARG(1))});
}

HANDLER(call_mkdirat)
{
    return change_at(thread, ARG(0), ARG(1),
                     (struct change){place_make_directory, masked(thread, ARG(2))});
}

HANDLER(call_rmdir)
{
    return change_at(thread, (uint64_t)AT_FDCWD, ARG(0), (struct change){place_remove, AT_REMOVEDIR});
}

HANDLER(call_unlink)
{
    return change_at(thread, (uint64_t)AT_FDCWD, ARG(0), (struct change){place_remove, 0});
}

HANDLER(call_unlinkat)
{
    return ARG(2) & ~(uint64_t)AT_REMOVEDIR
               ? -EINVAL
               : change_at(thread, ARG(0), ARG(1), (struct change){place_remove, ARG(2)});
}

static long make_node(struct thread *thread, uint64_t directory, uint64_t name, uint64_t mode)
{
    struct file *file;
    uint64_t kind = mode & S_IFMT;
    if (kind && kind != S_IFREG) {
        return kind == S_IFDIR
                   ? -EPERM
                   : change_at(thread, directory, name,
                               (struct change){place_make_node, kind | masked(thread, mode)});
    }
    long error = path_read(thread->process, directory, name, &call_path);
    error = error ? error
                  : file_open_path(thread->process, call_path.text, O_WRONLY | O_CREAT | O_EXCL, mode & MODE_BITS,
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
    long error = path_read(thread->process, old_directory, old, &call_path);
    error = error ? error : path_read(thread->process, new_directory, new, &other);
    call_path.is_name = other.is_name = true;
    return error;
}

static long rename_below(void *argument, const struct place *old, const struct place *new)
{
    return old->length && new->length ? place_rename(old, new, *(uint64_t *)argument) : -EBUSY;
}

static long rename_at(struct thread *thread, uint64_t old_directory, uint64_t old, uint64_t new_directory,
                      uint64_t new, uint64_t flags)
{
    static struct path from, to;
    long error = pair_read(thread, old_directory, old, new_directory, new);
    if (error) {
        return error;
    }
    if (ends_up(&call_path) || ends_up(&other)) {
        return -EBUSY;
    }
    from = call_path; /* as they will be told of */
    to = other;
    bool is_known = (from.near || !path_resolve(thread->process, &from, false)) &&
                    (to.near || !path_resolve(thread->process, &to, false));
    error = path_pair_do(thread->process, &call_path, &other, rename_below, &flags);
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
        call_path.is_name = false;
        error = path_resolve(thread->process, &call_path, true);
        struct file *file = error ? NULL : synthetic_file(thread->process, call_path.text);
        if (file && file_is_named(thread->process, file)) {
            error = path_set(&call_path, file->path);
        }
    }
    return error ? error : path_pair_do(thread->process, &call_path, &other, hard_link_below, NULL);
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
                               : path_read(thread->process, directory, name, &call_path);
    call_path.is_name = true;
    error = error ? error : path_do(thread->process, &call_path, false, symlink_below, &length);
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
