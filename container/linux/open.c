/* SPDX-License-Identifier: BSD-2-Clause */
/* open(2), creat(2), truncate(2): in the root file system, a volume, or what the personality makes up. */
#include "container/linux/open.h"

#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/host.h"
#include "container/linux/path_text.h"
#include "container/linux/place.h"
#include "container/linux/reopen.h"
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

/* It was made in the directory `the_path`, without a name. */
static void nameless_tell(struct file *file)
{
    static struct statx status;
    size_t length = strlen(the_path.text);
    bool is_dotted = length > 1 && strcmp(the_path.text + length - 2, "/.") == 0;
    length -= is_dotted;
    if (length + 3 <= PATH_ROOM && file->kind->stat(file, &status) >= 0) {
        memcpy(the_path.text + length, the_path.text[length - 1] == '/' ? "#" : "/#", 3);
        file_set_nameless(file, the_path.text, status.inode);
    }
}

static void path_note(struct file *file)
{
    if (!file->path) {
        file_set_path(file, the_path.text);
    }
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
    } else {
        *file = file_host_make(&request.box, flags_told(flags), is_directory);
    }
    if (!*file) {
        return -ENOMEM;
    }
    if (!is_directory) {
        (*file)->layer = (unsigned char)request.layer;
        if (!(flags & O_NONBLOCK)) {
            file_host_await_writer(*file);
        }
        if ((flags & (O_TMPFILE | O_PATH)) == O_TMPFILE) {
            nameless_tell(*file);
        }
    }
    path_note(*file);
    return 0;
}

static long open_made_up(const struct process *process, uint64_t flags, struct file **file)
{
    long error =
        synthetic_open(process, the_path.text, flags_told(flags) | (unsigned)(flags & O_NOCTTY), file);
    if (!error) {
        path_note(*file);
    }
    return error;
}

/* Is it left as it is, the same open file? Files without a name that are not regular; and where what the container was
 * given is written: a log must not begin anew because somebody writes to /dev/stdout. */
static bool is_kept(const struct file *open, uint64_t flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
    return !open->is_regular || !file_host_cap(open) || (!open->path && writes);
}

/* Open `the_path` once more, which names an open file. */
static long open_again(const struct process *process, struct file *open, uint64_t flags, struct file **file)
{
    if ((flags & (O_NOFOLLOW | O_PATH)) == O_NOFOLLOW) {
        return -ELOOP;
    }
    if ((open->is_regular || file_is_directory(open)) && file_is_named(process, open)) {
        long error = path_set(&the_path, open->path);
        return error                             ? error
               : synthetic_covers(the_path.text) ? open_made_up(process, flags, file)
                                                 : open_host(process, flags, 0, file);
    }
    if (is_kept(open, flags)) { /* and has no other name than before */
        file_hold(open);
        *file = open;
        return 0;
    }
    long error = file_reopen(open, flags, file);
    if (!error) {
        (*file)->flags = flags_told(flags);
    }
    return error;
}

static long open_synthetic(const struct process *process, uint64_t flags, struct file **file)
{
    struct file *open = synthetic_file(process, the_path.text);
    long error = open ? open_again(process, open, flags, file) : open_made_up(process, flags, file);
    if (!error && (flags & O_DIRECTORY) && !file_is_directory(*file)) {
        file_release(*file);
        error = -ENOTDIR;
    }
    return error;
}

/* Open `the_path`. */
static long open_path(const struct process *process, uint64_t flags, uint64_t mode, struct file **file)
{
    static char link[PATH_ROOM];
    bool is_made = synthetic_covers(the_path.text);
    long error = 0;
    if (is_made && !synthetic_file(process, the_path.text)) { /* there are ways out */
        error = path_resolve(process, &the_path, !(flags & O_NOFOLLOW));
    }
    if (!error && is_made && (flags & (O_NOFOLLOW | O_PATH)) == O_NOFOLLOW && synthetic_covers(the_path.text) &&
        synthetic_link(process, the_path.text, link) > 0) {
        error = -ELOOP;
    }
    if (!error) {
        error = synthetic_covers(the_path.text)
                    ? PATH_SYNTHETIC
                    : open_host(process, flags, mode & 07777 & ~(uint64_t)process->umask, file);
    }
    error = error == PATH_SYNTHETIC ? open_synthetic(process, flags, file) : error;
    if (!error) {
        (*file)->flags |= flags & O_PATH ? 0 : O_LARGEFILE;
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
    MFD_NOEXEC_SEAL = 8,
    MFD_ALL = 0x1f, /* seals and large pages are taken and do nothing */
    MEMFD_NAME = 249,
    MEMFD_ROOM = MEMFD_NAME + 16
};

/* A nameless file of the host, where one can be made: a shared mapping needs one. */
HANDLER(call_memfd_create)
{
    static const char *const FOLDERS[] = {"/tmp", "/", "/dev/shm"};
    char name[MEMFD_NAME + 1], shown[MEMFD_ROOM];
    uint64_t mode = ARG(1) & MFD_NOEXEC_SEAL ? 0666 : 0777;
    struct file *file;
    long error = user_string(name, ARG(0), sizeof name);
    if (error < 0 || ARG(1) & ~(uint64_t)MFD_ALL) {
        return error == -EFAULT ? error : -EINVAL;
    }
    error = -ENOENT;
    for (unsigned i = 0; i < sizeof FOLDERS / sizeof *FOLDERS && error; i++) {
        error = file_open_path(thread->process, FOLDERS[i], O_TMPFILE | O_RDWR, mode, &file);
    }
    if (!error) {
        (void)HOST(file_host_cap(file), HOST_FILE_SET_MODE, 0, NULL, mode); /* whatever the umask */
        format_text(shown, sizeof shown, "/memfd:%s", name);
        file_set_nameless(file, shown, 0);
        file->flags &= ~(unsigned)(O_TMPFILE | O_DIRECTORY);
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
