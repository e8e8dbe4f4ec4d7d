/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a thread.
 * Manual: sections "Threads", "Thread Deactivation".
 */
#include "kernel/thread.h"

#include "kernel/ipc.h"
#include "kernel/state.h"

void thread_set_state(struct kernel *k, struct tcb *tcb, enum thread_state state)
{
    struct kernel_state *s = k->state;
    tcb->state = state;
    if (tcb == current_tcb(k) && s->sched_action == SCHED_RESUME_CURRENT && !thread_is_runnable(tcb))
        sched_choose_new(k);
}

void thread_suspend(struct kernel *k, struct tcb *tcb)
{
    ipc_cancel(k, tcb);
    if (tcb->state == THREAD_RUNNING)
        tcb->context.reg[REG_FAULT_IP] = tcb->context.next_ip; /* resuming it goes on, not back */
    thread_set_state(k, tcb, THREAD_INACTIVE);
    sched_dequeue(k, tcb);
}

void thread_restart(struct kernel *k, struct tcb *tcb)
{
    if (!thread_is_stopped(tcb))
        return;
    ipc_cancel(k, tcb);
    reply_setup_master(k, tcb);
    if (k->state->unhandled_fault == arena_paddr(k, tcb))
        k->state->unhandled_fault = 0;
    thread_set_state(k, tcb, THREAD_RESTART);
    sched_prepend(k, tcb);
    sched_possible_switch_to(k, tcb);
}

void thread_set_priority(struct kernel *k, struct tcb *tcb, uint8_t priority)
{
    sched_dequeue(k, tcb);
    tcb->priority = priority;
    if (!thread_is_runnable(tcb))
        return;
    if (tcb == current_tcb(k))
        sched_choose_new(k);
    else
        sched_possible_switch_to(k, tcb);
}

void thread_set_domain(struct kernel *k, struct tcb *tcb, uint8_t domain)
{
    sched_dequeue(k, tcb);
    tcb->domain = domain;
    if (thread_is_runnable(tcb))
        sched_prepend(k, tcb);
    if (tcb == current_tcb(k))
        sched_choose_new(k);
}

uint64_t *thread_ipc_buffer(const struct kernel *k, const struct tcb *tcb, bool for_writing)
{
    struct cap frame = tcb->slots[TCB_IPC_BUFFER].cap;
    if (frame.type != CAP_FRAME || frame.frame_is_device)
        return NULL;
    bool is_allowed =
        frame.frame_rights == FRAME_READ_WRITE || (frame.frame_rights == FRAME_READ_ONLY && !for_writing);
    if (!is_allowed)
        return NULL;
    uint64_t offset = tcb->ipc_buffer & ((1ull << frame_size_bits(frame.frame_size)) - 1);
    return arena_at(k, frame.paddr + offset);
}
