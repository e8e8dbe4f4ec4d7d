/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's clocks and timers on them. They are the host's in virtual time, too: what comes from outside
 * keeps the outside's time (docs/time.md).
 */
#include <linux/fcntl.h>
#include <linux/time.h>
#include <linux/timerfd.h>

#include "hostio/parts.h"

enum {
    NS_PER_S = 1000000000
};

struct time {
    int64_t seconds, nanoseconds;
};

/* None that runs with a process, a thread or a device, and none whose timers wake a sleeping machine. */
static bool clock_is_known(uint64_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
           clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
}

int64_t clock_read(const struct hostio *h, struct machine_host_call *call)
{
    struct time now = {0, 0};
    if (!clock_is_known(call->argument[0]))
        return -EINVAL;
    int64_t result = host3(h, __NR_clock_gettime, call->argument[0], address_of(&now), 0);
    call->second = (uint64_t)now.nanoseconds;
    return result < 0 ? result : now.seconds;
}

int64_t clock_timer(struct hostio *h, struct machine_host_call *call)
{
    if (!clock_is_known(call->argument[0]))
        return -EINVAL;
    if (!table_has_room(h))
        return -ENFILE;
    int64_t fd = host3(h, __NR_timerfd_create, call->argument[0], O_CLOEXEC | O_NONBLOCK, 0);
    return entry_answer(h, call, fd, HOST_TIMER, call->access, 0);
}

static struct time time_of_ns(uint64_t ns)
{
    return (struct time){(int64_t)(ns / NS_PER_S), (int64_t)(ns % NS_PER_S)};
}

int64_t timer_set(const struct hostio *h, const struct hostio_entry *entry,
                  const struct machine_host_call *call)
{
    const struct {
        struct time interval, first;
    } setting = {time_of_ns(call->argument[1]), time_of_ns(call->argument[0])};
    uint64_t flags = call->argument[2] ? TFD_TIMER_ABSTIME : 0;
    return host4(h, __NR_timerfd_settime, (uint64_t)entry->fd, flags, address_of(&setting), 0);
}
