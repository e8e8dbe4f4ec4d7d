/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readiness. A watched descriptor is registered with the epoll instance for one event; afterwards the
 * registration sleeps until the next watch. It goes with the watch, because the host would keep it as long as
 * anybody has the open file.
 */
#include <asm/poll.h>
#include <linux/eventpoll.h>

#include "hostio/parts.h"

enum {
    EVENTS = POLLIN | POLLPRI | POLLOUT | POLLRDHUP /* EPOLL* are the same numbers */
};

static void disarm(struct hostio *h, struct hostio_entry *entry)
{
    h->watched -= entry->is_armed;
    entry->is_armed = false;
}

static int64_t registration_change(const struct hostio *h, const struct hostio_entry *entry,
                                   uint64_t operation, uint32_t events, uint64_t data)
{
    const struct epoll_event event = {.events = events, .data = data};
    return host4(h, __NR_epoll_ctl, (uint64_t)h->epoll, operation, (uint64_t)entry->fd, address_of(&event));
}

void watch_drop(struct hostio *h, struct hostio_entry *entry)
{
    if (entry->is_watched)
        registration_change(h, entry, EPOLL_CTL_DEL, 0, 0);
    entry->is_watched = false;
    disarm(h, entry);
}

int64_t hostio_watch(struct hostio *h, uint32_t handle, uint32_t events, uint64_t cookie)
{
    struct hostio_entry *entry = entry_find(h, handle);
    if (!entry || entry->fd < 0)
        return -EBADF;
    if (events == 0) {
        watch_drop(h, entry);
        return 0;
    }
    int64_t result = registration_change(h, entry, entry->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                                         (events & EVENTS) | (uint32_t)EPOLLONESHOT,
                                         cookie << HOSTIO_COOKIE_SHIFT | handle);
    if (result < 0)
        return result;
    entry->is_watched = true;
    h->watched += !entry->is_armed;
    entry->is_armed = true;
    return 0;
}

bool hostio_take(struct hostio *h, uint64_t data, uint64_t *cookie)
{
    struct hostio_entry *entry = entry_find(h, data & ((1u << HOSTIO_COOKIE_SHIFT) - 1));
    if (!entry || !entry->is_armed)
        return false;
    disarm(h, entry);
    *cookie = data >> HOSTIO_COOKIE_SHIFT;
    return true;
}

int64_t ready_poll(const struct hostio *h, const struct hostio_entry *entry, uint64_t events)
{
    struct pollfd ready = {.fd = entry->fd, .events = (short)(events & EVENTS)};
    int64_t count = host3(h, __NR_poll, address_of(&ready), 1, 0);
    return count < 0 ? count : (uint16_t)ready.revents;
}
