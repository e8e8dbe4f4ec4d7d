/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is made without any authority, since it reaches nobody but those who are given it: pipes, socket pairs,
 * events, terminals, epoll instances; and open files once more.
 */
#include <asm/ioctls.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "hostio/parts.h"

enum {
    MADE_FLAGS = O_CLOEXEC | O_NONBLOCK, /* also as SOCK_* and EFD_* */
    EVENT_SEMAPHORE = 1,
    PIPE_SIZE_MAX = 1 << 20
};

static void own_answer(struct hostio *h, struct machine_host_call *call, int64_t fd, enum host_kind kind,
                       uint8_t access)
{
    call->own_handle = entry_take(h, fd, kind, POLICY_NOTHING);
    call->own_kind = (uint8_t)kind;
    call->own_access = access;
}

static int64_t pair_answer(struct hostio *h, struct machine_host_call *call, const int32_t fd[2],
                           enum host_kind kind, uint8_t own_access, uint8_t new_access)
{
    own_answer(h, call, fd[0], kind, own_access);
    return entry_give(h, call, fd[1], kind, new_access, POLICY_NOTHING);
}

static int64_t make_pipe(struct hostio *h, struct machine_host_call *call)
{
    int32_t fd[2] = {-1, -1};
    int64_t result = host3(h, __NR_pipe2, address_of(fd), MADE_FLAGS, 0);
    return result < 0 ? result : pair_answer(h, call, fd, HOST_FILE, HOST_READ, HOST_WRITE);
}

static int64_t make_socket_pair(struct hostio *h, struct machine_host_call *call)
{
    uint64_t type = call->argument[0];
    int32_t fd[2] = {-1, -1};
    if (type != TYPE_STREAM && type != TYPE_DATAGRAM && type != TYPE_SEQUENCED)
        return -ESOCKTNOSUPPORT;
    int64_t result = host4(h, __NR_socketpair, FAMILY_UNIX, type | MADE_FLAGS, 0, address_of(fd));
    return result < 0 ? result
                      : pair_answer(h, call, fd, HOST_SOCKET, HOST_READ | HOST_WRITE, HOST_READ | HOST_WRITE);
}

static int64_t make_event(struct hostio *h, struct machine_host_call *call)
{
    if (call->argument[1] & ~(uint64_t)EVENT_SEMAPHORE || call->argument[0] > UINT32_MAX)
        return -EINVAL;
    int64_t fd = host3(h, __NR_eventfd2, call->argument[0], call->argument[1] | MADE_FLAGS, 0);
    if (fd < 0)
        return fd;
    own_answer(h, call, fd, HOST_FILE, HOST_READ | HOST_WRITE);
    return 0;
}

static int64_t make_epoll(struct hostio *h, struct machine_host_call *call)
{
    int64_t fd = host3(h, __NR_epoll_create1, EPOLL_CLOEXEC, 0, 0);
    if (fd < 0)
        return fd;
    own_answer(h, call, fd, HOST_EPOLL, HOST_READ | HOST_WRITE);
    return 0;
}

/* How the sides of a terminal are opened. */
static const struct {
    uint64_t flags, mode, resolve;
} TERMINAL_HOW = {O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0, 0};

/* The one side's number, beneath no directory; the other's name need not be seen from here. */
static int64_t make_terminal(struct hostio *h, struct machine_host_call *call)
{
    const int32_t unlocked = 0;
    int64_t master = host4(h, __NR_openat2, (uint64_t)AT_FDCWD, address_of("/dev/ptmx"),
                           address_of(&TERMINAL_HOW), sizeof(TERMINAL_HOW));
    if (master < 0)
        return master;
    int64_t slave = host3(h, __NR_ioctl, (uint64_t)master, TIOCSPTLCK, address_of(&unlocked));
    if (slave >= 0)
        slave = host3(h, __NR_ioctl, (uint64_t)master, TIOCGPTPEER, TERMINAL_HOW.flags);
    if (slave < 0) {
        descriptor_close(h, master);
        return slave;
    }
    const int32_t fd[2] = {(int32_t)master, (int32_t)slave};
    return pair_answer(h, call, fd, HOST_FILE, HOST_READ | HOST_WRITE, HOST_READ | HOST_WRITE);
}

int64_t terminal_peer(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    if (!table_has_room(h))
        return -ENFILE;
    int64_t fd = host3(h, __NR_ioctl, (uint64_t)entry->fd, TIOCGPTPEER, TERMINAL_HOW.flags);
    return entry_answer(h, call, fd, HOST_FILE, HOST_READ | HOST_WRITE, POLICY_NOTHING);
}

int64_t object_make(struct hostio *h, struct machine_host_call *call)
{
    if (!table_has_room_for_two(h))
        return -ENFILE;
    switch (call->operation) {
    case HOST_OBJECT_MAKE_PIPE:
        return make_pipe(h, call);
    case HOST_OBJECT_MAKE_SOCKET_PAIR:
        return make_socket_pair(h, call);
    case HOST_OBJECT_MAKE_EVENT:
        return make_event(h, call);
    case HOST_OBJECT_MAKE_EPOLL:
        return make_epoll(h, call);
    default:
        return make_terminal(h, call);
    }
}

int64_t object_duplicate(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    int64_t fd = -1;
    if (!table_has_room(h))
        return -ENFILE;
    if (entry->fd >= 0)
        fd = host3(h, __NR_fcntl, (uint64_t)entry->fd, F_DUPFD_CLOEXEC, 0);
    if (entry->fd >= 0 && fd < 0)
        return fd;
    (void)entry_give(h, call, fd, entry->kind, call->access, entry->policy);
    h->entry[call->new_handle].may_listen = entry->may_listen;
    return 0;
}

/* What the host's own limit for users without privileges is, unless it was changed. */
int64_t pipe_size(const struct hostio *h, const struct hostio_entry *entry, uint64_t size)
{
    if (size == 0)
        return host3(h, __NR_fcntl, (uint64_t)entry->fd, F_GETPIPE_SZ, 0);
    return size > PIPE_SIZE_MAX ? -EPERM : host3(h, __NR_fcntl, (uint64_t)entry->fd, F_SETPIPE_SZ, size);
}
