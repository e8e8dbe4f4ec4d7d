/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Noticing that a guest process has ended, that the kernel does not return, that the baton is lost (somebody
 * holds it who does nothing, or who does not give it back), or that the kernel's heap makes no sense. All but
 * the first need a guest that wrote into Selkie's memory or jumped there, and end the run with a report.
 */
#include <errno.h>
#include <sys/wait.h>

#include "engine/direct/monitor.h"
#include "host/process.h"
#include "host/timer.h"

#define END_PATIENCE_NS 1000000000ull /* of somebody who wants the run to end */
#define STARVED_NS      (12 * WATCH_PATIENCE_NS)

/* A check of the heap may take a hundredth of the time. */
#define CHECK_FIRST_NS 1000000000ull
#define CHECK_REST     100

bool watch_is_held_up(const struct engine *e)
{
    uint32_t holder = atomic_load(&e->core->holder);
    char state =
        holder == PAD_MONITOR || holder > PAD_PROCESSES ? 0 : process_state(e->process[holder - 1].pid);
    return state == 'T' || state == 't';
}

/* The host keeps the holder: in a debugger, or in a call for a host object (an fsync may take long). */
static bool is_host_slow(const struct engine *e)
{
    return atomic_load(&e->core->is_in_host) || watch_is_held_up(e);
}

/* The holder shows no progress: is that its own fault? It may also be starved by the host. */
static bool is_stuck(const struct engine *e, pid_t pid, bool is_inside, uint64_t spent_ns)
{
    return !is_host_slow(e) && (process_state(pid) == 'S' || (is_inside && spent_ns >= WATCH_PATIENCE_NS));
}

int watch_check(struct engine *e)
{
    struct watchdog *w = &e->watchdog;
    uint64_t now_ns = host_now_ns(), entries = atomic_load(&e->core->entries);
    uint32_t holder = atomic_load(&e->core->holder);
    if (holder == PAD_MONITOR)
        return 0;
    if (holder > PAD_PROCESSES || e->process[holder - 1].pid == 0)
        return broken(e, "nobody runs: the word that says who does was overwritten");
    pid_t pid = e->process[holder - 1].pid;
    uint64_t cpu_ns = process_cpu_ns(pid);
    bool is_inside = atomic_load(&e->core->is_inside);
    bool is_alive = entries != w->entries || (!is_inside && cpu_ns != w->cpu_ns);
    if (holder != w->holder || is_alive) {
        w->looked_ns = now_ns;
        w->entries = entries;
        w->cpu_ns = cpu_ns;
        w->holder = holder;
        return 0;
    }
    if (now_ns - w->looked_ns < WATCH_PATIENCE_NS || !is_stuck(e, pid, is_inside, cpu_ns - w->cpu_ns))
        return 0;
    return broken(e, "guest process %d %s", (int)pid,
                  is_inside ? "does not come back from a kernel entry" : "has stopped running");
}

void watch_spin(struct engine *e)
{
    struct pad_core *core = e->core;
    uint32_t holder = atomic_load(&core->holder);
    pid_t pid = holder == PAD_MONITOR || holder > PAD_PROCESSES ? 0 : e->process[holder - 1].pid;
    if (pid <= 0)
        return;
    uint64_t activity = core_activity(core, e->k->virtual_clock);
    enum spin_verdict verdict =
        spin_look(&e->spin, core->last_tcb, activity, process_cpu_ns(pid), core->spins);
    if (verdict == SPIN_NO)
        return;
    core->spin_verdict = verdict;
    atomic_store(&core->spun, activity + 1);
    kill(pid, KICK_SIGNAL);
}

static pid_t holder_pid(const struct engine *e)
{
    uint32_t holder = atomic_load(&e->core->holder);
    return holder == PAD_MONITOR || holder > PAD_PROCESSES ? 0 : e->process[holder - 1].pid;
}

/* Had the holder no time to give the baton back? Not for ever: guests that pass it round might look so. */
static bool is_starved(const struct engine *e, uint64_t waited_ns)
{
    const struct watchdog *w = &e->watchdog;
    pid_t pid = holder_pid(e);
    return pid > 0 && process_state(pid) != 'S' && waited_ns < STARVED_NS &&
           (pid != w->recalled_pid || process_cpu_ns(pid) - w->recalled_cpu_ns < WATCH_PATIENCE_NS);
}

int watch_recalled(struct engine *e)
{
    struct watchdog *w = &e->watchdog;
    if (!w->recalled_ns || atomic_load(&e->core->holder) == PAD_MONITOR)
        return 0;
    pid_t pid = holder_pid(e);
    if (pid > 0 && pid != w->recalled_pid) {
        w->recalled_pid = pid;
        w->recalled_cpu_ns = process_cpu_ns(pid);
    }
    bool is_end = e->events->stop_requested(e->events->world);
    uint64_t now_ns = host_now_ns(), waited_ns = now_ns - w->recalled_ns;
    if (waited_ns < (is_end ? END_PATIENCE_NS : WATCH_PATIENCE_NS))
        return 0;
    if (!is_end && is_host_slow(e)) {
        w->recalled_ns = now_ns; /* patience begins when the host lets it go on */
        w->recalled_pid = 0;
        return 0;
    }
    if (!is_end && is_starved(e, waited_ns))
        return 0;
    return broken(e, "a guest process keeps the processor to itself");
}

int watch_heap(struct engine *e)
{
    const struct engine_events *events = e->events;
    struct watchdog *w = &e->watchdog;
    char why[DIAG_SIZE / 2];
    uint64_t start_ns = host_now_ns();
    if (!events->is_sane || start_ns < w->check_ns)
        return 0;
    bool is_first = w->check_ns == 0;
    bool is_sane = is_first || events->is_sane(events->world, why, sizeof(why));
    uint64_t end_ns = host_now_ns(), rest_ns = CHECK_REST * (end_ns - start_ns);
    w->check_ns = end_ns + (rest_ns > CHECK_FIRST_NS ? rest_ns : CHECK_FIRST_NS);
    return is_sane ? 0 : broken(e, "%s", why);
}

static bool has_ended(const struct process *p, int *status)
{
    return p->pid > 0 && waitpid(p->pid, status, __WALL | WNOHANG) == p->pid;
}

int watch_lost(struct engine *e)
{
    int status = 0;
    for (int i = -1; i < PAD_PROCESSES; i++) {
        struct process *p = i < 0 ? &e->template : &e->process[i];
        if (!has_ended(p, &status))
            continue;
        if (e->diag)
            e->diag->text[0] = '\0';
        process_describe(e->diag, p->pid, status);
        p->pid = 0;
        return -EOWNERDEAD;
    }
    return diag_errno(e->diag, ECHILD, "a guest process ended, but none can be found that did");
}
