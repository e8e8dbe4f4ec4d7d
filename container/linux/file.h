/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files. A `struct file` is what Linux calls an open file description: dup() and threads share it, regions of
 * memory hold it. Each kind (host file, pipe, eventfd, ...) is a table of functions; one that is missing means that
 * files of the kind cannot do that.
 *
 * Functions of a kind never wait: they answer -EAGAIN, and callers that may wait do so with file_wait.
 * Memory they read or write is the program's and has been filled (space_fill) by file_read and file_write.
 */
#ifndef SELKIE_LINUX_FILE_H
#define SELKIE_LINUX_FILE_H

#include "container/linux/object.h"
#include "container/linux/thread.h"

enum {
    O_ACCMODE = 3,
    O_RDONLY = 0,
    O_WRONLY = 1,
    O_RDWR = 2,
    O_CREAT = 0100,
    O_EXCL = 0200,
    O_NOCTTY = 0400,
    O_TRUNC = 01000,
    O_APPEND = 02000,
    O_NONBLOCK = 04000,
    O_DSYNC = 010000,
    O_LARGEFILE = 0100000,
    O_DIRECTORY = 0200000,
    O_NOFOLLOW = 0400000,
    O_NOATIME = 01000000,
    O_CLOEXEC = 02000000,
    O_SYNC = 04010000,
    O_PATH = 010000000,
    O_TMPFILE = 020200000,

    POLL_IN = 1,
    POLL_PRI = 2,
    POLL_OUT = 4,
    POLL_ERR = 8,
    POLL_HUP = 16,
    POLL_RDHUP = 0x2000,

    S_IFMT = 0170000,
    S_IFSOCK = 0140000,
    S_IFLNK = 0120000,
    S_IFREG = 0100000,
    S_IFBLK = 0060000,
    S_IFDIR = 0040000,
    S_IFCHR = 0020000,
    S_IFIFO = 0010000,
    MODE_BITS = 07777,

    PATH_ROOM = 4096,
    FILES_MAX = 65536,

    AT_FDCWD = -100,
    AT_SYMLINK_NOFOLLOW = 0x100,
    AT_REMOVEDIR = 0x200,
    AT_SYMLINK_FOLLOW = 0x400,
    AT_EMPTY_PATH = 0x1000
};

struct file;
struct epoll_item;

struct statx_time {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t reserved;
};

struct statx { /* statx(2) */
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, user, group;
    uint16_t mode, spare;
    uint64_t inode, size, blocks, attributes_mask;
    struct statx_time access, birth, change, modify;
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t rest[14];
};

struct file_kind {
    const char *name;
    long (*read)(struct file *file, uint64_t to, uint64_t size,
                 int64_t offset); /* offset -1: at the position */
    long (*write)(struct file *file, uint64_t from, uint64_t size, int64_t offset);
    uint64_t (*poll)(struct file *file, uint64_t events); /* NULL: always ready */
    bool is_ready_for_ever; /* has no poll, and yet can be watched by epoll(7) */
    /* Tell of the next time one of these is true, by file_changed. Kinds without always do. */
    void (*watch)(struct file *file, uint64_t events);
    long (*seek)(struct file *file, int64_t offset, unsigned whence);
    long (*stat)(struct file *file, struct statx *status);
    long (*list)(struct file *file, uint64_t to, uint64_t size);             /* getdents64 */
    long (*control)(struct file *file, uint64_t request, uint64_t argument); /* ioctl */
    long (*set_size)(struct file *file, uint64_t size);
    void (*close)(struct file *file);
};

struct file {
    const struct file_kind *kind;
    unsigned references;
    unsigned flags;           /* O_* as fcntl(F_GETFL) tells them */
    char *path;               /* absolute, of what was opened by a path; else NULL */
    bool is_nameless;         /* `path` is only told: nothing is there, and never was (reopen.h) */
    struct object_box box;    /* of host files */
    uint64_t wanted;          /* events that waits asked for since the last file_changed */
    struct epoll_item *items; /* of the epoll instances that watch it */
    struct file *next, **link; /* of all files */
    unsigned char layer;      /* enum overlay_layer */
    bool is_regular;          /* reads and writes never answer -EAGAIN and move all there is */
    uint64_t position;        /* kinds use these as they like */
    uint64_t word[4];
    void *data;
};

/* A new file with one reference. NULL: no memory. */
struct file *file_make(const struct file_kind *kind, unsigned flags);
void file_hold(struct file *file);
void file_set_path(struct file *file, const char *path); /* without memory for it: none */
void file_release(struct file *file);

/* fork(2). The parent makes files that only it could use ones of the host; then lists the capabilities that its child
 * must have at the same slots, `room` of them at most: how many there are. The child makes those files its own, with
 * what it waits for. False: no memory, or too many files. */
bool files_share(void);
unsigned files_caps(cap_address *caps, unsigned room);
bool files_fork(int process);

/* Tell everybody who waits for this file. */
void file_changed(struct file *file);

/* An operation answered -EAGAIN, or moved less than asked: these events are over until they happen anew. */
void file_drained(struct file *file, uint64_t events);

uint64_t file_poll(struct file *file, uint64_t events);
void file_watch(struct file *file, uint64_t events);

/* Wait until one of the events is true. What the handler returns. */
long file_wait(struct thread *thread, struct file *file, uint64_t events);

/* Read and write the program's memory: no waiting; -EAGAIN. */
long file_read(struct file *file, uint64_t to, uint64_t size, int64_t offset);
long file_write(struct file *file, uint64_t from, uint64_t size, int64_t offset);

/* For regions: as much as there is of [offset, offset + size). The memory is mapped and writable. */
long file_read_at(struct file *file, uint64_t to, uint64_t size, uint64_t offset);

/* The descriptor table. */
struct descriptor {
    struct file *file;
    bool is_close_on_exec;
};

struct file_table {
    struct descriptor *descriptor;
    unsigned room, limit;
};

bool file_table_init(struct file_table *table);
struct file *file_of(const struct process *process, uint64_t fd); /* NULL: -EBADF */

/* Install with the lowest number from `lowest` on; takes the reference, also on failure. */
long descriptor_add(struct process *process, struct file *file, unsigned lowest, bool is_close_on_exec);
long descriptor_close(struct process *process, uint64_t fd);

/* The thread's call is over: a file that was closed while it waited is needed no more. */
void file_keep_over(struct thread *thread);

/* Close what is to be closed on exec. */
void files_exec(struct process *process);
/* A second table with the same files, and its end. */
bool file_table_copy(struct file_table *to, const struct file_table *from);
void file_table_drop(struct file_table *table);
/* In a copy of the process: the table is as large as one that was copied. */
void file_table_trim(struct file_table *table);

/* In file_host.c: files of the host. */
struct file *file_host_make(const struct object_box *box, unsigned flags, bool is_directory);
struct file *file_host_root(cap_address cap, unsigned flags); /* one that the container was given */
void file_host_await_writer(struct file *file); /* of what was opened by name: FIFOs have no end before a writer */
void file_host_ready(struct file *file, uint64_t events);
cap_address file_host_cap(const struct file *file); /* 0: it is none */
bool file_host_duplicate(const struct file *file, struct object_box *box); /* the same open file, once more */
extern const struct file_kind *const file_host_plain; /* what regular files are */
cap_address file_host_stream(const struct file *file); /* 0: reading or writing it is more than the host's matter */
bool file_is_directory(const struct file *file);
bool file_host_is_master(const struct file *file);
bool file_host_is_terminal(const struct file *file);
struct file *file_host_make_master(const struct object_box *box, unsigned flags,
                                   uint64_t id); /* id: terminal.h */
bool file_host_is_socket(const struct file *file);

/* An eventfd or timerfd that was none of the host's. */
void file_host_become(struct file *file, const struct object_box *box, bool is_timer);
bool file_host_is_timer(const struct file *file);
bool file_host_fork(struct file *file);

#endif
