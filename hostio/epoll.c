/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Epoll instances of programs. What one of them watches are open files of this table, so `data` is all that its
 * events tell; the host keeps it for the program.
 */
#include <linux/eventpoll.h>

#include "hostio/parts.h"

static int64_t epoll_control(struct hostio *h, const struct hostio_entry *entry,
                             const struct machine_host_call *call)
{
    const struct hostio_entry *watched = entry_find(h, call->other);
    struct epoll_event event = {.events = (uint32_t)call->argument[1], .data = call->argument[2]};
    if (!watched || watched->fd < 0)
        return -EBADF;
    return host4(h, __NR_epoll_ctl, (uint64_t)entry->fd, call->argument[0], (uint64_t)watched->fd,
                 address_of(&event));
}

/* By way of the scratch memory, since pages of the caller that follow each other need not do so here. */
static int64_t epoll_take(struct hostio *h, const struct hostio_entry *entry,
                          const struct machine_host_call *call)
{
    uint64_t room = pieces_size(call) / sizeof(struct epoll_event);
    uint64_t most = sizeof(h->scratch) / sizeof(struct epoll_event);
    room = room < most ? room : most;
    int64_t count = host4(h, __NR_epoll_wait, (uint64_t)entry->fd, address_of(h->scratch), room, 0);
    if (count > 0)
        pieces_fill(h, call, (uint64_t)count * sizeof(struct epoll_event));
    return count;
}

int64_t epoll_call(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    switch (call->operation) {
    case HOST_FILE_POLL:
        return ready_poll(h, entry, call->argument[0]);
    case HOST_EPOLL_CONTROL:
        return epoll_control(h, entry, call);
    default:
        return epoll_take(h, entry, call);
    }
}
