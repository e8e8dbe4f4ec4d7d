/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trap through the MCS kernel: look at the clock, see whether there is budget
 * left for what the thread wants, and find out who runs next and until when.
 * Manual: chapters "Kernel Services and Objects", "Threads and Execution".
 */
#include "kernel/debug.h"
#include "kernel/host/host.h"
#include "kernel/irq.h"
#include "kernel/mcs/mcs.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "kernel/vspace.h"
#include "kernel/x86_64/x86.h"

/* A debug exception does not happen again, so the thread's handler hears of it even if the budget is over: the thread
 * is charged first, and whoever has its time afterwards waits for the next refill. */
static void debug_exception_take(struct kernel *k, struct tcb *tcb, const struct trap *trap)
{
    struct mcs_state *mcs = &k->state->mcs;
    if (refill_is_sufficient(sched_context_of(k, tcb), mcs->consumed_ns)) {
        breakpoint_trap(k, tcb, trap);
        return;
    }
    budget_charge(k, mcs->consumed_ns, false);
    sched_dequeue(k, tcb);
    release_remove(k, tcb);
    breakpoint_trap(k, tcb, trap);
    sched_context_resume(k, sched_context_of(k, tcb));
    if (thread_is_schedulable(tcb))
        sched_append(k, tcb);
}

static void mcs_fault_take(struct kernel *k, const struct trap *trap)
{
    ASSERT(k->state->current != 0);
    struct tcb *tcb = running_tcb(k);
    if (x86_trap_is_ignored(trap, &tcb->context))
        return;
    time_update(k);
    if (k->abi->config.has_hardware_debug && breakpoint_is_trap(trap))
        debug_exception_take(k, tcb, trap);
    else if (budget_check_restart(k))
        fault_raise(k, tcb, x86_fault_of_trap(trap, &tcb->context));
}

static void tick_take(struct kernel *k)
{
    struct mcs_state *mcs = &k->state->mcs;
    if (mcs->now_ns >= mcs->timer_ns)
        mcs->is_reprogramming = true;
}

static void mcs_trap_take(struct kernel *k, const struct trap *trap)
{
    switch (trap->kind) {
    case TRAP_SYSCALL:
        mcs_syscall_handle(k);
        return;
    case TRAP_VM_FAULT:
    case TRAP_EXCEPTION:
        mcs_fault_take(k, trap);
        return;
    case TRAP_INTERRUPT:
        time_update(k);
        (void)budget_check(k);
        irq_deliver(k, trap->irq);
        return;
    case TRAP_HOST:
        time_update(k);
        (void)budget_check(k);
        host_ready(k, trap->address, trap->status);
        return;
    case TRAP_TICK:
        time_update(k);
        (void)budget_check(k);
        tick_take(k);
        return;
    }
}

/* A thread whose system call starts over goes back to its instruction; one that yielded to another hears of it. */
static void mcs_thread_activate(struct kernel *k, struct tcb *tcb)
{
    if (UNLIKELY(tcb->yield_to != 0))
        yield_to_complete(k, tcb);
    if (LIKELY(tcb->state != THREAD_RESTART))
        return;
    tcb->context.next_ip = tcb->context.reg[REG_FAULT_IP];
    tcb->state = THREAD_RUNNING;
}

struct next mcs_next(const struct kernel *k)
{
    const struct kernel_state *s = k->state;
    struct tcb *tcb = current_tcb(k);
    if (UNLIKELY(s->is_halted))
        return (struct next){.kind = NEXT_HALT, .timer_ns = UINT64_MAX};
    if (UNLIKELY(!tcb))
        return (struct next){.kind = NEXT_IDLE, .timer_ns = s->mcs.timer_ns};
    const struct breakpoints *breakpoints = UNLIKELY(tcb->debug.is_used) ? breakpoint_enter(tcb) : NULL;
    const bool is_fpu_disabled = tcb->flags & TCB_FLAG_FPU_DISABLED;
    return (struct next){
        .kind = NEXT_RUN,
        .timer_ns = s->mcs.timer_ns,
        .is_special = is_fpu_disabled || breakpoints,
        .is_fpu_disabled = is_fpu_disabled,
        .breakpoints = breakpoints,
        .tcb = s->current,
        .vspace = vspace_of_thread(k, tcb),
        .context = &tcb->context,
    };
}

struct next mcs_enter(struct kernel *k, const struct trap *trap)
{
    mcs_trap_take(k, trap);
    release_awaken(k);
    if (k->state->sched_action != SCHED_RESUME_CURRENT)
        sched_run(k);
    time_leave(k);
    struct tcb *tcb = current_tcb(k);
    if (LIKELY(tcb != NULL))
        mcs_thread_activate(k, tcb);
    return mcs_next(k);
}
