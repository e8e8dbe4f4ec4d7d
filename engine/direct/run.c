/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's loop: what comes from outside goes to the kernel here; for all else the baton is lent.
 */
#include <errno.h>

#include "engine/direct/monitor.h"
#include "engine/x86_64/context.h"
#include "host/fd.h"
#include "host/guard.h"
#include "host/timer.h"

enum {
    SOON_NS = 2000 /* a guest gets this far even if a deadline is past */
};

static struct next kernel_take(struct engine *e, const struct trap *trap)
{
    struct next next = kernel_next(e->k, 0);
    if (next.kind == NEXT_RUN)
        registers_settle(next.context);
    atomic_fetch_add(&e->core->entries, 1);
    return kernel_enter(e->k, 0, trap);
}

static uint64_t machine_now_ns(const struct engine *e)
{
    return host_now_ns() - e->core->origin_ns;
}

/* Ticks while nothing runs; those of a running thread are its process's business. */
static bool take_idle_tick(struct engine *e, const struct next *next)
{
    struct pad_core *core = e->core;
    uint64_t now_ns = machine_now_ns(e);
    if (next->kind != NEXT_IDLE)
        return false;
    if (now_ns >= next->timer_ns)
        return true;
    if (!next->wants_tick)
        return false;
    if (core->is_tick_armed && core->tick_ns <= now_ns) {
        core->is_tick_armed = false;
        return true;
    }
    if (!core->is_tick_armed || core->tick_ns <= now_ns)
        core->tick_ns = now_ns + core->period_ns - (now_ns - core->start_ns) % core->period_ns;
    core->is_tick_armed = true;
    return false;
}

static bool outside_trap(struct engine *e, const struct next *next, struct trap *trap)
{
    struct virtual_clock *clock = e->k->virtual_clock;
    int irq = e->events->take_irq(e->events->world);
    if (irq >= 0)
        *trap = (struct trap){.kind = TRAP_INTERRUPT, .irq = (uint32_t)irq};
    else if (clock ? virtual_clock_due(clock, next->wants_tick, next->timer_ns) == VIRTUAL_TICK
                   : take_idle_tick(e, next))
        *trap = (struct trap){.kind = TRAP_TICK};
    else
        return e->events->take_host && e->events->take_host(e->events->world, trap);
    return true;
}

void deadline_publish(struct engine *e)
{
    const struct machine_bus *bus = &e->k->machine->bus;
    e->core->has_counter = bus->mmio_counter && bus->mmio_counter(bus->world, &e->core->counter);
    if (e->k->virtual_clock) {
        e->core->deadline_ns = UINT64_MAX; /* the pad looks at the clock instead */
        return;
    }
    uint64_t at_ns = e->events->next_deadline_ns(e->events->world);
    uint64_t soon_ns = scale_refresh(e) + SOON_NS;
    e->core->is_deadline_late = at_ns < soon_ns;
    e->core->deadline_ns = at_ns > soon_ns ? at_ns : soon_ns;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Nothing can run before the outside does something. */
static int idle(struct engine *e, const struct next *next)
{
    struct pollfd fds[ENGINE_MAX_EVENT_FDS + 2];
    if (e->k->virtual_clock && virtual_clock_skip(e->k->virtual_clock))
        return 0;
    deadline_publish(e);
    uint64_t now_ns = machine_now_ns(e), wake_ns = earlier(e->core->deadline_ns, next->timer_ns);
    if (next->wants_tick)
        wake_ns = earlier(wake_ns, e->core->tick_ns);
    if (e->k->virtual_clock)
        wake_ns = UINT64_MAX; /* no event: only the outside can help */
    uint64_t wait_ns = wake_ns == UINT64_MAX ? UINT64_MAX : wake_ns > now_ns ? wake_ns - now_ns : 0;
    unsigned count = e->events->descriptors(e->events->world, fds);
    fds[count] = (struct pollfd){.fd = e->doorbell_fd, .events = POLLIN};
    fds[count + 1] = (struct pollfd){.fd = e->watch_fd, .events = POLLIN};
    int ready = fd_wait(fds, count + 2, wait_ns);
    if (ready < 0 && ready != -EINTR)
        return diag_errno(e->diag, ready, "cannot wait for events");
    if (ready > 0 && fds[count].revents)
        fd_event_clear(e->doorbell_fd);
    return ready > 0 && fds[count + 1].revents ? watch_lost(e) : 0;
}

/* Let the thread run, and answer what its process asks, until something else must be done. */
static int thread_run(struct engine *e, const struct next *next)
{
    unsigned process;
    bool is_look = false;
    int error = guest_acquire(e, next->vspace, &process);
    for (bool is_answer = false; !error && !is_look; is_answer = true) {
        deadline_publish(e);
        error = baton_lend(e, process, is_answer);
        if (!error)
            error = serve(e, &process, &is_look);
        if (!error && !is_look && e->events->stop_requested(e->events->world)) {
            baton_recall(e); /* there may be no end of questions */
            error = watch_recalled(e);
        }
    }
    return error;
}

/* A thread without a VSpace gets no further than its first fetch. */
static void take_no_vspace(struct engine *e, const struct next *next)
{
    struct trap trap = {
        .kind = TRAP_VM_FAULT, .address = next->context->next_ip, .status = 4, .is_instruction = true};
    kernel_take(e, &trap);
}

static enum engine_stop stop_of_error(const struct engine *e, int error)
{
    if (e->events->stop_requested(e->events->world))
        return ENGINE_STOPPED; /* whoever asked may have ended the guests as well */
    if (error == -EUCLEAN)
        return ENGINE_BROKEN;
    return error == -EOWNERDEAD ? ENGINE_HOST_LOST : ENGINE_FAILED;
}

/* The last look at what guests could write to. */
static enum engine_stop end(struct engine *e, enum engine_stop stop)
{
    char why[DIAG_SIZE / 2];
    if (!e->events->is_sane || e->events->is_sane(e->events->world, why, sizeof(why)))
        return stop;
    broken(e, "%s", why);
    return ENGINE_BROKEN;
}

static enum engine_stop run_loop(struct engine *e)
{
    const struct engine_events *events = e->events;
    for (;;) {
        struct trap trap;
        int error = doubt_core(e);
        guard_alive();
        atomic_store(&e->core->attention, 0); /* before looking at what a recall may stand for */
        e->watchdog.recalled_ns = 0;          /* and after it: a recall in between is not taken for an old one */
        console_drain(e);
        struct next next = kernel_next(e->k, 0);
        if (next.kind == NEXT_HALT)
            return end(e, ENGINE_HALTED);
        if (events->stop_requested(events->world))
            return end(e, ENGINE_STOPPED);
        if (!error)
            error = watch_heap(e);
        if (error)
            return stop_of_error(e, error);
        if (outside_trap(e, &next, &trap))
            kernel_take(e, &trap);
        else if (next.kind == NEXT_RUN && next.vspace == 0)
            take_no_vspace(e, &next);
        else if (next.kind == NEXT_RUN)
            error = thread_run(e, &next);
        else if (next.wants_tick || next.timer_ns != UINT64_MAX || events->can_wake(events->world))
            error = idle(e, &next);
        else
            return end(e, ENGINE_AT_REST);
        if (error)
            return stop_of_error(e, error);
    }
}

struct guarded_run {
    struct engine *engine;
    enum engine_stop stop;
};

static void run_guarded(void *world)
{
    struct guarded_run *run = world;
    struct engine *e = run->engine;
    if (direct_engine_start(e) < 0) {
        run->stop = ENGINE_FAILED;
        return;
    }
    if (e->events->entry_known)
        e->events->entry_known(e->events->world, e->core->entry);
    run->stop = run_loop(e);
}

/* Whatever guests may have done to the arena, kernel code that runs here does not take the monitor with it. */
enum engine_stop direct_engine_run(struct engine *e, struct diag *diag)
{
    struct guarded_run run = {.engine = e};
    e->diag = diag;
    if (!e->k->vector) {
        diag_errno(diag, EINVAL, "the kernel has no memory for vector state");
        return ENGINE_FAILED;
    }
    cpu_pin(&e->pin);
    cpu_prefer_short(true);
    scale_start(e);
    if (!guard_call(run_guarded, &run, diag->text, sizeof(diag->text)))
        run.stop = ENGINE_BROKEN;
    e->diag = NULL;
    cpu_prefer_short(false);
    cpu_unpin(&e->pin);
    return run.stop;
}
