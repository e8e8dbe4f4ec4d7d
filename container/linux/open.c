/* SPDX-License-Identifier: BSD-2-Clause */
/* open(2), creat(2), truncate(2): in the root file system, a volume, or what the personality makes up. */
#include "container/linux/open.h"

#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/host.h"
#include "container/linux/place.h"
#include "container/linux/space.h"
#include "container/linux/status.h"
#include "container/linux/synthetic.h"

enum {
    /* O_APPEND is the personality's: fcntl can change it. */
    OPEN_HOST_FLAGS =
        O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_DIRECTORY | O_NOFOLLOW | O_SYNC | O_PATH | O_TMPFILE,
    OPEN_TOLD = O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_TMPFILE,
    OPEN_TOLD_PATH = O_PATH | O_DIRECTORY | O_NOFOLLOW
};

#define LOOK_AGAIN_NS 3000000

/* Where the path is worked on: one call at a time is served. */
static struct path the_path;

struct open_request {
    uint64_t flags, mode;
    struct object_box box;
    enum overlay_layer layer;
};

static long open_below(void *argument, const struct place *place)
{
    struct open_request *request = argument;
    return place_open(place, request->flags, request->mode, &request->box, &request->layer);
}

static unsigned flags_told(uint64_t flags)
{
    return (unsigned)flags & (unsigned)(flags & O_PATH ? OPEN_TOLD_PATH : OPEN_TOLD);
}

static long open_host(const struct process *process, uint64_t flags, uint64_t mode, struct file **file)
{
    struct open_request request = {.flags = flags & OPEN_HOST_FLAGS, .mode = mode};
    if ((flags & O_TMPFILE) != O_TMPFILE) {
        request.flags &= ~(uint64_t)(O_TMPFILE & ~O_DIRECTORY);
    }
    if (flags & O_PATH) {
        request.flags &= OPEN_TOLD_PATH;
    }
    if (!host_object_make(&request.box)) {
        return -ENOMEM;
    }
    bool follow = !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
    long result = path_do(process, &the_path, follow, open_below, &request);
    if (result < 0) {
        host_object_drop(&request.box);
        return result;
    }
    bool is_directory = HOST(request.box.object, HOST_OBJECT_KIND, 0, NULL, 0) == HOST_DIRECTORY;
    if (is_directory && request.layer != LAYER_NONE) {
        host_object_drop(&request.box);
        *file = overlay_directory(the_path.text, flags_told(flags));
        return *file ? 0 : -ENOMEM;
    }
    *file = file_host_make(&request.box, flags_told(flags), is_directory);
    if (*file) {
        (*file)->layer = (unsigned char)request.layer;
        if (!(flags & O_NONBLOCK)) {
            file_host_await_writer(*file);
        }
    }
    return *file ? 0 : -ENOMEM;
}

/* Open `the_path`. */
static long open_path(const struct process *process, uint64_t flags, uint64_t mode, struct file **file)
{
    static char link[PATH_ROOM];
    bool is_made = synthetic_covers(the_path.text);
    long error = is_made ? path_resolve(process, &the_path, !(flags & O_NOFOLLOW)) : 0;
    if (error) {
        return error;
    }
    const struct file *open = synthetic_file(process, the_path.text);
    if (is_made && (flags & (O_NOFOLLOW | O_PATH)) == O_NOFOLLOW && synthetic_covers(the_path.text) &&
        synthetic_link(process, the_path.text, link) > 0) {
        return -ELOOP;
    }
    if (is_made && strcmp(synthetic_normal(process, the_path.text), "/proc/self/exe") == 0) {
        (void)path_set(&the_path, process->program);
    } else if (open && open->is_regular && open->path) { /* anew, with a position of its own */
        (void)path_set(&the_path, open->path);
    }
    error = synthetic_covers(the_path.text)
                ? PATH_SYNTHETIC
                : open_host(process, flags, mode & 07777 & ~(uint64_t)process->umask, file);
    if (error == PATH_SYNTHETIC) {
        error =
            synthetic_open(process, the_path.text, flags_told(flags) | (unsigned)(flags & O_NOCTTY), file);
        if (!error && (flags & O_DIRECTORY) && !file_is_directory(*file)) {
            file_release(*file);
            error = -ENOTDIR;
        }
    }
    if (!error) {
        (*file)->flags |= flags & O_PATH ? 0 : O_LARGEFILE;
        if (!(*file)->path) {
            file_set_path(*file, the_path.text);
        }
    }
    return error;
}

long directory_enter(struct process *process, struct path *path)
{
    struct file *file;
    long error = path_resolve(process, path, true);
    error = error ? error : file_open_path(process, path->text, O_PATH | O_DIRECTORY, 0, &file);
    if (!error) {
        path_enter(process, path, file);
        file_release(file);
    }
    return error;
}

long file_open_path(const struct process *process, const char *absolute, uint64_t flags, uint64_t mode,
                    struct file **file)
{
    long error = path_set(&the_path, absolute);
    return error ? error : open_path(process, flags, mode, file);
}

/* A FIFO that nobody reads. The host does not say when somebody does: look again every few milliseconds. */
static long reader_wait(struct thread *thread, uint64_t directory, uint64_t name, uint64_t flags)
{
    const struct statx *status;
    if ((flags & O_ACCMODE) != O_WRONLY || flags & O_NONBLOCK ||
        status_at(thread, directory, name, 0, &status) || (status->mode & S_IFMT) != S_IFIFO) {
        return -ENXIO;
    }
    thread->is_expired = thread->is_repeated = false; /* each look has a deadline of its own */
    return thread_wait(thread, WAIT_TIME, clock_deadline(LOOK_AGAIN_NS));
}

static long open_at(struct thread *thread, uint64_t directory, uint64_t name, uint64_t flags, uint64_t mode)
{
    struct file *file;
    long error = path_read(thread->process, directory, name, &the_path);
    if (!error) {
        error = open_path(thread->process, flags, mode, &file);
    }
    if (error == -ENXIO) {
        return reader_wait(thread, directory, name, flags);
    }
    return error ? error : descriptor_add(thread->process, file, 0, flags & O_CLOEXEC);
}

enum {
    MFD_CLOEXEC = 1,
    MFD_ALL = 0x1f, /* seals, large pages and modes are taken and do nothing */
    MEMFD_NAME = 249
};

/* A nameless file of the host, where one can be made: a shared mapping needs one. */
HANDLER(call_memfd_create)
{
    static const char *const FOLDERS[] = {"/tmp", "/", "/dev/shm"};
    char name[MEMFD_NAME + 1];
    struct file *file;
    long error = user_string(name, ARG(0), sizeof name);
    if (error < 0 || ARG(1) & ~(uint64_t)MFD_ALL) {
        return error == -EFAULT ? error : -EINVAL;
    }
    error = -ENOENT;
    for (unsigned i = 0; i < sizeof FOLDERS / sizeof *FOLDERS && error; i++) {
        error = file_open_path(thread->process, FOLDERS[i], O_TMPFILE | O_RDWR, 0777, &file);
    }
    return error ? error : descriptor_add(thread->process, file, 0, ARG(1) & MFD_CLOEXEC);
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
    long error =
        (int64_t)ARG(1) < 0 ? -EINVAL : path_read(thread->process, (uint64_t)AT_FDCWD, ARG(0), &the_path);
    if (!error) {
        error = open_path(thread->process, O_WRONLY, 0, &file);
    }
    if (error) {
        return error;
    }
    error = file->kind->set_size ? file->kind->set_size(file, ARG(1)) : -EINVAL;
    file_release(file);
    return error;
}
