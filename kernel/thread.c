/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a thread.
 * Manual: sections "Threads", "Thread Deactivation".
 */
#include "kernel/thread.h"

#include "kernel/ipc.h"
#include "kernel/mcs/mcs.h"
#include "kernel/state.h"

void thread_suspend(struct kernel *k, struct tcb *tcb)
{
    ipc_cancel(k, tcb);
    if (tcb->state == THREAD_RUNNING)
        tcb->context.reg[REG_FAULT_IP] = tcb->context.next_ip; /* resuming it goes on, not back */
    thread_set_state(k, tcb, THREAD_INACTIVE);
    sched_dequeue(k, tcb);
    if (k->abi->config.is_mcs)
        mcs_thread_stop(k, tcb);
}

void thread_restart(struct kernel *k, struct tcb *tcb)
{
    if (!thread_is_stopped(tcb))
        return;
    ipc_cancel(k, tcb);
    if (k->state->unhandled_fault == arena_paddr(k, tcb))
        k->state->unhandled_fault = 0;
    thread_set_state(k, tcb, THREAD_RESTART);
    if (k->abi->config.is_mcs) {
        mcs_wake(k, tcb);
        return;
    }
    reply_setup_master(k, tcb);
    sched_prepend(k, tcb);
    sched_possible_switch_to(k, tcb);
}

void thread_set_priority(struct kernel *k, struct tcb *tcb, uint8_t priority)
{
    if (k->abi->config.is_mcs) {
        mcs_thread_set_priority(k, tcb, priority);
        return;
    }
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
    if (thread_is_schedulable(tcb))
        sched_prepend(k, tcb);
    if (tcb == current_tcb(k))
        sched_choose_new(k);
}
