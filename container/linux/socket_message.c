/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of sockets: sendto(2), recvfrom(2), sendmsg(2), recvmsg(2). Files in messages are passing.c's. */
#include "container/linux/address.h"
#include "container/linux/calls.h"
#include "container/linux/host.h"
#include "container/linux/passing.h"
#include "container/linux/socket.h"
#include "container/linux/space.h"
#include "container/linux/unix_name.h"
#include "container/linux/window.h"

enum {
    MSG_PEEK = 2,
    MSG_TRUNC = 0x20,
    MSG_DONTWAIT = 0x40,
    MSG_WAITALL = 0x100,
    MSG_NOSIGNAL = 0x4000,
    MSG_WAITFORONE = 0x10000,
    MSG_CMSG_CLOEXEC = 0x40000000,
    CONTROL_LEAST = 20, /* bytes of control data with one descriptor */
    MESSAGE_ENTRY = 64, /* struct mmsghdr, and where its length is */
    MESSAGE_LENGTH = 56,
    VECTORS = 64
};

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
        error = socket_address_ready(to, to_size);
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
                            flags | MSG_DONTWAIT, (uint64_t)socket_answer, sizeof socket_answer);
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
        long put = send(thread->process, file, ARG(1) + thread->progress, ARG(2) - thread->progress, ARG(3),
                        ARG(4), ARG(5));
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
    bool is_all = ARG(3) & MSG_WAITALL && file->word[SOCKET_TYPE] == SOCK_STREAM && may_wait(file, ARG(3));
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
    length = unix_name_show(socket_answer, length, NULL);
    long error = got >= 0 ? socket_address_write(ARG(4), ARG(5), socket_answer, length) : 0;
    return error ? error : got;
}

struct message {
    uint64_t name;
    uint32_t name_length, padding;
    uint64_t vectors, vector_count, control, control_length;
    uint32_t flags, padding2;
};

/* The vectors' data in one piece. */
static unsigned char joined[65536] SCRATCH;

static long message_read(uint64_t at, struct message *message, struct io_vector *vectors)
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
    struct file *file = file_of(thread->process, ARG(0));
    struct message message;
    struct io_vector vectors[VECTORS];
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
    error = message.name ? socket_address_ready(message.name, message.name_length) : 0;
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

HANDLER(call_recvmsg)
{
    struct file *file = file_of(thread->process, ARG(0));
    struct message message;
    struct io_vector vectors[VECTORS];
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
    uint64_t cut = file->word[SOCKET_TYPE] > SOCK_STREAM ? MSG_TRUNC : 0;
    if (!file_host_is_socket(file)) {
        return -ENOTSOCK;
    }
    struct object_box box;
    struct control_room room = {.at = message.control, .size = message.control ? message.control_length : 0};
    bool takes_objects = room.size >= CONTROL_LEAST && !(ARG(2) & MSG_PEEK);
    if (takes_objects && !host_object_make(&box)) {
        return -ENOMEM;
    }
    long got = HOST(file->box.object, takes_objects ? HOST_SOCKET_RECEIVE_OBJECT : HOST_SOCKET_RECEIVE,
                    takes_objects ? box.object : 0, &length, (uint64_t)joined, size,
                    (ARG(2) & ~(uint64_t)MSG_CMSG_CLOEXEC) | cut | MSG_DONTWAIT, (uint64_t)socket_answer,
                    sizeof socket_answer);
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
    error = message.name && name ? user_write(message.name, socket_answer, name) : 0;
    message.name_length = (uint32_t)length;
    message.control_length = room.used;
    message.flags = room.flags | (cut && whole > size ? MSG_TRUNC : 0u);
    error = error ? error : user_write(ARG(1), &message, sizeof message);
    return error ? error : cut && ARG(2) & MSG_TRUNC ? (long)whole : got;
}

/* One after the other; how many there were. Only the first may wait. */
static long messages_each(struct thread *thread, const struct linux_call *call, uint64_t flags,
                          long (*each)(struct thread *thread, const struct linux_call *call))
{
    uint64_t done = 0;
    for (; done < ARG(2); done++) {
        uint64_t at = ARG(1) + done * MESSAGE_ENTRY;
        struct linux_call one = {.argument = {ARG(0), at, flags | (done ? MSG_DONTWAIT : 0)}};
        long moved = each(thread, &one);
        uint32_t length = (uint32_t)moved;
        if (moved < 0 || user_write(at + MESSAGE_LENGTH, &length, sizeof length)) {
            return done ? (long)done : moved < 0 ? moved : -EFAULT;
        }
    }
    return (long)done;
}

HANDLER(call_sendmmsg)
{
    return messages_each(thread, call, ARG(3), call_sendmsg);
}

/* The timeout, which Linux looks at between messages, is not looked at. */
HANDLER(call_recvmmsg)
{
    return messages_each(thread, call, ARG(3) & ~(uint64_t)MSG_WAITFORONE, call_recvmsg);
}
