/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * execve(2) of a process that shares frames with others, after a fork: it gets a CSpace, a VSpace and a thread of its
 * own, and everything that it had is deleted, with whatever it made of it. So it holds no capability to a frame of the
 * others any more, without being trusted to have deleted any.
 *
 * What it becomes is built in a place of the table that nobody sees (PROCESS_BUILT), and then changes places with what
 * it was, all but who it is. What it was lies there, and runs no more, until the files in its memory have been
 * duplicated (SERVER_RENEWED). A process that does not say so has it for as long as it lives, and no way to it.
 */
#include "container/server/server.h"

enum {
    SIGKILL = 9
};

/* What it becomes, or what it was. */
static void renewals_end(const struct process *process, bool is_outdated)
{
    for (unsigned i = 0; i < processes_used; i++) {
        if (processes[i].state == PROCESS_BUILT && processes[i].renews == process &&
            processes[i].is_outdated >= is_outdated) {
            process_end(&processes[i], 0);
        }
    }
}

/* One at a time: so nobody can take all places. */
long process_renew(struct process *process)
{
    renewals_end(process, false);
    struct process *fresh = process_new_renewal(process);
    if (!fresh) {
        return -EAGAIN;
    }
    if (!process_build(fresh, false)) {
        process_end(fresh, 0);
        return -ENOMEM;
    }
    return fresh->pid;
}

/* All that a process has, as opposed to who it is. */
static void body_copy(struct process *to, const struct process *from)
{
    to->sharing = from->sharing;
    to->uses = from->uses;
    to->granted_bytes = from->granted_bytes;
    memcpy(to->leaves, from->leaves, sizeof to->leaves);
    to->slot_next = from->slot_next;
    to->tcb = from->tcb;
    to->root = from->root;
    to->cnode = from->cnode;
    to->vspace = from->vspace;
    to->endpoint = from->endpoint;
    to->turns = from->turns;
    to->turn_count = from->turn_count;
    to->notification = from->notification;
}

bool process_renew_start(struct process *fresh, const struct image_source *source, uint64_t ip, uint64_t sp)
{
    struct process *process = fresh->renews;
    if (!process_start(fresh, source, ip, sp, 0)) {
        return false;
    }
    for (unsigned i = 0; i < processes_used; i++) {
        struct process *other = &processes[i];
        if (other->state != PROCESS_FREE && other->host == process && other != process && other != fresh) {
            process_end(other, SIGKILL); /* it loses the memory that it ran in */
        }
    }
    struct process was = *process;
    body_copy(process, fresh);
    body_copy(fresh, &was);
    seL4_TCB_Suspend(fresh->tcb);
    fresh->state = PROCESS_BUILT;
    fresh->host = process;
    fresh->is_outdated = true;
    return true;
}

long process_renew_end(struct process *process)
{
    renewals_end(process, true);
    return 0;
}
