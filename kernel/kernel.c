/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel as a function: take a trap, change the state, say what runs next.
 * Manual: chapter "Kernel Services and Objects".
 */
#include "kernel/kernel.h"

#include "kernel/benchmark.h"
#include "kernel/host/host.h"
#include "kernel/ipc.h"
#include "kernel/irq.h"
#include "kernel/mcs/mcs.h"
#include "kernel/state.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "kernel/vspace.h"
#include "kernel/x86_64/x86.h"

/* A thread whose system call starts over goes back to its instruction. */
static void thread_activate(struct tcb *tcb)
{
    if (LIKELY(tcb->state != THREAD_RESTART))
        return;
    tcb->context.next_ip = tcb->context.reg[REG_FAULT_IP];
    tcb->state = THREAD_RUNNING;
}

/* Can the passing of time take the processor from the current thread? */
static bool tick_matters(const struct kernel *k, const struct tcb *tcb)
{
    return UNLIKELY(k->abi->config.domains > 1) ||
           k->state->ready[tcb->domain].queue[tcb->priority].head != 0;
}

COLD OUT_OF_LINE static struct next next_other(const struct kernel *k)
{
    if (k->state->is_halted)
        return (struct next){.kind = NEXT_HALT, .timer_ns = UINT64_MAX};
    return (struct next){.kind = NEXT_IDLE, .wants_tick = sched_is_anybody_ready(k), .timer_ns = UINT64_MAX};
}

COLD OUT_OF_LINE static struct next next_special(const struct kernel *k, struct tcb *tcb)
{
    const struct breakpoints *breakpoints = tcb->debug.is_used ? breakpoint_enter(tcb) : NULL;
    const bool is_fpu_disabled = tcb->flags & TCB_FLAG_FPU_DISABLED;
    return (struct next){
        .kind = NEXT_RUN,
        .wants_tick = tick_matters(k, tcb),
        .timer_ns = UINT64_MAX,
        .is_special = is_fpu_disabled || breakpoints,
        .is_fpu_disabled = is_fpu_disabled,
        .breakpoints = breakpoints,
        .tcb = k->state->current,
        .vspace = vspace_of_thread(k, tcb),
        .context = &tcb->context,
    };
}

/* Each way writes the answer once: a copy of it would cost more than finding it. */
static inline __attribute__((always_inline)) struct next next_of(const struct kernel *k, struct tcb *tcb)
{
    const struct kernel_state *s = k->state;
    if (UNLIKELY(!tcb || s->is_halted))
        return next_other(k);
    if (UNLIKELY(tcb->is_special))
        return next_special(k, tcb);
    return (struct next){
        .kind = NEXT_RUN,
        .wants_tick = tick_matters(k, tcb),
        .timer_ns = UINT64_MAX,
        .tcb = s->current,
        .vspace = vspace_of_thread(k, tcb),
        .context = &tcb->context,
    };
}

struct next kernel_next(struct kernel *k, unsigned core)
{
    (void)core;
    return k->abi->config.is_mcs ? mcs_next(k) : next_of(k, current_tcb(k));
}

struct next kernel_awake(struct kernel *k, unsigned core)
{
    if (k->abi->config.is_mcs)
        time_awake(k);
    return kernel_next(k, core);
}

static void fault_take(struct kernel *k, struct tcb *tcb, const struct trap *trap)
{
    if (k->abi->config.has_hardware_debug && breakpoint_is_trap(trap))
        breakpoint_trap(k, tcb, trap);
    else if (!x86_trap_is_ignored(trap, &tcb->context))
        fault_raise(k, tcb, x86_fault_of_trap(trap, &tcb->context));
}

/* Any trap but a system call. */
OUT_OF_LINE static void trap_handle(struct kernel *k, const struct trap *trap)
{
    switch (trap->kind) {
    case TRAP_SYSCALL:
        ASSERT(trap->kind != TRAP_SYSCALL);
        return;
    case TRAP_VM_FAULT:
    case TRAP_EXCEPTION:
        ASSERT(k->state->current != 0);
        fault_take(k, current_tcb(k), trap);
        return;
    case TRAP_INTERRUPT:
        irq_deliver(k, trap->irq);
        return;
    case TRAP_HOST:
        host_ready(k, trap->address, trap->status);
        return;
    case TRAP_TICK:
        sched_tick(k);
        return;
    }
}

COLD OUT_OF_LINE static void special_begin(struct kernel *k, const struct trap *trap)
{
    struct benchmark *b = &k->state->benchmark;
    ASSERT(!k->state->is_halted);
    if (k->machine->clock.charge != NULL)
        k->machine->clock.charge(k->machine->clock.world, MACHINE_CHARGE_ENTRY);
    b->is_entry_counted = b->is_on;
    if (b->is_on)
        benchmark_enter(k, trap);
}

COLD OUT_OF_LINE static void special_end(struct kernel *k)
{
    if (k->state->benchmark.is_entry_counted)
        benchmark_leave(k);
}

COLD OUT_OF_LINE static struct next special_mcs_enter(struct kernel *k, const struct trap *trap)
{
    struct next next = mcs_enter(k, trap);
    special_end(k);
    return next;
}

struct next kernel_enter(struct kernel *k, unsigned core, const struct trap *trap)
{
    (void)core;
    if (UNLIKELY(k->state->is_entry_special)) {
        special_begin(k, trap);
        if (k->abi->config.is_mcs)
            return special_mcs_enter(k, trap);
    }
    if (LIKELY(trap->kind == TRAP_SYSCALL))
        syscall_handle(k);
    else
        trap_handle(k, trap);
    if (k->state->sched_action != SCHED_RESUME_CURRENT)
        sched_run(k);
    if (UNLIKELY(k->state->is_entry_special))
        special_end(k);
    struct tcb *tcb = current_tcb(k);
    if (LIKELY(tcb != NULL))
        thread_activate(tcb);
    return next_of(k, tcb);
}
