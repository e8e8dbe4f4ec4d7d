/* SPDX-License-Identifier: BSD-2-Clause */
/* open(2), creat(2), truncate(2): in the root file system, or what the personality makes up. */
#include "container/linux/open.h"

#include "container/linux/calls.h"
#include "container/linux/heap.h"
#include "container/linux/host.h"
#include "container/linux/path.h"
#include "container/linux/synthetic.h"

enum {
    OPEN_HOST_FLAGS = O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_DIRECTORY | O_NOFOLLOW | O_SYNC |
                      O_PATH | O_TMPFILE
};

/* Where the path is worked on: one call at a time is served. */
static char path[PATH_ROOM];

struct open_request {
    uint64_t flags, mode;
    struct object_box box;
};

static long open_below(void *argument, const char *below, uint64_t length)
{
    struct open_request *request = argument;
    return HOST(path_root(), HOST_DIRECTORY_OPEN, request->box.object, NULL, (uint64_t)below, length,
                request->flags, request->mode);
}

static char *path_copy(const char *from)
{
    char *copy = heap_alloc(PATH_ROOM);
    if (copy) {
        memcpy(copy, from, strlen(from) + 1);
    }
    return copy;
}

/* Open `path` in the root file system. */
static long open_host(uint64_t flags, uint64_t mode, struct file **file)
{
    struct open_request request = {.flags = flags & OPEN_HOST_FLAGS, .mode = mode};
    if ((flags & O_TMPFILE) != O_TMPFILE) {
        request.flags &= ~(uint64_t)(O_TMPFILE & ~O_DIRECTORY);
    }
    if (!path_root()) {
        return -ENOENT;
    }
    if (!host_object_make(&request.box)) {
        return -ENOMEM;
    }
    long result = path_try(path, !(flags & O_NOFOLLOW), open_below, &request);
    if (result < 0) {
        host_object_drop(&request.box);
        return result;
    }
    bool is_directory = HOST(request.box.object, HOST_OBJECT_KIND, 0, NULL, 0) == HOST_DIRECTORY;
    *file = file_host_make(&request.box, (unsigned)(flags & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_PATH)),
                           is_directory);
    return *file ? 0 : -ENOMEM;
}

long file_open_path(const struct process *process, const char *absolute, uint64_t flags, uint64_t mode,
                    struct file **file)
{
    if (absolute != path) {
        memcpy(path, absolute, strlen(absolute) + 1);
    }
    if (strcmp(path, "/proc/self/exe") == 0) {
        memcpy(path, process->program, strlen(process->program) + 1);
    }
    if (synthetic_covers(path)) {
        return synthetic_open(process, path, (unsigned)flags, file);
    }
    long error = open_host(flags, mode & ~(uint64_t)process->umask, file);
    if (!error) {
        (*file)->path = path_copy(path);
    }
    return error;
}

static long open_at(struct thread *thread, uint64_t directory, uint64_t name, uint64_t flags, uint64_t mode)
{
    struct file *file;
    long error = path_read(thread->process, directory, name, path);
    if (!error) {
        error = file_open_path(thread->process, path, flags, mode, &file);
    }
    return error ? error : descriptor_add(thread->process, file, 0, flags & O_CLOEXEC);
}

HANDLER(call_open)
{
    return open_at(thread, (uint64_t)AT_FDCWD, ARG(0), ARG(1), ARG(2));
}

HANDLER(call_openat)
{
    return open_at(thread, ARG(0), ARG(1), ARG(2), ARG(3));
}

HANDLER(call_creat)
{
    return open_at(thread, (uint64_t)AT_FDCWD, ARG(0), O_CREAT | O_WRONLY | O_TRUNC, ARG(1));
}

HANDLER(call_truncate)
{
    struct file *file;
    long error = path_read(thread->process, (uint64_t)AT_FDCWD, ARG(0), path);
    if (!error) {
        error = file_open_path(thread->process, path, O_WRONLY, 0, &file);
    }
    if (error) {
        return error;
    }
    error = file->kind->set_size ? file->kind->set_size(file, ARG(1)) : -EINVAL;
    file_release(file);
    return error;
}
