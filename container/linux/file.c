/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files and the descriptor table: what all kinds share. */
#include "container/linux/file.h"

#include "container/linux/epoll.h"
#include "container/linux/eventfd.h"
#include "container/linux/fast.h"
#include "container/linux/heap.h"
#include "container/linux/lock_calls.h"
#include "container/linux/space.h"

enum {
    FIRST_ROOM = 64,
    PART = 1 << 20 /* bytes that are moved at a time */
};

static struct file *files;

struct file *file_make(const struct file_kind *kind, unsigned flags)
{
    struct file *file = heap_alloc(sizeof *file);
    if (!file) {
        return NULL;
    }
    *file = (struct file){.kind = kind, .references = 1, .flags = flags, .next = files, .link = &files};
    if (files) {
        files->link = &file->next;
    }
    files = file;
    return file;
}

static void file_unlink(struct file *file)
{
    *file->link = file->next;
    if (file->next) {
        file->next->link = file->link;
    }
}

bool files_share(void)
{
    for (struct file *file = files; file; file = file->next) {
        if (!eventfd_share(file) || !timerfd_share(file)) {
            return false;
        }
    }
    return true;
}

unsigned files_caps(cap_address *caps, unsigned room)
{
    unsigned count = 0;
    for (const struct file *file = files; file; file = file->next) {
        cap_address cap = file->box.untyped ? file_host_cap(file) : 0;
        if (cap && count++ < room) {
            caps[count - 1] = cap;
        }
    }
    return count;
}

bool files_fork(int process)
{
    for (struct file *file = files; file; file = file->next) {
        if (!file_host_fork(file)) {
            return false;
        }
        epoll_fork(file);
    }
    locks_fork(process);
    return true;
}

static void path_drop(struct file *file)
{
    if (file->path) {
        heap_free(file->path, strlen(file->path) + 1);
    }
}

void file_set_path(struct file *file, const char *path)
{
    path_drop(file);
    size_t size = strlen(path) + 1;
    file->path = heap_alloc(size);
    if (file->path) {
        memcpy(file->path, path, size);
    }
}

void file_hold(struct file *file)
{
    file->references++;
}

void file_release(struct file *file)
{
    if (--file->references > 0) {
        return;
    }
    epoll_forget(file);
    if (file->kind->close) {
        file->kind->close(file);
    }
    file_unlink(file);
    path_drop(file);
    heap_free(file, sizeof *file);
}

void file_changed(struct file *file)
{
    file->wanted = 0;
    epoll_notice(file);
    threads_wake(file);
}

void file_drained(struct file *file, uint64_t events)
{
    if (file->items) {
        epoll_drained(file, events);
    }
}

uint64_t file_poll(struct file *file, uint64_t events)
{
    return file->kind->poll ? file->kind->poll(file, events) : events & (POLL_IN | POLL_OUT);
}

void file_watch(struct file *file, uint64_t events)
{
    file->wanted |= events;
    if (file->kind->watch) {
        file->kind->watch(file, file->wanted | epoll_wanted(file));
    }
}

long file_wait(struct thread *thread, struct file *file, uint64_t events)
{
    file_watch(file, events);
    thread->wait_file = file;
    return thread_wait(thread, WAIT_FILE, NO_DEADLINE);
}

long file_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    if (file->flags & O_PATH || (file->flags & O_ACCMODE) == O_WRONLY) {
        return -EBADF;
    }
    if (!file->kind->read) {
        return file_is_directory(file) ? -EISDIR : -EINVAL;
    }
    uint64_t done = 0;
    if (!size && file->is_regular) {
        return 0;
    }
    do { /* no more memory is touched than is read, but for a part */
        uint64_t part = size - done < PART ? size - done : PART;
        long error = space_fill(to + done, part, true);
        if (error == -EFAULT && file->kind->poll && !file_poll(file, POLL_IN)) {
            error = -EAGAIN; /* as long as there is nothing, nobody looks where it goes */
        }
        long got =
            error ? error : file->kind->read(file, to + done, part, offset < 0 ? -1 : offset + (int64_t)done);
        if (got == -EAGAIN || (got > 0 && (uint64_t)got < part)) {
            file_drained(file, POLL_IN);
        }
        if (got < 0) {
            return done ? (long)done : got;
        }
        done += (uint64_t)got;
        if ((uint64_t)got < part) {
            break;
        }
    } while ((file->is_regular || !file->kind->poll) && done < size);
    return (long)done;
}

long file_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    if (file->flags & O_PATH || (file->flags & O_ACCMODE) == O_RDONLY) {
        return -EBADF;
    }
    if (!file->kind->write) {
        return -EINVAL;
    }
    uint64_t part = size < PART ? size : PART;
    long error = space_fill(from, part, false);
    long put = error ? error : file->kind->write(file, from, part, offset);
    if (put == -EAGAIN || (put > 0 && (uint64_t)put < part)) {
        file_drained(file, POLL_OUT);
    }
    return put;
}

long file_read_at(struct file *file, uint64_t to, uint64_t size, uint64_t offset)
{
    return file->kind->read ? file->kind->read(file, to, size, (int64_t)offset) : -EIO;
}

bool file_table_init(struct file_table *table)
{
    *table = (struct file_table){
        .descriptor = heap_alloc(FIRST_ROOM * sizeof(struct descriptor)), .room = FIRST_ROOM, .limit = 1024};
    return table->descriptor != NULL;
}

/* How large Linux makes the copy of a table: what is open decides, in words of 64, and it doubles. */
static unsigned table_room(const struct file_table *table)
{
    unsigned end = table->room, room = FIRST_ROOM;
    while (end > 0 && !table->descriptor[end - 1].file) {
        end--;
    }
    while (room < end) {
        room *= 2;
    }
    return room;
}

bool file_table_copy(struct file_table *to, const struct file_table *from)
{
    *to = *from;
    to->room = table_room(from);
    to->descriptor = heap_alloc(to->room * sizeof *to->descriptor);
    if (!to->descriptor) {
        return false;
    }
    memcpy(to->descriptor, from->descriptor, to->room * sizeof *to->descriptor);
    for (unsigned fd = 0; fd < to->room; fd++) {
        if (to->descriptor[fd].file) {
            file_hold(to->descriptor[fd].file);
        }
    }
    return true;
}

void file_table_trim(struct file_table *table)
{
    unsigned room = table_room(table);
    struct descriptor *less = room < table->room ? heap_alloc(room * sizeof *less) : NULL;
    if (less) {
        memcpy(less, table->descriptor, room * sizeof *less);
        heap_free(table->descriptor, table->room * sizeof *table->descriptor);
        table->descriptor = less;
        table->room = room;
    }
}

void file_table_drop(struct file_table *table)
{
    for (unsigned fd = 0; fd < table->room; fd++) {
        if (table->descriptor[fd].file) {
            file_release(table->descriptor[fd].file);
        }
    }
    fast_table_drop(table);
    heap_free(table->descriptor, table->room * sizeof *table->descriptor);
    *table = (struct file_table){0};
}

void files_exec(struct process *process)
{
    for (unsigned fd = 0; fd < process->files->room; fd++) {
        if (process->files->descriptor[fd].is_close_on_exec) {
            descriptor_close(process, fd);
        }
    }
}

static bool table_grow(struct file_table *table)
{
    unsigned room = 2 * table->room;
    struct descriptor *more = room <= FILES_MAX ? heap_alloc(room * sizeof *more) : NULL;
    if (!more) {
        return false;
    }
    memcpy(more, table->descriptor, table->room * sizeof *more);
    heap_free(table->descriptor, table->room * sizeof *more);
    table->descriptor = more;
    table->room = room;
    return true;
}

struct file *file_of(const struct process *process, uint64_t fd)
{
    const struct file_table *table = process->files;
    const struct thread *thread = thread_current;
    if (thread && thread->kept_file && thread->kept_fd == (uint32_t)fd && thread->process == process) {
        return thread->kept_file;
    }
    return (uint32_t)fd < table->room ? table->descriptor[(uint32_t)fd].file : NULL;
}

long descriptor_add(struct process *process, struct file *file, unsigned lowest, bool is_close_on_exec)
{
    struct file_table *table = process->files;
    unsigned fd = lowest;
    while (fd < table->room && table->descriptor[fd].file) {
        fd++;
    }
    if (fd >= table->limit) {
        file_release(file);
        return -EMFILE;
    }
    while (fd >= table->room) {
        if (!table_grow(table)) {
            file_release(file);
            return -ENOMEM;
        }
    }
    fast_forget(table, fd);
    table->descriptor[fd] = (struct descriptor){.file = file, .is_close_on_exec = is_close_on_exec};
    return (long)fd;
}

/* Calls that wait for the file go on with it. */
static void waiters_keep(const struct process *process, unsigned fd, struct file *file)
{
    for (unsigned i = 0; i < thread_end; i++) {
        struct thread *thread = &threads[i];
        const uint64_t *argument = thread->call.argument; /* descriptors are among the first */
        if (thread->id && thread->process == process && thread->wait == WAIT_FILE &&
            thread->wait_file == file && !thread->kept_file &&
            (fd == (uint32_t)argument[0] || fd == (uint32_t)argument[1] || fd == (uint32_t)argument[2])) {
            file_hold(file);
            thread->kept_file = file;
            thread->kept_fd = fd;
        }
    }
}

void file_keep_over(struct thread *thread)
{
    struct file *file = thread->kept_file;
    thread->kept_file = NULL;
    if (file) {
        file_release(file);
    }
}

long descriptor_close(struct process *process, uint64_t fd)
{
    struct file *file = file_of(process, fd);
    if (!file) {
        return -EBADF;
    }
    fast_forget(process->files, (uint32_t)fd);
    waiters_keep(process, (uint32_t)fd, file);
    process->files->descriptor[(uint32_t)fd] = (struct descriptor){0};
    locks_close(process, file);
    file_release(file);
    return 0;
}
