/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving the baton to a guest process, and seeing to the world until it comes back.
 *
 * Meanwhile guests pass it among themselves. What must be heard at once (input, a signal, a lost process)
 * wakes the monitor; console output and the watchdog are seen to now and then.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/direct/monitor.h"
#include "host/fd.h"
#include "host/guard.h"
#include "host/timer.h"

enum {
    LOOK_NS = 20 * 1000 * 1000,
    YIELDS_ANSWERING = 3
};

void baton_give(struct engine *e, unsigned process)
{
    struct pad_slot *slot = &e->core->slot[process];
    atomic_store(&e->core->holder, process + 1);
    if (atomic_load(&slot->is_hot))
        return;
    atomic_store(&slot->turn, 1);
    syscall(SYS_futex, &slot->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void baton_recall(struct engine *e)
{
    atomic_store(&e->core->attention, 1);
    if (!e->watchdog.recalled_ns) {
        e->watchdog.recalled_pid = 0;
        e->watchdog.recalled_ns = host_now_ns();
    }
    uint32_t holder = atomic_load(&e->core->holder);
    if (holder != PAD_MONITOR && holder <= PAD_PROCESSES && e->process[holder - 1].pid > 0)
        kill(e->process[holder - 1].pid, KICK_SIGNAL);
}

void direct_engine_kick(struct engine *e)
{
    int saved = errno;
    baton_recall(e);
    fd_event_set(e->doorbell_fd);
    errno = saved;
}

static int wait_once(struct engine *e)
{
    const struct engine_events *events = e->events;
    struct pollfd fds[ENGINE_MAX_EVENT_FDS + 2];
    /* Once the baton is on its way back, what is ready there is known, and would be so until somebody runs. */
    bool is_recalled = atomic_load(&e->core->attention);
    unsigned count = is_recalled ? 0 : events->descriptors(events->world, fds);
    fds[count] = (struct pollfd){.fd = e->doorbell_fd, .events = POLLIN};
    fds[count + 1] = (struct pollfd){.fd = e->watch_fd, .events = POLLIN};
    int ready = fd_wait(fds, count + 2, e->k->virtual_clock ? spin_wait_ns(&e->spin) : LOOK_NS);
    if (ready < 0 && ready != -EINTR)
        return diag_errno(e->diag, ready, "cannot wait for a guest process");
    if (ready > 0 && fds[count].revents)
        fd_event_clear(e->doorbell_fd);
    if (ready > 0 && fds[count + 1].revents)
        return watch_lost(e);
    console_drain(e);
    bool has_input = false;
    for (unsigned i = 0; ready > 0 && i < count; i++)
        has_input |= fds[i].revents != 0;
    bool is_wanted = has_input || events->stop_requested(events->world);
    if (is_wanted && (ready == 0 || !atomic_load(&e->core->attention)))
        baton_recall(e);
    guard_alive();
    if (e->k->virtual_clock)
        watch_spin(e);
    int error = watch_recalled(e);
    return !error && ready == 0 ? watch_check(e) : error;
}

int baton_lend(struct engine *e, unsigned process, bool is_answer)
{
    atomic_store(&e->core->monitor_is_hot, is_answer); /* questions come in bursts */
    baton_give(e, process);
    for (unsigned i = 0; is_answer && i < YIELDS_ANSWERING && atomic_load(&e->core->holder) != PAD_MONITOR;
         i++)
        sched_yield();
    atomic_store(&e->core->monitor_is_hot, 0);
    while (atomic_load(&e->core->holder) != PAD_MONITOR) {
        int error = wait_once(e);
        if (error)
            return error;
    }
    return 0;
}
