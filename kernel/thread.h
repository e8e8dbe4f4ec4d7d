/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a thread: states, the scheduler, priorities, domains.
 * Manual: chapter "Threads and Execution", sections "Scheduling" and "Domains".
 */
#ifndef SELKIE_KERNEL_THREAD_H
#define SELKIE_KERNEL_THREAD_H

#include "kernel/kernel.h"
#include "kernel/state.h"
#include "kernel/tcb.h"

static inline bool thread_is_runnable(const struct tcb *tcb)
{
    return tcb->state == THREAD_RUNNING || tcb->state == THREAD_RESTART;
}

/* Runnable, and with time to run in. */
static inline bool thread_is_schedulable(const struct tcb *tcb)
{
    return thread_is_runnable(tcb) && tcb->has_time;
}

static inline bool thread_is_stopped(const struct tcb *tcb)
{
    return tcb->state == THREAD_INACTIVE || tcb->state >= THREAD_BLOCKED_ON_RECEIVE;
}

void sched_choose_new(struct kernel *k); /* forget the current choice */

/* Change the state; if the current thread can no longer run, somebody else is chosen when the kernel leaves. */
static inline void thread_set_state(struct kernel *k, struct tcb *tcb, enum thread_state state)
{
    tcb->state = state;
    if (!thread_is_runnable(tcb) && k->state->sched_action == SCHED_RESUME_CURRENT && tcb == current_tcb(k))
        sched_choose_new(k);
}

void thread_suspend(struct kernel *k, struct tcb *tcb); /* take it out of whatever it waits for */
void thread_restart(struct kernel *k,
                    struct tcb *tcb); /* the same, then run its system call or instruction again */
void thread_set_priority(struct kernel *k, struct tcb *tcb, uint8_t priority);
void thread_set_domain(struct kernel *k, struct tcb *tcb, uint8_t domain);

/* Ready queues, for threads that are schedulable. Prepending puts in front of its equals, appending behind them. */
void sched_prepend(struct kernel *k, struct tcb *tcb);
void sched_append(struct kernel *k, struct tcb *tcb);
void sched_dequeue(struct kernel *k, struct tcb *tcb);

/* A thread became runnable by what the current one did: switch to it if nothing better is ready. Not if it has no
 * time. */
void sched_possible_switch_to(struct kernel *k, struct tcb *tcb);
void sched_rotate(struct kernel *k);
void sched_tick(struct kernel *k);

/* Does a thread of any domain wait for its turn? */
bool sched_is_anybody_ready(const struct kernel *k);

/* Decide what runs next and make it current. Called once, as the kernel leaves, unless the action is
 * SCHED_RESUME_CURRENT. */
void sched_run(struct kernel *k);

/* The thread's IPC buffer as 128 words in the arena; NULL if it has none, or none the access is allowed to. */
static inline uint64_t *thread_ipc_buffer(const struct kernel *k, const struct tcb *tcb, bool for_writing)
{
    const struct cap *frame = &tcb->slots[TCB_IPC_BUFFER].cap;
    if (frame->type != CAP_FRAME || frame->frame_is_device)
        return NULL;
    bool is_allowed =
        frame->frame_rights == FRAME_READ_WRITE || (frame->frame_rights == FRAME_READ_ONLY && !for_writing);
    if (!is_allowed)
        return NULL;
    uint64_t offset = tcb->ipc_buffer & ((1ull << frame_size_bits((enum frame_size)frame->frame_size)) - 1);
    if (for_writing && k->machine->mmu.written)
        k->machine->mmu.written(k->machine->mmu.world, frame->paddr + offset);
    return (uint64_t *)arena_at(k, frame->paddr + offset);
}

#endif
