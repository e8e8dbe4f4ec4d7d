/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets through the host's "network" capability: socket(2), connect(2), accept(2), sendmsg(2), ...
 * What the policy forbids is -EACCES. Descriptors in messages (SCM_RIGHTS) are dropped.
 */
#include "container/linux/calls.h"
#include "container/linux/file.h"
#include "container/linux/host.h"
#include "container/linux/pipe.h"
#include "container/linux/space.h"

enum {
    AF_UNIX = 1,
    SOCK_TYPE = 15,
    SOCK_STREAM = 1,
    MSG_DONTWAIT = 0x40,
    MSG_NOSIGNAL = 0x4000,
    MSG_PEEK = 2,
    SOL_SOCKET = 1,
    SO_ERROR = 4,
    VECTORS = 64
};

static long socket_of(const struct thread *thread, uint64_t fd, struct file **file)
{
    *file = file_of(thread->process, fd);
    return !*file ? -EBADF : file_host_cap(*file) ? 0 : -ENOTSOCK;
}

HANDLER(call_socket)
{
    cap_address network = host_find("network");
    struct object_box box;
    if (!network) {
        return -EACCES;
    }
    if (!host_object_make(&box)) {
        return -ENOMEM;
    }
    uint64_t type = ARG(1) & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK);
    long error = HOST(network, HOST_NETWORK_SOCKET, box.object, NULL, ARG(0), type, ARG(2));
    if (error < 0) {
        host_object_drop(&box);
        return error;
    }
    struct file *file = file_host_make(&box, O_RDWR | ((unsigned)ARG(1) & O_NONBLOCK), false);
    return file ? descriptor_add(thread->process, file, 0, ARG(1) & O_CLOEXEC) : -ENOMEM;
}

HANDLER(call_socketpair)
{
    if (ARG(0) != AF_UNIX || (ARG(1) & SOCK_TYPE) != SOCK_STREAM) {
        return -EOPNOTSUPP;
    }
    return pipe_pair(thread, ARG(3), ARG(1) & (O_CLOEXEC | O_NONBLOCK));
}

/* An address of the program: filled, so that the host can read it. */
static long address_ready(uint64_t address, uint64_t size)
{
    return size > HOST_IO_SMALL ? -EINVAL : space_fill(address, size, false);
}

HANDLER(call_bind)
{
    struct file *file;
    long error = socket_of(thread, ARG(0), &file);
    error = error ? error : address_ready(ARG(1), ARG(2));
    return error ? error : HOST(file->box.object, HOST_SOCKET_BIND, 0, NULL, ARG(1), ARG(2));
}

/* The error that a connection attempt ended with: 0, or negative. */
static long connect_result(const struct file *file)
{
    static int value;
    long error = HOST(file->box.object, HOST_SOCKET_GET_OPTION, 0, NULL, SOL_SOCKET, SO_ERROR,
                      (uint64_t)&value, sizeof value);
    return error < 0 ? error : -value;
}

HANDLER(call_connect)
{
    struct file *file;
    long error = socket_of(thread, ARG(0), &file);
    if (error) {
        return error;
    }
    if (thread->progress) { /* woken: the attempt is over, or not yet */
        return file_poll(file, POLL_OUT) ? connect_result(file) : file_wait(thread, file, POLL_OUT);
    }
    error = address_ready(ARG(1), ARG(2));
    error = error ? error : HOST(file->box.object, HOST_SOCKET_CONNECT, 0, NULL, ARG(1), ARG(2));
    if ((error == -EINPROGRESS || error == -EAGAIN) && !(file->flags & O_NONBLOCK)) {
        thread->progress = 1;
        return file_wait(thread, file, POLL_OUT);
    }
    return error;
}

HANDLER(call_listen)
{
    struct file *file;
    long error = socket_of(thread, ARG(0), &file);
    return error ? error : HOST(file->box.object, HOST_SOCKET_LISTEN, 0, NULL, ARG(1));
}

/* Where an address goes with its length, as accept(2) has it. */
static long address_write(uint64_t to, uint64_t length_at, const void *address, uint64_t length)
{
    uint32_t room, told = (uint32_t)length;
    if (!to || !length_at) {
        return 0;
    }
    long error = user_read(&room, length_at, sizeof room);
    if (!error) {
        error = user_write(to, address, length < room ? length : room);
    }
    return error ? error : user_write(length_at, &told, sizeof told);
}

static unsigned char address[HOST_IO_SMALL];

static long accept(struct thread *thread, uint64_t fd, uint64_t to, uint64_t length_at, uint64_t flags)
{
    struct file *file;
    struct object_box box;
    uint64_t length = 0;
    long error = socket_of(thread, fd, &file);
    if (error) {
        return error;
    }
    if (!host_object_make(&box)) {
        return -ENOMEM;
    }
    error =
        HOST(file->box.object, HOST_SOCKET_ACCEPT, box.object, &length, (uint64_t)address, sizeof address);
    if (error < 0) {
        host_object_drop(&box);
        if (error == -EAGAIN) {
            file_drained(file, POLL_IN);
        }
        return error == -EAGAIN && !(file->flags & O_NONBLOCK) ? file_wait(thread, file, POLL_IN) : error;
    }
    struct file *accepted = file_host_make(&box, O_RDWR | ((unsigned)flags & O_NONBLOCK), false);
    if (!accepted) {
        return -ENOMEM;
    }
    long number = descriptor_add(thread->process, accepted, 0, flags & O_CLOEXEC);
    if (number >= 0 && address_write(to, length_at, address, length)) {
        descriptor_close(thread->process, (uint64_t)number);
        return -EFAULT;
    }
    return number;
}

HANDLER(call_accept)
{
    return accept(thread, ARG(0), ARG(1), ARG(2), 0);
}

HANDLER(call_accept4)
{
    return accept(thread, ARG(0), ARG(1), ARG(2), ARG(3));
}

/* One piece of memory; -EAGAIN may become a wait for the caller. */
static long send(struct file *file, uint64_t from, uint64_t size, uint64_t flags, uint64_t to,
                 uint64_t to_size)
{
    if (!file_host_cap(file)) {
        return file_write(file, from, size, -1);
    }
    uint64_t part = size < HOST_IO_BYTES ? size : HOST_IO_BYTES;
    long error = space_fill(from, part, false);
    if (!error && to_size) {
        error = address_ready(to, to_size);
    }
    long put = error ? error
                     : HOST(file->box.object, HOST_SOCKET_SEND, 0, NULL, from, part,
                            flags | MSG_NOSIGNAL | MSG_DONTWAIT, to_size ? to : 0, to_size);
    if (put == -EAGAIN || (put >= 0 && (uint64_t)put < size)) {
        file_drained(file, POLL_OUT);
    }
    return put;
}

static long receive(struct file *file, uint64_t to, uint64_t size, uint64_t flags, uint64_t *from_length)
{
    if (!file_host_cap(file)) {
        return file_read(file, to, size, -1);
    }
    uint64_t part = size < HOST_IO_BYTES ? size : HOST_IO_BYTES;
    long error = space_fill(to, part, true);
    long got = error ? error
                     : HOST(file->box.object, HOST_SOCKET_RECEIVE, 0, from_length, to, part,
                            flags | MSG_DONTWAIT, (uint64_t)address, sizeof address);
    if (got == -EAGAIN || (got > 0 && (uint64_t)got < size)) {
        file_drained(file, POLL_IN);
    }
    return got;
}

static bool may_wait(const struct file *file, uint64_t flags)
{
    return !(file->flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT);
}

HANDLER(call_sendto)
{
    struct file *file = file_of(thread->process, ARG(0));
    if (!file) {
        return -EBADF;
    }
    while (thread->progress < ARG(2) || !ARG(2)) { /* a stream takes all before the call is over */
        long put = send(file, ARG(1) + thread->progress, ARG(2) - thread->progress, ARG(3), ARG(4), ARG(5));
        if (put == -EAGAIN && may_wait(file, ARG(3))) {
            return file_wait(thread, file, POLL_OUT);
        }
        if (put <= 0) {
            return thread->progress ? (long)thread->progress : put;
        }
        thread->progress += (uint64_t)put;
        if (!may_wait(file, ARG(3))) {
            break;
        }
    }
    return (long)thread->progress;
}

HANDLER(call_recvfrom)
{
    struct file *file = file_of(thread->process, ARG(0));
    uint64_t length = 0;
    if (!file) {
        return -EBADF;
    }
    long got = receive(file, ARG(1), ARG(2), ARG(3), &length);
    if (got == -EAGAIN && may_wait(file, ARG(3))) {
        return file_wait(thread, file, POLL_IN);
    }
    long error = got >= 0 ? address_write(ARG(4), ARG(5), address, length) : 0;
    return error ? error : got;
}

struct message {
    uint64_t name;
    uint32_t name_length, padding;
    uint64_t vectors, vector_count, control, control_length;
    uint32_t flags, padding2;
};

struct vector {
    uint64_t base, size;
};

static long message_read(uint64_t at, struct message *message, struct vector *vectors)
{
    long error = user_read(message, at, sizeof *message);
    if (!error && message->vector_count > VECTORS) {
        message->vector_count = VECTORS;
    }
    return error ? error : user_read(vectors, message->vectors, message->vector_count * sizeof *vectors);
}

/* Vectors one after the other: a stream cannot tell. A datagram of several is put together first. */
HANDLER(call_sendmsg)
{
    static unsigned char joined[65536];
    struct file *file = file_of(thread->process, ARG(0));
    struct message message;
    struct vector vectors[VECTORS];
    uint64_t size = 0;
    long error = file ? message_read(ARG(1), &message, vectors) : -EBADF;
    for (uint64_t i = 0; !error && i < message.vector_count; i++) {
        uint64_t part = vectors[i].size < sizeof joined - size ? vectors[i].size : sizeof joined - size;
        error = user_read(joined + size, vectors[i].base, part);
        size += part;
    }
    if (error) {
        return error;
    }
    if (message.name && address_ready(message.name, message.name_length)) {
        return -EFAULT;
    }
    long put = file_host_cap(file) ? HOST(file->box.object, HOST_SOCKET_SEND, 0, NULL, (uint64_t)joined, size,
                                          ARG(2) | MSG_NOSIGNAL | MSG_DONTWAIT, message.name,
                                          message.name ? message.name_length : 0)
               : file->kind->write ? file->kind->write(file, (uint64_t)joined, size, -1)
                                   : -ENOTSOCK;
    return put == -EAGAIN && may_wait(file, ARG(2)) ? file_wait(thread, file, POLL_OUT) : put;
}

/* One after the other; how many went out. Only the first may wait. */
HANDLER(call_sendmmsg)
{
    enum {
        ENTRY = 64,
        LENGTH = 56
    };
    uint64_t done = 0;
    for (; done < ARG(2); done++) {
        uint64_t at = ARG(1) + done * ENTRY;
        struct linux_call one = {.argument = {ARG(0), at, ARG(3) | (done ? MSG_DONTWAIT : 0)}};
        long put = call_sendmsg(thread, &one);
        uint32_t length = (uint32_t)put;
        if (put < 0 || user_write(at + LENGTH, &length, sizeof length)) {
            return done ? (long)done : put < 0 ? put : -EFAULT;
        }
    }
    return (long)done;
}

HANDLER(call_recvmsg)
{
    static unsigned char joined[65536];
    struct file *file = file_of(thread->process, ARG(0));
    struct message message;
    struct vector vectors[VECTORS];
    uint64_t size = 0, length = 0, done = 0;
    long error = file ? message_read(ARG(1), &message, vectors) : -EBADF;
    if (error) {
        return error;
    }
    for (uint64_t i = 0; i < message.vector_count; i++) {
        size += vectors[i].size;
    }
    size = size < sizeof joined ? size : sizeof joined;
    long got = file_host_cap(file) ? HOST(file->box.object, HOST_SOCKET_RECEIVE, 0, &length, (uint64_t)joined,
                                          size, ARG(2) | MSG_DONTWAIT, (uint64_t)address, sizeof address)
               : file->kind->read  ? file->kind->read(file, (uint64_t)joined, size, -1)
                                   : -ENOTSOCK;
    if (got == -EAGAIN) {
        file_drained(file, POLL_IN);
        return may_wait(file, ARG(2)) ? file_wait(thread, file, POLL_IN) : got;
    }
    for (uint64_t i = 0; got > 0 && i < message.vector_count && done < (uint64_t)got; i++) {
        uint64_t part = vectors[i].size < (uint64_t)got - done ? vectors[i].size : (uint64_t)got - done;
        if (user_write(vectors[i].base, joined + done, part)) {
            return -EFAULT;
        }
        done += part;
    }
    if (got < 0) {
        return got;
    }
    uint64_t name = length < message.name_length ? length : message.name_length;
    error = message.name && name ? user_write(message.name, address, name) : 0;
    message.name_length = (uint32_t)length;
    message.control_length = 0;
    message.flags = 0;
    error = error ? error : user_write(ARG(1), &message, sizeof message);
    return error ? error : got;
}

HANDLER(call_shutdown)
{
    struct file *file;
    long error = socket_of(thread, ARG(0), &file);
    return error ? error : HOST(file->box.object, HOST_SOCKET_SHUTDOWN, 0, NULL, ARG(1));
}

HANDLER(call_setsockopt)
{
    struct file *file;
    long error = socket_of(thread, ARG(0), &file);
    error = error ? error : address_ready(ARG(3), ARG(4));
    return error ? error
                 : HOST(file->box.object, HOST_SOCKET_SET_OPTION, 0, NULL, ARG(1), ARG(2), ARG(3), ARG(4));
}

HANDLER(call_getsockopt)
{
    struct file *file;
    uint32_t room;
    uint64_t length = 0;
    long error = socket_of(thread, ARG(0), &file);
    error = error ? error : user_read(&room, ARG(4), sizeof room);
    if (error) {
        return error;
    }
    uint64_t size = room < sizeof address ? room : sizeof address;
    error =
        HOST(file->box.object, HOST_SOCKET_GET_OPTION, 0, &length, ARG(1), ARG(2), (uint64_t)address, size);
    return error < 0 ? error : address_write(ARG(3), ARG(4), address, length);
}

static long name_call(struct thread *thread, const struct linux_call *call, uint64_t is_peer)
{
    struct file *file;
    uint64_t length = 0;
    long error = socket_of(thread, ARG(0), &file);
    if (!error) {
        error =
            HOST(file->box.object, HOST_SOCKET_NAME, 0, &length, is_peer, (uint64_t)address, sizeof address);
    }
    return error < 0 ? error : address_write(ARG(1), ARG(2), address, length);
}

HANDLER(call_getsockname)
{
    return name_call(thread, call, 0);
}

HANDLER(call_getpeername)
{
    return name_call(thread, call, 1);
}
