/* SPDX-License-Identifier: BSD-2-Clause */
/* Parents and children, groups and sessions. wait(2), setpgid(2), setsid(2). */
#include "container/server/server.h"

enum {
    WUNTRACED = 2,
    WEXITED = 4,
    WCONTINUED = 8,
    WNOWAIT = 0x1000000,
    STATUS_CONTINUED = 0xffff,
    CLD_STOPPED = 5,
    CLD_CONTINUED = 6,
    SIGHUP = 1,
    SIGCONT = 18
};

static bool is_there(const struct process *process)
{
    return process->state != PROCESS_FREE;
}

static bool is_selected(const struct process *child, const struct process *parent, int selector)
{
    return selector == -1 || (selector > 0 && child->pid == selector) ||
           (selector == 0 && child->group == parent->group) || (selector < -1 && child->group == -selector);
}

/* The news of one child, if there are any. */
static bool news_take(struct process *child, int options, uint64_t status[3])
{
    bool is_kept = options & WNOWAIT;
    *status = (uint64_t)(uint32_t)child->status;
    memcpy(&status[1], child->usage, sizeof child->usage);
    if (child->state == PROCESS_ZOMBIE && (options & WEXITED)) {
        if (!is_kept) {
            process_reap(child);
        }
        return true;
    }
    if (child->has_stopped && (options & WUNTRACED)) {
        child->has_stopped = is_kept;
        return true;
    }
    if (child->has_continued && (options & WCONTINUED)) {
        child->has_continued = is_kept;
        *status = STATUS_CONTINUED;
        return true;
    }
    return false;
}

long family_wait(struct process *process, int selector, int options, uint64_t status[3])
{
    bool has_child = false;
    for (unsigned i = 0; i < processes_used; i++) {
        struct process *child = &processes[i];
        if (!is_there(child) || child->parent != process || !is_selected(child, process, selector)) {
            continue;
        }
        has_child = true;
        int pid = child->pid;
        if (news_take(child, options, status)) {
            return pid;
        }
    }
    return has_child ? 0 : -ECHILD;
}

static bool group_is_in_session(int group, int session)
{
    for (unsigned i = 0; i < processes_used; i++) {
        if (is_there(&processes[i]) && processes[i].group == group && processes[i].session == session) {
            return true;
        }
    }
    return false;
}

long family_set_group(const struct process *process, int pid, int group)
{
    struct process *target = process_find(pid ? pid : process->pid);
    if (group < 0) {
        return -EINVAL;
    }
    if (!target || (target != process && target->parent != process)) {
        return -ESRCH;
    }
    group = group ? group : target->pid;
    if (target->session != process->session || target->session == target->pid ||
        (group != target->pid && !group_is_in_session(group, target->session))) {
        return -EPERM;
    }
    target->group = group;
    return 0;
}

long family_new_session(struct process *process)
{
    for (unsigned i = 0; i < processes_used; i++) {
        if (is_there(&processes[i]) && processes[i].group == process->pid) {
            return -EPERM;
        }
    }
    process->group = process->session = process->pid;
    process->has_no_terminal = false;
    return process->pid;
}

void family_stopped(struct process *process, int status)
{
    bool is_stopped = status != STATUS_CONTINUED;
    if (process->is_stopped == is_stopped) {
        return;
    }
    process->is_stopped = process->has_stopped = is_stopped;
    process->has_continued = !is_stopped;
    process->status = status;
    signal_child(process, is_stopped ? CLD_STOPPED : CLD_CONTINUED);
}

static bool is_alive(const struct process *process)
{
    return is_there(process) && process->state != PROCESS_ZOMBIE;
}

static bool ties_group(const struct process *parent, const struct process *member)
{
    return parent && parent->group != member->group && parent->session == member->session;
}

bool family_is_orphaned(const struct process *process)
{
    for (unsigned i = 0; i < processes_used; i++) {
        const struct process *member = &processes[i];
        if (is_alive(member) && member->group == process->group && ties_group(member->parent, member)) {
            return false;
        }
    }
    return true;
}

/* The tie between the two is gone. Nobody could continue those who are stopped, if it was the last. */
static void orphans_tell(const struct process *member, const struct process *parent)
{
    bool has_stopped = false;
    for (unsigned i = 0; i < processes_used; i++) {
        has_stopped |=
            is_alive(&processes[i]) && processes[i].group == member->group && processes[i].is_stopped;
    }
    if (has_stopped && ties_group(parent, member) && family_is_orphaned(member)) {
        signal_group(member->group, SIGHUP);
        signal_group(member->group, SIGCONT);
    }
}

void family_end_orphans(const struct process *ended)
{
    orphans_tell(ended, ended->parent);
}

void family_adopted_orphans(const struct process *child, const struct process *father)
{
    orphans_tell(child, father);
}
