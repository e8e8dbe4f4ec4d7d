/* SPDX-License-Identifier: BSD-2-Clause */
/* Files, pipes, terminals, directories and sockets of the host: each operation is one invocation, or few. */
#include "container/linux/file.h"

#include "container/linux/host.h"
#include "container/linux/overlay.h"
#include "container/linux/pty.h"
#include "container/linux/space.h"
#include "container/linux/window.h"
#include "container/linux/terminal.h"

enum {
    CERTAIN_BYTES =
        (HOST_IO_PIECES - 1) * 4096, /* a transfer may be cut by the pieces of memory, but not below */
    TCGETS = 0x5401,
    FIONREAD = 0x541b,
    TIOCGWINSZ = 0x5413,
    TIOCSWINSZ = 0x5414,
    RWF_APPEND = 0x10
};

/* Regular files move all there is: a transfer that was cut goes on. */
static long host_transfer(const struct file *file, enum host_operation operation, uint64_t at, uint64_t size,
                          int64_t offset)
{
    uint64_t done = 0;
    uint64_t flags =
        operation == HOST_FILE_WRITE && file->is_regular && file->flags & O_APPEND ? RWF_APPEND : 0;
    do {
        uint64_t part = size - done < HOST_IO_BYTES ? size - done : HOST_IO_BYTES;
        uint64_t place = offset < 0 ? ~0ul : (uint64_t)offset + done;
        bool is_read = operation == HOST_FILE_READ;
        uint64_t from = is_read ? bounce_in(at + done, &part) : bounce_out(at + done, &part);
        long moved = HOST(file->box.object, operation, 0, NULL, from, part, place, flags);
        if (is_read) {
            bounce_back(at + done, from, moved);
        }
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

static long fifo_read(struct file *file, uint64_t to, uint64_t size, int64_t offset);

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
    long error = HOST(file->box.object, HOST_FILE_STAT, 0, NULL, (uint64_t)status);
    if (error >= 0 && file->layer) {
        overlay_show_file(file->layer, status);
    }
    return error;
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

#define FILE_KIND(kind_name, kind_read)                                                                      \
    {                                                                                                        \
        .name = (kind_name), .read = (kind_read), .write = host_write, .poll = host_poll,                    \
        .watch = host_watch_file, .seek = host_seek, .stat = host_stat, .control = host_control,             \
        .set_size = host_set_size, .close = host_close                                                       \
    }
static const struct file_kind HOST_KIND = FILE_KIND("file", host_read),
                              PIPE_KIND = FILE_KIND("pipe:", host_read),
                              FIFO_KIND = FILE_KIND("pipe:", fifo_read),
                              SOCKET_KIND = FILE_KIND("socket:", host_read),
                              EVENT_KIND = FILE_KIND("anon_inode:[eventfd]", host_read);

/* A FIFO that was opened before anybody wrote to it, until somebody does: no writer yet is not the end. */
static long fifo_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    long got = host_read(file, to, size, offset);
    if (got == 0 && size > 0 && !(file->flags & O_NONBLOCK) &&
        !(HOST(file->box.object, HOST_FILE_POLL, 0, NULL, POLL_IN | POLL_HUP) & (POLL_IN | POLL_HUP))) {
        return -EAGAIN;
    }
    if (got >= 0 && size > 0 && !(file->flags & O_NONBLOCK)) {
        file->kind = &PIPE_KIND;
    }
    return got;
}

/* Terminals: some processes must not read now, and some questions are not the host's. */
static long terminal_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    long error = terminal_read_check(file);
    return error ? error : host_read(file, to, size, offset);
}

/* Who sets the window's size lets the foreground processes know. */
static long size_control(struct file *file, uint64_t request, uint64_t argument)
{
    uint64_t before, after; /* struct winsize */
    bool is_set = request == TIOCSWINSZ &&
                  HOST(file->box.object, HOST_FILE_CONTROL, 0, NULL, TIOCGWINSZ, (uint64_t)&before) == 0;
    long result = host_control(file, request, argument);
    if (is_set && result == 0 &&
        HOST(file->box.object, HOST_FILE_CONTROL, 0, NULL, TIOCGWINSZ, (uint64_t)&after) == 0 &&
        before != after) {
        pty_size_changed(file);
    }
    return result;
}

static long terminal_ioctl(struct file *file, uint64_t request, uint64_t argument)
{
    long result;
    return terminal_control(file, request, argument, &result) ? result
                                                              : size_control(file, request, argument);
}

static long terminal_stat(struct file *file, struct statx *status)
{
    long result = host_stat(file, status);
    pty_stat(file, false, status);
    return result;
}

static const struct file_kind TERMINAL_KIND = {.name = "/dev/tty",
                                               .read = terminal_read,
                                               .write = host_write,
                                               .poll = host_poll,
                                               .watch = host_watch_file,
                                               .stat = terminal_stat,
                                               .control = terminal_ioctl,
                                               .close = host_close};

/* Their other sides. */
static long master_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    long done = host_write(file, from, size, offset);
    if (done > 0) {
        pty_typed(file, from, (uint64_t)done);
    }
    return done;
}

static long master_ioctl(struct file *file, uint64_t request, uint64_t argument)
{
    long result;
    return pty_control(file, request, argument, &result) ? result : size_control(file, request, argument);
}

static long master_stat(struct file *file, struct statx *status)
{
    long result = host_stat(file, status);
    pty_stat(file, true, status);
    return result;
}

static void master_close(struct file *file)
{
    host_close(file);
    pty_closed(file);
}

static const struct file_kind MASTER_KIND = {.name = "/dev/ptmx",
                                             .read = host_read,
                                             .write = master_write,
                                             .poll = host_poll,
                                             .watch = host_watch_file,
                                             .stat = master_stat,
                                             .control = master_ioctl,
                                             .close = master_close};

bool file_host_is_master(const struct file *file)
{
    return file->kind == &MASTER_KIND;
}

bool file_host_is_terminal(const struct file *file)
{
    return file->kind == &TERMINAL_KIND;
}

struct file *file_host_make_master(const struct object_box *box, unsigned flags, uint64_t id)
{
    struct file *file = file_make(&MASTER_KIND, flags);
    if (file) {
        file->box = *box;
        file->word[0] = id;
    } else {
        host_object_drop(box);
    }
    return file;
}

static bool is_terminal(const struct file *file)
{
    static unsigned char settings[HOST_IO_SMALL];
    return HOST(file->box.object, HOST_FILE_CONTROL, 0, NULL, TCGETS, (uint64_t)settings) == 0;
}

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

const struct file_kind *const file_host_plain = &HOST_KIND;

bool file_is_directory(const struct file *file)
{
    return file->kind->list != NULL;
}

/* What it is that was opened. */
static void kind_find(struct file *file)
{
    static struct statx status;
    unsigned mode = host_stat(file, &status) >= 0 ? status.mode & S_IFMT : 0u;
    file->is_regular = mode == S_IFREG;
    bool is_tty = mode == S_IFCHR && is_terminal(file);
    file->kind = mode == S_IFIFO    ? &PIPE_KIND
                 : mode == S_IFSOCK ? &SOCKET_KIND
                 : is_tty           ? &TERMINAL_KIND
                                    : &HOST_KIND;
}

struct file *file_host_make(const struct object_box *box, unsigned flags, bool is_directory)
{
    struct file *file = file_make(is_directory ? &DIRECTORY_KIND : &HOST_KIND, flags);
    if (!file) {
        host_object_drop(box);
        return NULL;
    }
    file->box = *box;
    if (!is_directory) {
        kind_find(file);
    }
    return file;
}

void file_host_await_writer(struct file *file)
{
    if (file->kind == &PIPE_KIND && (file->flags & O_ACCMODE) == O_RDONLY) {
        file->kind = &FIFO_KIND;
    }
}

struct file *file_host_root(cap_address cap, unsigned flags)
{
    struct file *file = file_make(&HOST_KIND, flags);
    if (file) {
        file->box.object = cap;
        kind_find(file);
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
    return file->kind->close == host_close || file->kind == &MASTER_KIND ? file->box.object : 0;
}

cap_address file_host_stream(const struct file *file)
{
    bool is_stream = file->kind->read == host_read && file->kind->write == host_write && !file->is_regular;
    return is_stream ? file->box.object : 0;
}

bool file_host_is_socket(const struct file *file)
{
    return file->kind == &SOCKET_KIND;
}

static const struct file_kind TIMER_KIND = {.name = "anon_inode:[timerfd]",
                                            .read = host_read,
                                            .poll = host_poll,
                                            .watch = host_watch_file,
                                            .close = host_close};

bool file_host_is_timer(const struct file *file)
{
    return file->kind == &TIMER_KIND;
}

void file_host_become(struct file *file, const struct object_box *box, bool is_timer)
{
    file->kind = is_timer ? &TIMER_KIND : &EVENT_KIND;
    file->box = *box;
    file_watch(file, 0); /* who waited for the file it was waits for this one */
}

bool file_host_duplicate(const struct file *file, struct object_box *box)
{
    if (!host_object_make(box)) {
        return false;
    }
    bool is_made = HOST(file->box.object, HOST_OBJECT_DUPLICATE, box->object, NULL, 0) >= 0;
    if (!is_made) {
        host_object_drop(box);
    }
    return is_made;
}

bool file_host_fork(struct file *file)
{
    struct object_box box;
    if (!file_host_cap(file)) {
        return true;
    }
    if (!file_host_duplicate(file, &box)) {
        return false;
    }
    if (file->box.untyped) {
        object_box_empty(&file->box); /* the copy of the parent's capability */
    }
    file->box = box;
    file->wanted = 0;
    if (file->items) {
        file_watch(file, 0);
    }
    return true;
}
