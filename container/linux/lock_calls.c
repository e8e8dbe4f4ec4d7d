/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks: fcntl(2) and flock(2). The host keeps them. Its locks of open files and of whole files are Linux's own, since an
 * open file here is one of the host's, which forked processes share. A process' own lock (F_SETLK) is one that the
 * host gives to another open file, which only this process has: one for each file that it locks, kept until it
 * closes any descriptor of that file or drops its last lock there. fork leaves them to the parent.
 *
 * The host never says when a lock becomes free: who waits looks again every few milliseconds.
 */
#include "container/linux/lock_calls.h"

#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/heap.h"
#include "container/linux/host.h"
#include "container/linux/open.h"
#include "container/linux/overlay.h"
#include "container/linux/space.h"

enum {
    F_RDLCK,
    F_WRLCK,
    F_UNLCK,
    LOCK_SH = 1,
    LOCK_EX = 2,
    LOCK_NB = 4,
    LOCK_UN = 8,
    PART = 0, /* HOST_FILE_LOCK */
    WHOLE = 1,
    ASK = 2,
    LOOK_AGAIN_NS = 2000000
};

struct lock { /* struct flock */
    int16_t type, whence;
    int64_t start, size;
    int32_t process;
};

/* The open file that holds this process' locks of one file. */
struct holder {
    struct holder *next;
    struct file *file;
    uint64_t inode;
    uint32_t dev_major, dev_minor;
    int process; /* its id: between vfork and exec there are two in one address space */
};

static struct holder *holders;

static long lock_wait(struct thread *thread)
{
    thread->is_expired = thread->is_repeated = false; /* each look has a deadline of its own */
    return thread_wait(thread, WAIT_TIME, clock_deadline(LOOK_AGAIN_NS));
}

static bool file_identify(const struct file *file, struct statx *status)
{
    return HOST(file_host_cap(file), HOST_FILE_STAT, 0, NULL, (uint64_t)status) >= 0;
}

static struct holder **holder_find(const struct process *process, const struct file *file)
{
    static struct statx status;
    struct holder **at = &holders;
    if (!holders || !file_identify(file, &status)) {
        return NULL;
    }
    while (*at && ((*at)->process != process->id || (*at)->inode != status.inode ||
                   (*at)->dev_major != status.dev_major || (*at)->dev_minor != status.dev_minor)) {
        at = &(*at)->next;
    }
    return *at ? at : NULL;
}

static void holder_drop(struct holder **at)
{
    struct holder *holder = *at;
    *at = holder->next;
    file_release(holder->file);
    heap_free(holder, sizeof *holder);
}

void locks_fork(int process)
{
    for (struct holder **at = &holders; *at;) {
        if ((*at)->process == process) {
            at = &(*at)->next;
        } else {
            holder_drop(at); /* a copy; the parent's keeps the locks */
        }
    }
}

void locks_close(const struct process *process, const struct file *file)
{
    struct holder **at = file->is_regular && holders ? holder_find(process, file) : NULL;
    if (at) {
        holder_drop(at);
    }
}

/* Another open file of the same file, with all the access there is. NULL: there is no way to it. */
static struct file *file_again(const struct process *process, const struct file *file,
                               const struct statx *status)
{
    static struct statx other;
    static const unsigned MODES[] = {O_RDWR, O_RDONLY, O_WRONLY};
    struct file *again;
    for (unsigned i = 0; i < sizeof MODES / sizeof *MODES && file->path && !file->is_nameless; i++) {
        bool copies = file->layer == LAYER_LOWER && MODES[i] != O_RDONLY;
        if (copies || file_open_path(process, file->path, MODES[i], 0, &again)) {
            continue;
        }
        if (file_host_cap(again) && file_identify(again, &other) && other.inode == status->inode &&
            other.dev_major == status->dev_major && other.dev_minor == status->dev_minor) {
            return again;
        }
        file_release(again);
    }
    return NULL;
}

static struct holder *holder_make(const struct process *process, const struct file *file)
{
    static struct statx status;
    struct file *again = file_identify(file, &status) ? file_again(process, file, &status) : NULL;
    struct holder *holder = again ? heap_alloc(sizeof *holder) : NULL;
    if (!holder) {
        if (again) {
            file_release(again);
        }
        return NULL;
    }
    *holder = (struct holder){holders, again, status.inode, status.dev_major, status.dev_minor, process->id};
    holders = holder;
    return holder;
}

/* Read a lock of the program, with its start as the host counts. */
static long lock_read(struct file *file, uint64_t at, struct lock *lock)
{
    static struct statx status;
    long error = user_read(lock, at, sizeof *lock);
    if (error) {
        return error;
    }
    int64_t base = 0;
    if (lock->whence == 1 && file->kind->seek) {
        base = file->kind->seek(file, 0, 1);
    } else if (lock->whence == 2 && file->kind->stat && file->kind->stat(file, &status) >= 0) {
        base = (int64_t)status.size;
    }
    lock->start += base;
    bool is_wrong = lock->type < F_RDLCK || lock->type > F_UNLCK || lock->whence < 0 || lock->whence > 2 ||
                    lock->start < 0 || (lock->size < 0 && lock->start + lock->size < 0);
    return is_wrong ? -EINVAL : 0;
}

static long lock_ask(const struct file *on, uint64_t at, struct lock *lock, int32_t process)
{
    uint64_t start = 0;
    long result = HOST(file_host_cap(on), HOST_FILE_LOCK, 0, &start, ASK, (uint64_t)lock->type,
                       (uint64_t)lock->start, (uint64_t)lock->size);
    if (result < 0) {
        return result;
    }
    if ((result & 3) == F_UNLCK) {
        int16_t free = F_UNLCK;
        return user_write(at, &free, sizeof free);
    }
    *lock = (struct lock){(int16_t)(result & 3), 0, (int64_t)start, result >> 2, process};
    return user_write(at, lock, sizeof *lock);
}

static long lock_set(struct thread *thread, const struct file *on, const struct lock *lock, bool is_waiting)
{
    long result = HOST(file_host_cap(on), HOST_FILE_LOCK, 0, NULL, PART, (uint64_t)lock->type,
                       (uint64_t)lock->start, (uint64_t)lock->size);
    return result == -EAGAIN && is_waiting ? lock_wait(thread) : result;
}

long lock_of_file(struct thread *thread, struct file *file, uint64_t at, bool is_set, bool is_waiting)
{
    struct lock lock;
    long error = lock_read(file, at, &lock);
    if (error || lock.process) {
        return error ? error : -EINVAL;
    }
    if (!is_set) {
        return lock.type == F_UNLCK ? -EINVAL : lock_ask(file, at, &lock, -1);
    }
    return lock_set(thread, file, &lock, is_waiting);
}

long lock_of_process(struct thread *thread, struct file *file, uint64_t at, bool is_set, bool is_waiting)
{
    struct lock lock;
    long error = lock_read(file, at, &lock);
    if (error || (!is_set && lock.type == F_UNLCK)) {
        return error ? error : -EINVAL;
    }
    unsigned mode = file->flags & O_ACCMODE;
    if (is_set &&
        ((lock.type == F_RDLCK && mode == O_WRONLY) || (lock.type == F_WRLCK && mode == O_RDONLY))) {
        return -EBADF;
    }
    if (!file_host_cap(file)) { /* nobody else has it */
        lock.type = F_UNLCK;
        return is_set ? 0 : user_write(at, &lock.type, sizeof lock.type);
    }
    struct holder **found = holder_find(thread->process, file);
    struct holder *holder = found ? *found : lock.type == F_UNLCK ? NULL : holder_make(thread->process, file);
    if (!holder) { /* nothing to unlock; or a file without a name, which no other process can open */
        lock.type = F_UNLCK;
        return is_set ? 0 : user_write(at, &lock.type, sizeof lock.type);
    }
    if (!is_set) {
        return lock_ask(holder->file, at, &lock, -1);
    }
    return lock_set(thread, holder->file, &lock, is_waiting);
}

HANDLER(call_flock)
{
    struct file *file = file_of(thread->process, ARG(0));
    uint64_t type = ARG(1) & ~(uint64_t)LOCK_NB;
    if (!file || file->flags & O_PATH) {
        return -EBADF;
    }
    if (type != LOCK_SH && type != LOCK_EX && type != LOCK_UN) {
        return -EINVAL;
    }
    cap_address cap = file->is_regular ? file_host_cap(file) : 0;
    long result = cap ? HOST(cap, HOST_FILE_LOCK, 0, NULL, WHOLE, type, 0, 0) : 0;
    return result == -EAGAIN && !(ARG(1) & LOCK_NB) ? lock_wait(thread) : result;
}
