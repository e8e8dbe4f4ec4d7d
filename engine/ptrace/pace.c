/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: the kernel's ticks, the devices' deadlines, and waiting when nothing runs.
 *
 * Ticks are at multiples of the period since the start, as of a timer that never
 * stops; a tick nobody wants is not made, and ticks that the host was too slow
 * for are one. One one-shot timer serves all, set only when it fires too late.
 */
#include <errno.h>
#include <string.h>

#include "engine/ptrace/state.h"
#include "engine/x86_64/context.h"
#include "engine/x86_64/endless.h"
#include "host/fd.h"
#include "host/process.h"
#include "machine/virtual_clock.h"

enum {
    WATCH_NS = 10 * 1000 * 1000, /* how late a running guest may notice a ready descriptor */
    SOON_NS = 10 * 1000,         /* a guest gets this far even if a deadline is past */
    FLAG_TRAP = 0x100
};

static void fire(void *world)
{
    struct engine *e = world;
    atomic_store(&e->has_fired, true);
    ptrace_engine_kick(e);
}

int pace_open(struct engine *e)
{
    uint32_t tick_ms = e->k->abi->config.timer_tick_ms;
    e->pace.is_armed = false;
    e->pace.period_ns = (tick_ms ? tick_ms : 1) * 1000000ull;
    if (e->pace.timer.is_open)
        return 0;
    e->pace.start_ns = host_now_ns();
    return host_timer_open(&e->pace.timer, fire, e, e->diag);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int pace_set(struct engine *e, bool wants_tick, bool wants_watch, uint64_t deadline_ns)
{
    struct pace *pace = &e->pace;
    const struct machine_clock *clock = &e->k->machine->clock;
    uint64_t machine_ns = clock->now_ns(clock->world), now_ns = host_now_ns();
    uint64_t delay_ns = UINT64_MAX;
    pace->tick_ns = pace->start_ns + ((now_ns - pace->start_ns) / pace->period_ns + 1) * pace->period_ns;
    if (deadline_ns != UINT64_MAX)
        delay_ns = deadline_ns > machine_ns + SOON_NS ? deadline_ns - machine_ns : SOON_NS;
    if (wants_tick)
        delay_ns = earlier(delay_ns, pace->tick_ns - now_ns);
    if (wants_watch)
        delay_ns = earlier(delay_ns, WATCH_NS);
    delay_ns = earlier(delay_ns, INT64_MAX / 4); /* that is a century */
    pace->is_armed = true;
    pace->covers_tick = delay_ns <= pace->tick_ns - now_ns;
    pace->covers_watch = delay_ns <= WATCH_NS;
    pace->armed_deadline_ns = machine_ns + delay_ns;
    return host_timer_set(&pace->timer, now_ns + delay_ns, e->diag);
}

/* In virtual time the host's clock says only when to look at what the thread does. */
static int pace_set_look(struct engine *e)
{
    if (e->pace.is_armed)
        return 0;
    e->pace.is_armed = true;
    return host_timer_set(&e->pace.timer, host_now_ns() + spin_wait_ns(&e->pace.spin), e->diag);
}

void pace_watch_spin(struct engine *e, const struct next *next)
{
    struct virtual_clock *clock = e->k->virtual_clock;
    struct pace *pace = &e->pace;
    if (!atomic_exchange(&e->has_fired, false))
        return;
    pace->is_armed = false;
    if (!e->last || next->kind != NEXT_RUN)
        return;
    uint64_t activity = e->counts.traps + e->counts.cache_misses + clock->looks;
    enum spin_verdict verdict =
        spin_look(&pace->spin, next->tcb, activity, process_cpu_ns(e->last->pid), e->counts.spins);
    uint64_t ip = next->context->next_ip;
    if (verdict == SPIN_NO)
        return;
    if (!endless_loop(e->k, next->vspace, ip, false)) {
        if (!spin_is_sure(&pace->spin_places, verdict, ip))
            return;
        spin_place_add(&pace->spin_places, ip);
    }
    e->counts.spins += virtual_clock_skip(clock);
}

bool pace_skip_endless(struct engine *e, const struct next *next)
{
    struct virtual_clock *clock = e->k->virtual_clock;
    if (!clock || next->kind != NEXT_RUN || next->vspace == 0 || next->breakpoints ||
        context_traps_at_once(next->context) || (next->context->reg[REG_RFLAGS] & FLAG_TRAP) ||
        !endless_loop(e->k, next->vspace, next->context->next_ip, true))
        return false;
    bool is_skipped = virtual_clock_skip(clock);
    e->counts.spins += is_skipped;
    return is_skipped;
}

int pace_arm(struct engine *e, const struct next *next, bool is_idle)
{
    if (e->k->virtual_clock)
        return is_idle ? 0 : pace_set_look(e);
    struct pollfd fds[ENGINE_MAX_EVENT_FDS];
    const struct pace *pace = &e->pace;
    uint64_t deadline_ns = earlier(e->events->next_deadline_ns(e->events->world), next->timer_ns);
    bool wants_watch = !is_idle && e->events->descriptors(e->events->world, fds) > 0;
    if (pace->is_armed) {
        if ((!next->wants_tick || pace->covers_tick) && (!wants_watch || pace->covers_watch) &&
            deadline_ns >= pace->armed_deadline_ns)
            return 0;
    } else if (!next->wants_tick && !wants_watch && deadline_ns == UINT64_MAX) {
        return 0;
    }
    return pace_set(e, next->wants_tick, wants_watch, deadline_ns);
}

bool pace_take_tick(struct engine *e, const struct next *next)
{
    if (e->k->virtual_clock)
        return virtual_clock_due(e->k->virtual_clock, next->wants_tick, next->timer_ns) == VIRTUAL_TICK;
    if (!atomic_exchange(&e->has_fired, false))
        return false;
    e->pace.is_armed = false;
    if (next->timer_ns != UINT64_MAX) {
        const struct machine_clock *clock = &e->k->machine->clock;
        if (clock->now_ns(clock->world) >= next->timer_ns)
            return true;
    }
    return next->wants_tick && host_now_ns() >= e->pace.tick_ns;
}

/* While nothing runs, nobody would hear of a guest process's end. */
static unsigned watch_list(const struct engine *e, struct pollfd *fds)
{
    unsigned count = 0;
    for (const struct process *p = e->process; p < e->process + PROCESS_MAX; p++)
        if (p->state != PROCESS_NONE)
            fds[count++] = (struct pollfd){.fd = p->watch_fd, .events = POLLIN};
    return count;
}

static int watch_check(struct engine *e, const struct pollfd *fds, unsigned count)
{
    unsigned seen = 0;
    for (struct process *p = e->process; p < e->process + PROCESS_MAX && seen < count; p++)
        if (p->state != PROCESS_NONE && fds[seen++].revents && tracee_wait(e, p) < 0)
            return -EOWNERDEAD;
    return 0;
}

int pace_idle(struct engine *e, const struct next *next)
{
    struct pollfd fds[ENGINE_MAX_EVENT_FDS + 1 + PROCESS_MAX];
    if (e->k->virtual_clock && virtual_clock_skip(e->k->virtual_clock))
        return 0;
    int error = pace_arm(e, next, true);
    if (error)
        return error;
    unsigned count = e->events->descriptors(e->events->world, fds);
    fds[count] = (struct pollfd){.fd = e->wake_fd, .events = POLLIN};
    unsigned watched = watch_list(e, fds + count + 1);
    int ready = fd_wait(fds, count + 1 + watched, UINT64_MAX);
    if (ready < 0)
        return diag_errno(e->diag, ready, "cannot wait for events");
    if (fds[count].revents)
        fd_event_clear(e->wake_fd);
    return ready ? watch_check(e, fds + count + 1, watched) : 0;
}
