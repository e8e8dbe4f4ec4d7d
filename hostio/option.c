/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket options: those that concern a socket's own connection, and no others. Left out is what goes around
 * the policy (devices, marks, source routes, transparent sockets), what runs code in the host (filters), what
 * changes what a socket is, and a time to linger, for which closing would wait.
 */
#include <asm/socket.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/tcp.h>

#include "hostio/parts.h"

enum {
    LEVEL_IP = 0,
    LEVEL_TCP = 6,
    LEVEL_IPV6 = 41
};

struct option {
    uint8_t level, name;
    bool is_answer; /* can be asked, not set */
};

static const struct option options[] = {
    {SOL_SOCKET, SO_REUSEADDR, false},
    {SOL_SOCKET, SO_TYPE, true},
    {SOL_SOCKET, SO_ERROR, true},
    {SOL_SOCKET, SO_BROADCAST, false},
    {SOL_SOCKET, SO_SNDBUF, false},
    {SOL_SOCKET, SO_RCVBUF, false},
    {SOL_SOCKET, SO_KEEPALIVE, false},
    {SOL_SOCKET, SO_OOBINLINE, false},
    {SOL_SOCKET, SO_LINGER, false},
    {SOL_SOCKET, SO_REUSEPORT, false},
    {SOL_SOCKET, SO_RCVLOWAT, false},
    {SOL_SOCKET, SO_SNDLOWAT, true},
    {SOL_SOCKET, SO_RCVTIMEO_OLD, false},
    {SOL_SOCKET, SO_SNDTIMEO_OLD, false},
    {SOL_SOCKET, SO_ACCEPTCONN, true},
    {SOL_SOCKET, SO_PROTOCOL, true},
    {SOL_SOCKET, SO_DOMAIN, true},
    {LEVEL_IP, IP_TOS, false},
    {LEVEL_IP, IP_TTL, false},
    {LEVEL_IP, IP_MTU_DISCOVER, false},
    {LEVEL_IP, IP_RECVERR, false},
    {LEVEL_IP, IP_MTU, true},
    {LEVEL_IP, IP_BIND_ADDRESS_NO_PORT, false},
    {LEVEL_IPV6, IPV6_UNICAST_HOPS, false},
    {LEVEL_IPV6, IPV6_MTU_DISCOVER, false},
    {LEVEL_IPV6, IPV6_MTU, true},
    {LEVEL_IPV6, IPV6_RECVERR, false},
    {LEVEL_IPV6, IPV6_V6ONLY, false},
    {LEVEL_IPV6, IPV6_TCLASS, false},
    {LEVEL_TCP, TCP_NODELAY, false},
    {LEVEL_TCP, TCP_MAXSEG, false},
    {LEVEL_TCP, TCP_CORK, false},
    {LEVEL_TCP, TCP_KEEPIDLE, false},
    {LEVEL_TCP, TCP_KEEPINTVL, false},
    {LEVEL_TCP, TCP_KEEPCNT, false},
    {LEVEL_TCP, TCP_SYNCNT, false},
    {LEVEL_TCP, TCP_LINGER2, false},
    {LEVEL_TCP, TCP_DEFER_ACCEPT, false},
    {LEVEL_TCP, TCP_WINDOW_CLAMP, false},
    {LEVEL_TCP, TCP_INFO, true},
    {LEVEL_TCP, TCP_QUICKACK, false},
    {LEVEL_TCP, TCP_CONGESTION, true},
    {LEVEL_TCP, TCP_USER_TIMEOUT, false},
    {LEVEL_TCP, TCP_NOTSENT_LOWAT, false},
};

static const struct option *option_find(const struct machine_host_call *call)
{
    for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].level == call->argument[0] && options[i].name == call->argument[1])
            return &options[i];
    return NULL;
}

/* Closing at once and throwing away what was not sent is no waiting. */
static bool linger_waits(const struct machine_host_call *call)
{
    int linger[2] = {0, 0}; /* whether, and for how many seconds */
    __builtin_memcpy(linger, call->small,
                     call->small_size < sizeof(linger) ? call->small_size : sizeof(linger));
    return linger[0] && linger[1];
}

int64_t option_set(const struct hostio *h, const struct hostio_entry *entry,
                   const struct machine_host_call *call)
{
    const struct option *option = option_find(call);
    if (!option || option->is_answer)
        return -EPERM;
    if (option->level == SOL_SOCKET && option->name == SO_LINGER && linger_waits(call))
        return -EPERM;
    return host5(h, __NR_setsockopt, (uint64_t)entry->fd, option->level, option->name,
                 address_of(call->small), call->small_size);
}

int64_t option_get(const struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    const struct option *option = option_find(call);
    int32_t size = (int32_t)(call->argument[3] < HOST_IO_SMALL ? call->argument[3] : HOST_IO_SMALL);
    call->small_size = 0;
    if (!option)
        return -ENOPROTOOPT;
    int64_t result = host5(h, __NR_getsockopt, (uint64_t)entry->fd, option->level, option->name,
                           address_of(call->small), address_of(&size));
    if (result >= 0)
        call->small_size = call->second = (uint64_t)size;
    return result;
}
