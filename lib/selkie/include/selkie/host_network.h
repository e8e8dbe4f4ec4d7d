/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Networks and their sockets. See selkie/host.h; sockets also answer what is in selkie/host_file.h.
 *
 * An address is a struct sockaddr_… of Linux, such as struct selkie_host_inet_address. Where the policy of the
 * network that the socket came from does not reach, the answer is -SELKIE_EACCES.
 */
#ifndef SELKIE_HOST_NETWORK_H
#define SELKIE_HOST_NETWORK_H

#include <selkie/host_call.h>
#include <selkie/host_linux.h>

/* Turn `object`, an empty host object, into a socket. */
static inline long selkie_host_network_socket(seL4_CPtr network, seL4_Word domain, seL4_Word type,
                                              seL4_Word protocol, seL4_CPtr object)
{
    return SELKIE_HOST_INVOKE(network, HOST_NETWORK_SOCKET, object, NULL, domain, type, protocol);
}

/* Turn `object`, an empty host object, into a network whose sockets `rules` must allow, too: as in --host-network. */
static inline long selkie_host_network_restrict(seL4_CPtr network, const char *rules, seL4_CPtr object)
{
    return SELKIE_HOST_INVOKE(network, HOST_NETWORK_RESTRICT, object, NULL, selkie_host_address(rules),
                              selkie_host_length(rules));
}

static inline long selkie_host_socket_bind(seL4_CPtr socket, const void *address, seL4_Word size)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_BIND, seL4_CapNull, NULL, selkie_host_address(address),
                              size);
}

/* -SELKIE_EINPROGRESS: watch for SELKIE_EPOLLOUT, then ask for SELKIE_SO_ERROR. */
static inline long selkie_host_socket_connect(seL4_CPtr socket, const void *address, seL4_Word size)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_CONNECT, seL4_CapNull, NULL, selkie_host_address(address),
                              size);
}

static inline long selkie_host_socket_listen(seL4_CPtr socket, seL4_Word backlog)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_LISTEN, seL4_CapNull, NULL, backlog);
}

/* Turn `object`, an empty host object, into the next connection. `address` gets the peer's, unless `size` is 0, and
 * `length` how long it is; it may be NULL. */
static inline long selkie_host_socket_accept(seL4_CPtr socket, seL4_CPtr object, void *address,
                                             seL4_Word size, seL4_Word *length)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_ACCEPT, object, length, selkie_host_address(address), size);
}

/* Bytes sent. `flags`: Linux's MSG_…. `address` is for datagrams; length 0: none. */
static inline long selkie_host_socket_send(seL4_CPtr socket, const void *buffer, seL4_Word size,
                                           seL4_Word flags, const void *address, seL4_Word length)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_SEND, seL4_CapNull, NULL, selkie_host_address(buffer), size,
                              flags, selkie_host_address(address), length);
}

/* Bytes received, 0 at the end. `address` gets the sender's, unless `address_size` is 0, and `length` how long it
 * is; it may be NULL. */
static inline long selkie_host_socket_receive(seL4_CPtr socket, void *buffer, seL4_Word size, seL4_Word flags,
                                              void *address, seL4_Word address_size, seL4_Word *length)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_RECEIVE, seL4_CapNull, length, selkie_host_address(buffer),
                              size, flags, selkie_host_address(address), address_size);
}

/* Bytes received; if a descriptor came along, `object`, an empty host object, is what it is open on, and `has_object`
 * gets 1, else 0. */
static inline long selkie_host_socket_receive_object(seL4_CPtr socket, void *buffer, seL4_Word size,
                                                     seL4_CPtr object, seL4_Word *has_object)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_RECEIVE_OBJECT, object, has_object,
                              selkie_host_address(buffer), size, 0, 0, 0);
}

/* Bytes sent, with a descriptor of `file`, a regular file or a pipe, through a capability with all its access. */
static inline long selkie_host_socket_send_object(seL4_CPtr socket, const void *buffer, seL4_Word size,
                                                  seL4_CPtr file)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_SEND_OBJECT, file, NULL, selkie_host_address(buffer), size,
                              0, 0, 0);
}

/* `how`: SELKIE_SHUT_…. */
static inline long selkie_host_socket_shutdown(seL4_CPtr socket, seL4_Word how)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_SHUTDOWN, seL4_CapNull, NULL, how);
}

/* `length` gets the option's; it may be NULL. */
static inline long selkie_host_socket_get_option(seL4_CPtr socket, seL4_Word level, seL4_Word name,
                                                 void *buffer, seL4_Word size, seL4_Word *length)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_GET_OPTION, seL4_CapNull, length, level, name,
                              selkie_host_address(buffer), size);
}

static inline long selkie_host_socket_set_option(seL4_CPtr socket, seL4_Word level, seL4_Word name,
                                                 const void *buffer, seL4_Word size)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_SET_OPTION, seL4_CapNull, NULL, level, name,
                              selkie_host_address(buffer), size);
}

/* Its own address, or the peer's. */
static inline long selkie_host_socket_name(seL4_CPtr socket, int is_peer, void *buffer, seL4_Word size,
                                           seL4_Word *length)
{
    return SELKIE_HOST_INVOKE(socket, HOST_SOCKET_NAME, seL4_CapNull, length, (seL4_Word)is_peer,
                              selkie_host_address(buffer), size);
}

#endif
