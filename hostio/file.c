/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on files, and on what answers them too: sockets and timers. All descriptors are nonblocking;
 * what may wait nevertheless is a disk, and a terminal's output, which is therefore not waited for when
 * settings change.
 */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "hostio/parts.h"

enum {
    MODE_BITS = 07777,
    FLUSH_INPUT = 0,    /* TCIFLUSH */
    TERMINAL_SIZE = 36, /* struct termios of the host's kernel */
    WINDOW_SIZE = 8,    /* struct winsize */
    LOCK_PART = 0,      /* HOST_FILE_LOCK: which kind */
    LOCK_WHOLE = 1,
    LOCK_ASK = 2,
    TRANSFER_FLAGS = RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND
};

unsigned pieces_list(const struct hostio *h, const struct machine_host_call *call,
                     struct iovec vector[HOST_IO_PIECES])
{
    unsigned count = call->piece_count < HOST_IO_PIECES ? call->piece_count : HOST_IO_PIECES;
    for (unsigned i = 0; i < count; i++) {
        vector[i].iov_base = (void *)(uintptr_t)(h->arena + call->pieces[i].paddr);
        vector[i].iov_len = call->pieces[i].size;
    }
    return count;
}

uint64_t pieces_size(const struct machine_host_call *call)
{
    uint64_t size = 0;
    for (unsigned i = 0; i < call->piece_count; i++)
        size += call->pieces[i].size;
    return size;
}

void pieces_fill(const struct hostio *h, const struct machine_host_call *call, uint64_t size)
{
    struct iovec vector[HOST_IO_PIECES];
    unsigned count = pieces_list(h, call, vector);
    const unsigned char *from = h->scratch;
    for (unsigned i = 0; i < count && size > 0; i++) {
        uint64_t part = vector[i].iov_len < size ? vector[i].iov_len : size;
        __builtin_memcpy(vector[i].iov_base, from, part);
        from += part;
        size -= part;
    }
}

int64_t descriptor_status(const struct hostio *h, int64_t fd, void *status)
{
    _Static_assert(sizeof(struct statx) <= HOST_IO_SMALL, "it fits");
    return host5(h, __NR_statx, (uint64_t)fd, address_of(""), AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
                 address_of(status));
}

/* The host's plain calls take half the time. */
static int64_t transfer_plain(const struct hostio *h, const struct hostio_entry *entry,
                              const struct machine_host_call *call, const struct iovec *piece)
{
    bool is_read = call->operation == HOST_FILE_READ;
    uint64_t fd = (uint64_t)entry->fd, address = address_of(piece->iov_base), offset = call->argument[2];
    if (offset == UINT64_MAX)
        return host3(h, is_read ? __NR_read : __NR_write, fd, address, piece->iov_len);
    return host4(h, is_read ? __NR_pread64 : __NR_pwrite64, fd, address, piece->iov_len, offset);
}

static int64_t file_transfer(const struct hostio *h, const struct hostio_entry *entry,
                             const struct machine_host_call *call)
{
    struct iovec vector[HOST_IO_PIECES];
    unsigned count = pieces_list(h, call, vector);
    uint64_t flags = call->argument[3];
    if (flags & ~(uint64_t)TRANSFER_FLAGS)
        return -EOPNOTSUPP;
    if (count == 1 && flags == 0)
        return transfer_plain(h, entry, call, &vector[0]);
    return host6(h, call->operation == HOST_FILE_READ ? __NR_preadv2 : __NR_pwritev2, (uint64_t)entry->fd,
                 address_of(vector), count, call->argument[2], 0, flags);
}

/* A socket's write must not raise a signal. */
static int64_t socket_transfer(const struct hostio *h, const struct hostio_entry *entry,
                               struct machine_host_call *call)
{
    if (call->argument[2] != UINT64_MAX)
        return -ESPIPE;
    if (call->argument[3])
        return -EOPNOTSUPP;
    if (call->operation == HOST_FILE_WRITE)
        return socket_send(h, entry, call, 0, 0);
    return pieces_size(call) ? socket_receive(h, entry, call, 0, 0) : 0;
}

static int64_t file_status(const struct hostio *h, const struct hostio_entry *entry,
                           struct machine_host_call *call)
{
    int64_t result = descriptor_status(h, entry->fd, call->small);
    call->small_size = result < 0 ? 0 : sizeof(struct statx);
    return result;
}

static int64_t control_get(const struct hostio *h, uint64_t fd, struct machine_host_call *call, uint64_t size)
{
    __builtin_memset(call->small, 0, size);
    int64_t result = host3(h, __NR_ioctl, fd, call->argument[0], address_of(call->small));
    call->small_size = result < 0 ? 0 : size;
    return result;
}

static int64_t control_set(const struct hostio *h, uint64_t fd, struct machine_host_call *call,
                           uint64_t request, uint64_t size)
{
    if (call->small_size < size)
        return -EFAULT;
    call->small_size = 0;
    return host3(h, __NR_ioctl, fd, request, address_of(call->small));
}

/* Never waits. A lock goes with the open file, whoever has capabilities to it. */
static int64_t file_lock(const struct hostio *h, const struct hostio_entry *entry,
                         struct machine_host_call *call)
{
    struct lock { /* struct flock */
        int16_t type, whence;
        int64_t start, size;
        int32_t process;
    } lock = {.type = (int16_t)call->argument[1],
              .start = (int64_t)call->argument[2],
              .size = (int64_t)call->argument[3]};
    uint64_t fd = (uint64_t)entry->fd, type = call->argument[1];
    switch (call->argument[0]) {
    case LOCK_PART:
        return host3(h, __NR_fcntl, fd, F_OFD_SETLK, address_of(&lock));
    case LOCK_WHOLE:
        return type == LOCK_SH || type == LOCK_EX || type == LOCK_UN
                   ? host3(h, __NR_flock, fd, type | LOCK_NB, 0)
                   : -EINVAL;
    case LOCK_ASK: {
        int64_t result = host3(h, __NR_fcntl, fd, F_OFD_GETLK, address_of(&lock));
        call->second = result < 0 ? 0 : (uint64_t)lock.start;
        return result < 0 ? result : lock.type + ((lock.size << 2) & INT64_MAX);
    }
    default:
        return -EINVAL;
    }
}

static int64_t file_control(const struct hostio *h, const struct hostio_entry *entry,
                            struct machine_host_call *call)
{
    uint64_t fd = (uint64_t)entry->fd;
    switch (call->argument[0]) {
    case TCGETS:
        return control_get(h, fd, call, TERMINAL_SIZE);
    case TIOCGWINSZ:
        return control_get(h, fd, call, WINDOW_SIZE);
    case FIONREAD:
        return control_get(h, fd, call, sizeof(int));
    case TCSETSF:
        (void)host3(h, __NR_ioctl, fd, TCFLSH, FLUSH_INPUT); /* the next one says what is wrong */
        return control_set(h, fd, call, TCSETS, TERMINAL_SIZE);
    case TCSETS:
    case TCSETSW:
        return control_set(h, fd, call, TCSETS, TERMINAL_SIZE);
    case TIOCSWINSZ:
        return control_set(h, fd, call, TIOCSWINSZ, WINDOW_SIZE);
    default:
        return -ENOTTY;
    }
}

int64_t file_sync(struct hostio *h, const struct hostio_entry *entry, const struct machine_host_call *call)
{
    static const uint64_t of_extent[] = {__NR_fsync, __NR_fdatasync, __NR_syncfs};
    uint64_t extent = call->argument[0];
    if (extent >= sizeof(of_extent) / sizeof(of_extent[0]))
        return -EINVAL;
    return host3(h, of_extent[extent], (uint64_t)entry->fd, 0, 0);
}

int64_t file_call(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    uint64_t fd = (uint64_t)entry->fd;
    const uint64_t *argument = call->argument;
    switch (call->operation) {
    case HOST_FILE_POLL:
        return ready_poll(h, entry, argument[0]);
    case HOST_FILE_READ:
    case HOST_FILE_WRITE:
        return entry->kind == HOST_SOCKET ? socket_transfer(h, entry, call) : file_transfer(h, entry, call);
    case HOST_FILE_SEEK:
        return host3(h, __NR_lseek, fd, argument[0], argument[1]);
    case HOST_FILE_STAT:
        return file_status(h, entry, call);
    case HOST_FILE_SET_SIZE:
        return host3(h, __NR_ftruncate, fd, argument[0], 0);
    case HOST_FILE_ALLOCATE:
        return host4(h, __NR_fallocate, fd, argument[0], argument[1], argument[2]);
    case HOST_FILE_SYNC:
        return file_sync(h, entry, call);
    case HOST_FILE_SET_MODE:
        return host3(h, __NR_fchmod, fd, argument[0] & MODE_BITS, 0);
    case HOST_FILE_SET_TIMES:
        return host4(h, __NR_utimensat, fd, 0, address_of(call->small), 0);
    case HOST_FILE_CONTROL:
        return file_control(h, entry, call);
    case HOST_FILE_PIPE_SIZE:
        return pipe_size(h, entry, argument[0]);
    case HOST_FILE_LOCK:
        return file_lock(h, entry, call);
    case HOST_FILE_PEER:
        return terminal_peer(h, entry, call);
    case HOST_FILE_WINDOW:
        return window_make(h, entry, call);
    default:
        return -EBADF; /* a watch comes through hostio_watch */
    }
}
