/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets through the host's "network" capability: socket(2), connect(2), accept(2), sendmsg(2), ...
 * What the policy forbids is -EACCES. Files in messages are passing.c's.
 */
#include "container/linux/address.h"
#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/file.h"
#include "container/linux/host.h"
#include "container/linux/passing.h"
#include "container/linux/pipe.h"
#include "container/linux/space.h"
#include "container/linux/unix_name.h"
#include "container/linux/window.h"

enum {
    AF_UNIX = 1,
    AF_INET = 2,
    AF_INET6 = 10,
    SOCK_TYPE = 15,
    SOCK_STREAM = 1,
    MSG_DONTWAIT = 0x40,
    MSG_NOSIGNAL = 0x4000,
    MSG_PEEK = 2,
    SOL_SOCKET = 1,
    SO_ERROR = 4,
    IPPROTO_IPV6 = 41,
    IPV6_V6ONLY = 26,
    SO_RCVTIMEO = 20,
    SO_SNDTIMEO = 21,
    MSG_TRUNC = 0x20,
    MSG_WAITALL = 0x100,
    MSG_WAITFORONE = 0x10000,
    MSG_CMSG_CLOEXEC = 0x40000000,
    CONTROL_LEAST = 20, /* bytes of control data with one descriptor */
    MESSAGE_ENTRY = 64, /* struct mmsghdr, and where its length is */
    MESSAGE_LENGTH = 56,
    VECTORS = 64,
    RECEIVE_TIMEOUT = 0, /* words of a socket's file: nanoseconds, 0 for ever */
    SEND_TIMEOUT = 1,
    TYPE = 2 /* 0: not known */
};

long socket_wait(struct thread *thread, struct file *file, uint64_t events)
{
    uint64_t timeout_ns = file->word[events & POLL_IN ? RECEIVE_TIMEOUT : SEND_TIMEOUT];
    if (!timeout_ns) {
        return file_wait(thread, file, events);
    }
    if (thread->is_expired) {
        return -EAGAIN;
    }
    file_watch(file, events);
    thread->wait_file = file;
    return thread_wait(thread, WAIT_FILE, thread->is_repeated ? NO_DEADLINE : clock_deadline((int64_t)timeout_ns));
}

static long socket_of(const struct thread *thread, uint64_t fd, struct file **file)
{
    *file = file_of(thread->process, fd);
    return !*file ? -EBADF : file_host_is_socket(*file) ? 0 : -ENOTSOCK;
}

HANDLER(call_socket)
{
    cap_address network = host_find("network");
    struct object_box box;
    if (!network) {
        return -EACCES;
    }
    if (ARG(1) & ~(uint64_t)(SOCK_TYPE | O_CLOEXEC | O_NONBLOCK)) {
        return -EINVAL;
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
    if (!file) {
        return -ENOMEM;
    }
    file->word[TYPE] = type & SOCK_TYPE;
    return descriptor_add(thread->process, file, 0, ARG(1) & O_CLOEXEC);
}

HANDLER(call_socketpair)
{
    if (ARG(0) != AF_UNIX) {
        return ARG(0) == AF_INET || ARG(0) == AF_INET6 ? -EOPNOTSUPP : -EAFNOSUPPORT;
    }
    if (ARG(1) & ~(uint64_t)(SOCK_TYPE | O_CLOEXEC | O_NONBLOCK)) {
        return -EINVAL;
    }
    return pipe_pair(thread, ARG(1) & SOCK_TYPE, ARG(3), ARG(1) & (O_CLOEXEC | O_NONBLOCK));
}

/* An address of the program: filled, so that the host can read it. */
static long address_ready(uint64_t address, uint64_t size)
{
    return size > HOST_IO_SMALL ? -EINVAL : space_fill(address, size, false);
}

static bool is_inet6_only(const struct file *file)
{
    static int value;
    value = 0;
    return HOST(file->box.object, HOST_SOCKET_GET_OPTION, 0, NULL, IPPROTO_IPV6, IPV6_V6ONLY,
                (uint64_t)&value, sizeof value) >= 0 &&
           value;
}

HANDLER(call_bind)
{
    struct file *file;
    struct unix_name name;
    long error = socket_of(thread, ARG(0), &file);
    error = error ? error : address_ready(ARG(1), ARG(2));
    if (!error && address_is_mapped() && address_is_inet6(ARG(1), ARG(2)) && is_inet6_only(file)) {
        return -EADDRNOTAVAIL;
    }
    error = error ? error : unix_name_bind(thread->process, ARG(1), ARG(2), &name);
    if (error) {
        return error;
    }
    error = HOST(file->box.object, HOST_SOCKET_BIND, 0, NULL, address_to_bind(name.address, name.size), name.size);
    if (error) {
        unix_name_undo(thread->process, &name);
    } else if (name.path[0]) {
        file_set_path(file, name.path);
    }
    return error;
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
    if (thread->progress && !file_poll(file, POLL_OUT)) { /* woken: the attempt is over, or not yet */
        return socket_wait(thread, file, POLL_OUT);
    }
    bool is_over = thread->progress != 0;
    struct unix_name name;
    error = is_over ? connect_result(file) : 0;
    error = error ? error : address_ready(ARG(1), ARG(2));
    error = error ? error : unix_name_find(thread->process, ARG(1), ARG(2), &name);
    error = error ? error
                  : HOST(file->box.object, HOST_SOCKET_CONNECT, 0, NULL, address_to_connect(name.address, name.size),
                         name.size);
    if (!error && name.path[0] && !file->path) {
        file_set_path(file, name.path);
    }
    if (is_over) { /* asked again, so that the host knows that it was told */
        return error == -EISCONN ? 0 : error;
    }
    if ((error == -EINPROGRESS || error == -EAGAIN || error == -EALREADY) && !(file->flags & O_NONBLOCK)) {
        thread->progress = 1;
        return socket_wait(thread, file, POLL_OUT);
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
        return error == -EAGAIN && !(file->flags & O_NONBLOCK) ? socket_wait(thread, file, POLL_IN) : error;
    }
    address_show(address, length);
    struct file *accepted = file_host_make(&box, O_RDWR | ((unsigned)flags & O_NONBLOCK), false);
    if (!accepted) {
        return -ENOMEM;
    }
    memcpy(accepted->word, file->word, sizeof file->word);
    if (file->path) { /* getsockname */
        file_set_path(accepted, file->path);
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
static long send(const struct process *process, struct file *file, uint64_t from, uint64_t size, uint64_t flags,
                 uint64_t to, uint64_t to_size)
{
    struct unix_name name = {.address = to, .size = to ? to_size : 0};
    if (!file_host_is_socket(file)) {
        return -ENOTSOCK;
    }
    uint64_t part = size < HOST_IO_BYTES ? size : HOST_IO_BYTES;
    long error = space_fill(from, part, false);
    if (!error && name.size) {
        error = address_ready(to, to_size);
        error = error ? error : unix_name_find(process, to, to_size, &name);
    }
    uint64_t place = error ? from : bounce_out(from, &part);
    long put = error ? error
                     : HOST(file->box.object, HOST_SOCKET_SEND, 0, NULL, place, part,
                            flags | MSG_NOSIGNAL | MSG_DONTWAIT,
                            name.size ? address_to_connect(name.address, name.size) : 0, name.size);
    if (put == -EAGAIN || (put >= 0 && (uint64_t)put < size)) {
        file_drained(file, POLL_OUT);
    }
    return put;
}

static long receive(struct file *file, uint64_t to, uint64_t size, uint64_t flags, uint64_t *from_length)
{
    if (!file_host_is_socket(file)) {
        return -ENOTSOCK;
    }
    uint64_t part = size < HOST_IO_BYTES ? size : HOST_IO_BYTES;
    long error = space_fill(to, part, true);
    uint64_t place = error ? to : bounce_in(to, &part);
    long got = error ? error
                     : HOST(file->box.object, HOST_SOCKET_RECEIVE, 0, from_length, place, part,
                            flags | MSG_DONTWAIT, (uint64_t)address, sizeof address);
    bounce_back(to, place, got);
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
        long put = send(thread->process, file, ARG(1) + thread->progress, ARG(2) - thread->progress, ARG(3), ARG(4), ARG(5));
        if (put == -EAGAIN && may_wait(file, ARG(3))) {
            put = socket_wait(thread, file, POLL_OUT);
            if (put == CALL_WAITS) {
                return put;
            }
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
    bool is_all = ARG(3) & MSG_WAITALL && file->word[TYPE] == SOCK_STREAM && may_wait(file, ARG(3));
    long got;
    do { /* MSG_WAITALL: until it is all there, or there will be no more */
        got = receive(file, ARG(1) + thread->progress, ARG(2) - thread->progress, ARG(3), &length);
        thread->progress += is_all && got > 0 ? (uint64_t)got : 0;
    } while (is_all && got > 0 && thread->progress < ARG(2));
    if (got == -EAGAIN && may_wait(file, ARG(3))) {
        got = socket_wait(thread, file, POLL_IN);
        if (got == CALL_WAITS) {
            return got;
        }
    }
    got = thread->progress ? (long)thread->progress : got;
    length = unix_name_show(address, length, NULL);
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
    static unsigned char joined[65536] SCRATCH;
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
    struct unix_name name = {.size = 0};
    error = message.name ? address_ready(message.name, message.name_length) : 0;
    error = error || !message.name ? error
                                   : unix_name_find(thread->process, message.name, message.name_length, &name);
    if (error) {
        return error;
    }
    if (!file_host_is_socket(file)) {
        return -ENOTSOCK;
    }
    struct parcel parcel = {.is_there = false};
    error = message.control && message.control_length
                ? parcel_pack(thread, file, message.control, message.control_length, &parcel)
                : 0;
    if (error) {
        return error;
    }
    long put = HOST(file->box.object, parcel.is_there ? HOST_SOCKET_SEND_OBJECT : HOST_SOCKET_SEND,
                    parcel.is_there ? parcel.pipe.object : 0, NULL, (uint64_t)joined, size,
                    ARG(2) | MSG_NOSIGNAL | MSG_DONTWAIT,
                    name.size ? address_to_connect(name.address, name.size) : 0, name.size);
    parcel_sent(&parcel, put >= 0);
    return put == -EAGAIN && may_wait(file, ARG(2)) ? socket_wait(thread, file, POLL_OUT) : put;
}

/* One after the other; how many went out. Only the first may wait. */
HANDLER(call_sendmmsg)
{
    uint64_t done = 0;
    for (; done < ARG(2); done++) {
        uint64_t at = ARG(1) + done * MESSAGE_ENTRY;
        struct linux_call one = {.argument = {ARG(0), at, ARG(3) | (done ? MSG_DONTWAIT : 0)}};
        long put = call_sendmsg(thread, &one);
        uint32_t length = (uint32_t)put;
        if (put < 0 || user_write(at + MESSAGE_LENGTH, &length, sizeof length)) {
            return done ? (long)done : put < 0 ? put : -EFAULT;
        }
    }
    return (long)done;
}

HANDLER(call_recvmsg)
{
    static unsigned char joined[65536] SCRATCH;
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
    /* A datagram's true length tells whether it was cut. */
    uint64_t cut = file->word[TYPE] > SOCK_STREAM ? MSG_TRUNC : 0;
    if (!file_host_is_socket(file)) {
        return -ENOTSOCK;
    }
    struct object_box box;
    struct control_room room = {.at = message.control, .size = message.control ? message.control_length : 0};
    bool takes_objects = room.size >= CONTROL_LEAST && !(ARG(2) & MSG_PEEK);
    if (takes_objects && !host_object_make(&box)) {
        return -ENOMEM;
    }
    long got =
        HOST(file->box.object, takes_objects ? HOST_SOCKET_RECEIVE_OBJECT : HOST_SOCKET_RECEIVE,
             takes_objects ? box.object : 0, &length, (uint64_t)joined, size,
             (ARG(2) & ~(uint64_t)MSG_CMSG_CLOEXEC) | cut | MSG_DONTWAIT, (uint64_t)address, sizeof address);
    bool has_object = takes_objects && got >= 0 && length & 1;
    length = takes_objects ? length >> 32 : length;
    if (takes_objects && got < 0) {
        host_object_drop(&box);
    }
    if (got == -EAGAIN) {
        file_drained(file, POLL_IN);
        return may_wait(file, ARG(2)) ? socket_wait(thread, file, POLL_IN) : got;
    }
    if (takes_objects && got >= 0) {
        parcel_unpack(thread, file, &box, has_object, ARG(2) & MSG_CMSG_CLOEXEC, &room);
    }
    uint64_t whole = got > 0 ? (uint64_t)got : 0;
    got = whole > size ? (long)size : got;
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
    message.control_length = room.used;
    message.flags = room.flags | (cut && whole > size ? MSG_TRUNC : 0u);
    error = error ? error : user_write(ARG(1), &message, sizeof message);
    return error ? error : cut && ARG(2) & MSG_TRUNC ? (long)whole : got;
}

/* As many as there are. Only the first may wait; the timeout, which Linux looks at between messages, is not looked at. */
HANDLER(call_recvmmsg)
{
    uint64_t done = 0;
    for (; done < ARG(2); done++) {
        uint64_t at = ARG(1) + done * MESSAGE_ENTRY;
        struct linux_call one = {.argument = {ARG(0), at, (ARG(3) & ~(uint64_t)MSG_WAITFORONE) |
                                                              (done ? MSG_DONTWAIT : 0)}};
        long got = call_recvmsg(thread, &one);
        uint32_t length = (uint32_t)got;
        if (got < 0 || user_write(at + MESSAGE_LENGTH, &length, sizeof length)) {
            return done ? (long)done : got < 0 ? got : -EFAULT;
        }
    }
    return (long)done;
}

HANDLER(call_shutdown)
{
    struct file *file;
    long error = socket_of(thread, ARG(0), &file);
    return error ? error : HOST(file->box.object, HOST_SOCKET_SHUTDOWN, 0, NULL, ARG(1));
}

static long timeout_set(struct file *file, unsigned which, uint64_t at, uint64_t size)
{
    int64_t time[2];
    long error = size < sizeof time ? -EINVAL : user_read(time, at, sizeof time);
    if (!error) {
        bool is_long = time[0] > 1000000000 || time[0] < 0;
        file->word[which] = is_long ? 0 : (uint64_t)(time[0] * SECOND_NS + time[1] * 1000);
    }
    return error;
}

HANDLER(call_setsockopt)
{
    struct file *file;
    long error = socket_of(thread, ARG(0), &file);
    error = error ? error : address_ready(ARG(3), ARG(4));
    if (!error && ARG(1) == SOL_SOCKET && (ARG(2) == SO_RCVTIMEO || ARG(2) == SO_SNDTIMEO)) {
        error = timeout_set(file, ARG(2) == SO_RCVTIMEO ? RECEIVE_TIMEOUT : SEND_TIMEOUT, ARG(3), ARG(4));
    }
    long result;
    if (!error && credentials_option_set(file, ARG(1), ARG(2), ARG(3), ARG(4), &result)) {
        return result;
    }
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
    if (credentials_option_get(file, ARG(1), ARG(2), address, &length)) {
        return address_write(ARG(3), ARG(4), address, length);
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
    address_show(address, length);
    length = unix_name_show(address, length, file ? file->path : NULL);
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
