/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets through the host's "network" capability, and how they find each other: socket(2), bind(2), connect(2),
 * listen(2), accept(2), shutdown(2), getsockname(2). What the policy forbids is -EACCES.
 */
#include "container/linux/address.h"
#include "container/linux/calls.h"
#include "container/linux/host.h"
#include "container/linux/pipe.h"
#include "container/linux/socket.h"
#include "container/linux/space.h"
#include "container/linux/unix_name.h"

enum {
    SOCK_TYPE = 15,
    SO_ERROR = 4,
    IPPROTO_IPV6 = 41,
    IPV6_V6ONLY = 26
};

unsigned char socket_answer[HOST_IO_SMALL];

long socket_of(const struct thread *thread, uint64_t fd, struct file **file)
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
    file->word[SOCKET_TYPE] = type & SOCK_TYPE;
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

long socket_address_ready(uint64_t address, uint64_t size)
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

/* Where there are no addresses of IPv6, servers may still listen at all of them. */
static long bind_inet6_only(const struct file *file, uint64_t address, uint64_t size)
{
    static int no;
    uint64_t nowhere = address_to_nowhere(address, size);
    long error = !nowhere ? -EADDRNOTAVAIL
                          : HOST(file->box.object, HOST_SOCKET_SET_OPTION, 0, NULL, IPPROTO_IPV6, IPV6_V6ONLY,
                                 (uint64_t)&no, sizeof no);
    return error < 0 ? error : HOST(file->box.object, HOST_SOCKET_BIND, 0, NULL, nowhere, size);
}

HANDLER(call_bind)
{
    struct file *file;
    struct unix_name name;
    long error = socket_of(thread, ARG(0), &file);
    error = error ? error : socket_address_ready(ARG(1), ARG(2));
    if (!error && address_is_mapped() && address_is_inet6(ARG(1), ARG(2)) && is_inet6_only(file)) {
        return bind_inet6_only(file, ARG(1), ARG(2));
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
    error = error ? error : socket_address_ready(ARG(1), ARG(2));
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

long socket_address_write(uint64_t to, uint64_t length_at, const void *address, uint64_t length)
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
    error = HOST(file->box.object, HOST_SOCKET_ACCEPT, box.object, &length, (uint64_t)socket_answer,
                 sizeof socket_answer);
    if (error < 0) {
        host_object_drop(&box);
        if (error == -EAGAIN) {
            file_drained(file, POLL_IN);
        }
        return error == -EAGAIN && !(file->flags & O_NONBLOCK) ? socket_wait(thread, file, POLL_IN) : error;
    }
    address_show(socket_answer, length);
    struct file *accepted = file_host_make(&box, O_RDWR | ((unsigned)flags & O_NONBLOCK), false);
    if (!accepted) {
        return -ENOMEM;
    }
    memcpy(accepted->word, file->word, sizeof file->word);
    if (file->path) { /* getsockname */
        file_set_path(accepted, file->path);
    }
    long number = descriptor_add(thread->process, accepted, 0, flags & O_CLOEXEC);
    if (number >= 0 && socket_address_write(to, length_at, socket_answer, length)) {
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

HANDLER(call_shutdown)
{
    struct file *file;
    long error = socket_of(thread, ARG(0), &file);
    return error ? error : HOST(file->box.object, HOST_SOCKET_SHUTDOWN, 0, NULL, ARG(1));
}

static long name_call(struct thread *thread, const struct linux_call *call, uint64_t is_peer)
{
    struct file *file;
    uint64_t length = 0;
    long error = socket_of(thread, ARG(0), &file);
    if (!error) {
        error = HOST(file->box.object, HOST_SOCKET_NAME, 0, &length, is_peer, (uint64_t)socket_answer,
                     sizeof socket_answer);
    }
    address_show(socket_answer, length);
    length = unix_name_show(socket_answer, length, file ? file->path : NULL);
    return error < 0 ? error : socket_address_write(ARG(1), ARG(2), socket_answer, length);
}

HANDLER(call_getsockname)
{
    return name_call(thread, call, 0);
}

HANDLER(call_getpeername)
{
    return name_call(thread, call, 1);
}
