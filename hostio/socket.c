/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets within the policy of the network that they come from: TCP and UDP over IPv4 and IPv6, and what is
 * named in the host's file system if a rule says so. No control data passes, so no descriptors do, but where
 * one is asked for or given (receive.c).
 */
#include <linux/fcntl.h>

#include "hostio/parts.h"

enum {
    TYPE_FLAGS = O_NONBLOCK | O_CLOEXEC, /* also as SOCK_* */
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    LEVEL_IPV6 = 41,
    OPTION_V6ONLY = 26
};

enum {
    MESSAGE_OOB = 1,
    MESSAGE_PEEK = 2,
    MESSAGE_TRUNCATE = 0x20,
    MESSAGE_DONTWAIT = 0x40,
    MESSAGE_END = 0x80,
    MESSAGE_WAITALL = 0x100,
    MESSAGE_CONFIRM = 0x800,
    MESSAGE_NOSIGNAL = 0x4000,
    MESSAGE_MORE = 0x8000,
    MESSAGE_CLOEXEC = 0x40000000,
    SEND_FLAGS =
        MESSAGE_OOB | MESSAGE_DONTWAIT | MESSAGE_END | MESSAGE_CONFIRM | MESSAGE_NOSIGNAL | MESSAGE_MORE,
    RECEIVE_FLAGS = MESSAGE_OOB | MESSAGE_PEEK | MESSAGE_TRUNCATE | MESSAGE_DONTWAIT | MESSAGE_WAITALL
};

static bool protocol_fits(uint64_t domain, uint64_t type, uint64_t protocol)
{
    return protocol == 0 || (domain != FAMILY_UNIX && ((type == TYPE_STREAM && protocol == PROTOCOL_TCP) ||
                                                       (type == TYPE_DATAGRAM && protocol == PROTOCOL_UDP)));
}

int64_t network_socket(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    uint64_t domain = call->argument[0], protocol = call->argument[2];
    uint64_t type = call->argument[1] & ~(uint64_t)TYPE_FLAGS;
    if (domain != FAMILY_UNIX && domain != FAMILY_INET && domain != FAMILY_INET6)
        return -EAFNOSUPPORT;
    if (!policy_has_family(h, entry->policy, domain))
        return -EACCES;
    if (type != TYPE_STREAM && type != TYPE_DATAGRAM && (type != TYPE_SEQUENCED || domain != FAMILY_UNIX))
        return -EACCES;
    if (!protocol_fits(domain, type, protocol))
        return -EPROTONOSUPPORT;
    if (!table_has_room(h))
        return -ENFILE;
    int64_t fd = host3(h, __NR_socket, domain, type | TYPE_FLAGS, protocol);
    return entry_answer(h, call, fd, HOST_SOCKET, call->access, entry->policy);
}

/* A socket of IPv6 that is bound to any address takes IPv4, too; where no rule allows that, it shall not. */
static int64_t listen_check(const struct hostio *h, const struct hostio_entry *entry,
                            const struct target *target)
{
    const struct target any = {.family = FAMILY_INET, .is_any = true, .port = target->port};
    const int32_t yes = 1;
    if (!policy_allows_listen(h, entry->policy, target))
        return -EACCES;
    if (target->family != FAMILY_INET6 || !target->is_any || policy_allows_listen(h, entry->policy, &any))
        return 0;
    int64_t result = host5(h, __NR_setsockopt, (uint64_t)entry->fd, LEVEL_IPV6, OPTION_V6ONLY,
                           address_of(&yes), sizeof(yes));
    return result < 0 ? -EACCES : 0;
}

static int64_t socket_bind(const struct hostio *h, struct hostio_entry *entry,
                           const struct machine_host_call *call)
{
    struct target target;
    int64_t result = target_read(&target, call->small, call->small_size);
    if (!result)
        result = listen_check(h, entry, &target);
    if (!result)
        result = host3(h, __NR_bind, (uint64_t)entry->fd, address_of(call->small), call->small_size);
    entry->may_listen |= result >= 0;
    return result;
}

static int64_t socket_connect(const struct hostio *h, const struct hostio_entry *entry,
                              const struct machine_host_call *call)
{
    struct target target;
    int64_t result = target_read(&target, call->small, call->small_size);
    bool is_end = result == -EAFNOSUPPORT && target.family == FAMILY_UNSPECIFIED; /* of a connection */
    if (!is_end && result < 0)
        return result;
    if (!is_end && !policy_allows_connect(h, entry->policy, &target))
        return -EACCES;
    return host3(h, __NR_connect, (uint64_t)entry->fd, address_of(call->small), call->small_size);
}

/* Listening binds a socket that is not bound yet, and a connection that ended may have left one bound. */
static int64_t socket_listen(const struct hostio *h, const struct hostio_entry *entry,
                             const struct machine_host_call *call)
{
    unsigned char address[HOST_IO_SMALL] = {0};
    int32_t size = sizeof(address);
    struct target target;
    int64_t result = 0;
    if (!entry->may_listen) {
        result = host3(h, __NR_getsockname, (uint64_t)entry->fd, address_of(address), address_of(&size));
        if (result >= 0)
            result = target_read(&target, address, (uint64_t)size);
        if (result >= 0)
            result = listen_check(h, entry, &target);
    }
    return result < 0 ? result : host3(h, __NR_listen, (uint64_t)entry->fd, call->argument[0], 0);
}

/* The address that the host has left in `small`, of which the caller has room for `room` bytes. */
static void address_hand_back(struct machine_host_call *call, int32_t size, uint64_t room)
{
    uint64_t whole = size < 0 ? 0 : (uint64_t)size;
    uint64_t most = room < HOST_IO_SMALL ? room : HOST_IO_SMALL;
    call->second = whole;
    call->small_size = whole < most ? whole : most;
}

static int64_t socket_accept(struct hostio *h, const struct hostio_entry *entry,
                             struct machine_host_call *call)
{
    int32_t size = HOST_IO_SMALL;
    call->small_size = 0;
    if (!table_has_room(h))
        return -ENFILE;
    int64_t fd =
        host4(h, __NR_accept4, (uint64_t)entry->fd, address_of(call->small), address_of(&size), TYPE_FLAGS);
    if (fd >= 0)
        address_hand_back(call, size, call->argument[1]);
    return entry_answer(h, call, fd, HOST_SOCKET, call->access, entry->policy);
}

int64_t socket_send_with(const struct hostio *h, const struct hostio_entry *entry,
                         const struct machine_host_call *call, uint64_t flags, uint64_t address_size,
                         void *control, uint64_t size)
{
    struct iovec vector[HOST_IO_PIECES];
    struct target target;
    struct message message = {
        .vector = vector, .count = pieces_list(h, call, vector), .control = control, .control_size = size};
    if (flags & ~(uint64_t)SEND_FLAGS)
        return -EINVAL;
    if (address_size) {
        int64_t result = target_read(&target, call->small, address_size);
        if (result < 0)
            return result;
        if (!policy_allows_connect(h, entry->policy, &target))
            return -EACCES;
        message.address = call->small;
        message.address_size = (int32_t)address_size;
    }
    flags |= MESSAGE_NOSIGNAL | MESSAGE_DONTWAIT;
    if (message.count == 1 && !control) /* the host's plain call is quicker */
        return host6(h, __NR_sendto, (uint64_t)entry->fd, address_of(vector[0].iov_base), vector[0].iov_len, flags,
                     address_of(message.address), (uint64_t)message.address_size);
    return host3(h, __NR_sendmsg, (uint64_t)entry->fd, address_of(&message), flags);
}

int64_t socket_send(const struct hostio *h, const struct hostio_entry *entry,
                    const struct machine_host_call *call, uint64_t flags, uint64_t address_size)
{
    return socket_send_with(h, entry, call, flags, address_size, NULL, 0);
}

int64_t socket_receive_with(const struct hostio *h, const struct hostio_entry *entry,
                            struct machine_host_call *call, uint64_t flags, uint64_t address_size,
                            void *control, uint64_t *size)
{
    struct iovec vector[HOST_IO_PIECES];
    struct message message = {
        .vector = vector, .count = pieces_list(h, call, vector), .control = control, .control_size = *size};
    call->small_size = 0;
    if (flags & ~(uint64_t)(RECEIVE_FLAGS | MESSAGE_NOSIGNAL))
        return -EINVAL;
    if (address_size) {
        message.address = call->small;
        message.address_size = HOST_IO_SMALL;
    }
    flags = (flags & RECEIVE_FLAGS) | MESSAGE_DONTWAIT | MESSAGE_CLOEXEC;
    if (message.count == 1 && !address_size && !control) /* the host's plain call is quicker */
        return host6(h, __NR_recvfrom, (uint64_t)entry->fd, address_of(vector[0].iov_base), vector[0].iov_len, flags, 0,
                     0);
    int64_t result = host3(h, __NR_recvmsg, (uint64_t)entry->fd, address_of(&message), flags);
    *size = result < 0 ? 0 : message.control_size;
    if (result >= 0)
        address_hand_back(call, message.address_size, address_size);
    return result;
}

int64_t socket_receive(const struct hostio *h, const struct hostio_entry *entry,
                       struct machine_host_call *call, uint64_t flags, uint64_t address_size)
{
    uint64_t nothing = 0;
    return socket_receive_with(h, entry, call, flags, address_size, NULL, &nothing);
}

static int64_t socket_name(const struct hostio *h, const struct hostio_entry *entry,
                           struct machine_host_call *call)
{
    int32_t size = HOST_IO_SMALL;
    call->small_size = 0;
    int64_t result = host3(h, call->argument[0] ? __NR_getpeername : __NR_getsockname, (uint64_t)entry->fd,
                           address_of(call->small), address_of(&size));
    if (result >= 0)
        address_hand_back(call, size, call->argument[2]);
    return result;
}

int64_t socket_call(struct hostio *h, struct hostio_entry *entry, struct machine_host_call *call)
{
    switch (call->operation) {
    case HOST_SOCKET_BIND:
        return socket_bind(h, entry, call);
    case HOST_SOCKET_CONNECT:
        return socket_connect(h, entry, call);
    case HOST_SOCKET_LISTEN:
        return socket_listen(h, entry, call);
    case HOST_SOCKET_ACCEPT:
        return socket_accept(h, entry, call);
    case HOST_SOCKET_SEND:
        return socket_send(h, entry, call, call->argument[2], call->small_size);
    case HOST_SOCKET_RECEIVE:
        return socket_receive(h, entry, call, call->argument[2], call->argument[4]);
    case HOST_SOCKET_RECEIVE_OBJECT:
        return receive_object(h, entry, call);
    case HOST_SOCKET_SEND_OBJECT:
        return send_object(h, entry, call);
    case HOST_SOCKET_SHUTDOWN:
        return host3(h, __NR_shutdown, (uint64_t)entry->fd, call->argument[0], 0);
    case HOST_SOCKET_GET_OPTION:
        return option_get(h, entry, call);
    case HOST_SOCKET_SET_OPTION:
        return option_set(h, entry, call);
    default:
        return socket_name(h, entry, call);
    }
}
