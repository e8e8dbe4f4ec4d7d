/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest processes: one per VSpace that runs, at most PAD_PROCESSES at a time.
 *
 * A process is a cache like its mappings: when a VSpace goes, or another one needs the place, the process is
 * bound anew and drops everything before it runs.
 */
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/direct/monitor.h"
#include "engine/direct/tlb.h"
#include "host/fd.h"
#include "host/map.h"
#include "host/process.h"
#include "host/timer.h"

enum {
    ERRNO_MAX = 4095
};

int guest_watch(struct engine *e, struct process *p)
{
    struct epoll_event event = {.events = EPOLLIN};
    p->watch_fd = process_watch(p->pid);
    if (p->watch_fd < 0)
        return diag_errno(e->diag, errno, "cannot watch guest process %d", (int)p->pid);
    if (epoll_ctl(e->watch_fd, EPOLL_CTL_ADD, p->watch_fd, &event) < 0)
        return diag_errno(e->diag, errno, "cannot watch guest process %d", (int)p->pid);
    return 0;
}

int doorbell_wait(struct engine *e, bool (*is_done)(const struct engine *e))
{
    uint64_t start_ns = host_now_ns();
    while (!is_done(e)) {
        struct pollfd fds[] = {{.fd = e->doorbell_fd, .events = POLLIN},
                               {.fd = e->watch_fd, .events = POLLIN}};
        uint64_t waited_ns = host_now_ns() - start_ns;
        if (waited_ns >= WATCH_PATIENCE_NS && watch_is_held_up(e)) {
            start_ns = host_now_ns();
            continue;
        }
        if (waited_ns >= WATCH_PATIENCE_NS)
            return broken(e, "a guest process does not do what it was asked");
        int ready = fd_wait(fds, 2, WATCH_PATIENCE_NS - waited_ns);
        if (ready < 0 && ready != -EINTR)
            return diag_errno(e->diag, ready, "cannot wait for a guest process");
        if (fds[1].revents & POLLIN)
            return watch_lost(e);
        if (fds[0].revents & POLLIN)
            fd_event_clear(e->doorbell_fd);
    }
    return 0;
}

/* The number was read from memory that guests can write to, and will be sent signals. */
static bool is_new_child(const struct engine *e, int64_t pid)
{
    siginfo_t info;
    if (pid <= 0 || pid > INT32_MAX || pid == e->template.pid)
        return false;
    for (unsigned i = 0; i < PAD_PROCESSES; i++)
        if (e->process[i].pid == pid)
            return false;
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

static bool has_spawned(const struct engine *e)
{
    return atomic_load(&e->core->spawn_turn) == 0;
}

/* Ask the template for a process in place `index`. */
static int guest_start(struct engine *e, unsigned index)
{
    struct process *p = &e->process[index];
    struct pad_core *core = e->core;
    memset(&core->slot[index], 0, sizeof(core->slot[index]));
    core->spawn_index = index;
    atomic_store(&core->spawn_turn, 1);
    syscall(SYS_futex, &core->spawn_turn, FUTEX_WAKE, 1, NULL, NULL, 0);
    int error = doorbell_wait(e, has_spawned);
    if (error)
        return error;
    int64_t pid = core->spawn_result;
    if (pid < 0 && pid >= -ERRNO_MAX)
        return diag_errno(e->diag, (int)pid, "cannot make a guest process");
    if (!is_new_child(e, pid))
        return broken(e, "a guest process was made that is none of ours");
    p->pid = (pid_t)pid;
    e->counts.processes++;
    return guest_watch(e, p);
}

/* A place that has a host process or not, is bound or not, and was used longest ago; -1: none. */
static int place_oldest(const struct engine *e, bool has_process, bool is_bound)
{
    int found = -1;
    for (int i = 0; i < PAD_PROCESSES; i++) {
        const struct process *p = &e->process[i];
        bool is_alike = (p->pid != 0) == has_process && (e->core->slot[i].vspace != 0) == is_bound;
        if (is_alike && (found < 0 || p->last_used < e->process[found].last_used))
            found = i;
    }
    return found;
}

static bool is_scarce(int error)
{
    return error == -EAGAIN || error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

int guest_acquire(struct engine *e, uint64_t vspace, unsigned *process)
{
    if (vspace % HOST_PAGE || vspace >= e->k->memory_size)
        return broken(e, "no VSpace can be at 0x%llx", (unsigned long long)vspace);
    int index = tlb_process(e->core, e->k, vspace);
    if (index < 0 || e->process[index].pid == 0) {
        index = place_oldest(e, true, false);
        int place = index < 0 ? place_oldest(e, false, false) : -1;
        if (place >= 0) {
            int error = guest_start(e, (unsigned)place);
            if (error && (!is_scarce(error) || place_oldest(e, true, true) < 0))
                return error;
            index = error ? -1 : place;
        }
        if (index < 0)
            index = place_oldest(e, true, true);
        if (index < 0)
            return broken(e, "no place for a guest process");
        tlb_bind(e->core, e->k, (unsigned)index, vspace);
    }
    e->process[index].last_used = ++e->use_count;
    *process = (unsigned)index;
    return 0;
}

static bool is_back(const struct engine *e)
{
    return atomic_load(&e->core->holder) == PAD_MONITOR;
}

int guest_calls(struct engine *e, unsigned process, struct pad_call *calls, unsigned count)
{
    struct pad_slot *slot = &e->core->slot[process];
    for (unsigned done = 0; done < count;) {
        unsigned part = count - done < PAD_CALLS ? count - done : PAD_CALLS;
        memcpy(slot->call, calls + done, part * sizeof(calls[0]));
        slot->call_count = part;
        baton_give(e, process);
        int error = doorbell_wait(e, is_back);
        if (error)
            return error;
        memcpy(calls + done, slot->call, part * sizeof(calls[0]));
        done += part;
    }
    return 0;
}

static void guest_release(struct process *p)
{
    if (p->pid)
        process_end(p->pid);
    fd_close_at(&p->watch_fd);
    *p = (struct process){.watch_fd = -1};
}

void guest_end_all(struct engine *e)
{
    guest_release(&e->template);
    for (unsigned i = 0; i < PAD_PROCESSES; i++)
        guest_release(&e->process[i]);
}

int guest_try(struct engine *e)
{
    struct pad_call call = {SYS_getpid, {0}, 0};
    int error = guest_start(e, 0);
    if (!error)
        error = guest_calls(e, 0, &call, 1);
    if (!error && call.result != e->process[0].pid)
        error = diag_errno(e->diag, ENOTSUP, "a guest process does not answer");
    return error;
}
