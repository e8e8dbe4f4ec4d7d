/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop: run what the kernel says until it traps, take the trap to the kernel.
 */
#include <errno.h>
#include <signal.h>

#include "engine/ptrace/state.h"
#include "engine/x86_64/context.h"
#include "engine/x86_64/exception.h"

/* The process of `next`, ready to be resumed in that thread. */
static int guest_prepare(struct engine *e, const struct next *next, struct process **process)
{
    int error = process_acquire(e, next->vspace, process);
    if (!error)
        error = tlb_apply(e, *process);
    if (!error)
        error = process_clear_stub(e, *process);
    if (!error)
        error = vector_load(e, *process, next->tcb);
    if (!error)
        error = registers_load(e, *process, next->context);
    if (!error)
        breakpoints_load(e, *process, next->breakpoints);
    return error;
}

/* Resume and wait for a stop; 0 if a kick came first, so that nothing has run. */
static int guest_resume(struct engine *e, struct process *p, bool is_step)
{
    int stop = 0;
    atomic_store(&e->running_pid, p->pid);
    if (!atomic_load(&e->is_kicked)) {
        int error = is_step ? tracee_step_guest(e, p) : tracee_run_guest(e, p);
        stop = error ? error : tracee_wait(e, p);
    }
    atomic_store(&e->running_pid, 0);
    return stop;
}

/* Run the thread until something happens. */
static int guest_run(struct engine *e, const struct next *next, struct trap *trap, bool *is_trap)
{
    struct process *p = NULL;
    struct user_regs_struct registers;
    *is_trap = false;
    int error = guest_prepare(e, next, &p);
    if (!error && next->is_fpu_disabled && nofpu_refuses(e, p, next->context, trap)) {
        *is_trap = true;
        registers_settle(next->context);
        return 0;
    }
    int stop = error ? error : guest_resume(e, p, next->is_fpu_disabled);
    if (stop <= 0)
        return stop;
    bool is_step = next->is_fpu_disabled && nofpu_is_step(e, p, stop);
    error = tracee_get_registers(e, p, &registers);
    if (error)
        return error;
    if (stop == SYSCALL_STOP)
        registers.rax = registers.orig_rax; /* the host has put an error into rax */
    registers_save(next->context, &registers);
    return is_step ? 0 : fault_decode(e, p, next->context, stop, &registers, trap, is_trap);
}

static struct next kernel_take(struct engine *e, const struct trap *trap)
{
    struct next next = kernel_enter(e->k, 0, trap);
    e->counts.traps++;
    e->guard.repeats = 0;
    if (next.kind == NEXT_RUN && next.tcb != e->last_tcb) {
        e->counts.switches++;
        e->last_tcb = next.tcb;
    }
    return next;
}

/* What came from outside while nothing ran: an interrupt line, a tick or a host object. */
static bool outside_trap_now(struct engine *e, const struct next *next, struct trap *trap)
{
    int irq = e->events->take_irq(e->events->world);
    if (irq >= 0)
        *trap = (struct trap){.kind = TRAP_INTERRUPT, .irq = (uint32_t)irq};
    else if (pace_take_tick(e, next))
        *trap = (struct trap){.kind = TRAP_TICK};
    else if (!e->events->take_host || !e->events->take_host(e->events->world, trap))
        return false;
    if (next->kind == NEXT_RUN)
        registers_settle(next->context);
    return true;
}

static bool outside_trap(struct engine *e, const struct next *next, struct trap *trap)
{
    if (e->k->virtual_clock)
        pace_watch_spin(e, next);
    return outside_trap_now(e, next, trap) ||
           (pace_skip_endless(e, next) && outside_trap_now(e, next, trap));
}

/* One step of a thread; a thread without a VSpace gets no further than its first fetch. */
static int thread_step(struct engine *e, struct next *next)
{
    struct trap trap = {
        .kind = TRAP_VM_FAULT, .address = next->context->next_ip, .status = 4, .is_instruction = true};
    bool is_trap = true;
    int error = 0;
    if (next->vspace == 0) {
        registers_settle(next->context);
    } else if (context_traps_at_once(next->context)) {
        registers_settle(next->context);
        trap = trap_exception(EXCEPTION_DEBUG, 0);
    } else {
        *next = kernel_awake(e->k, 0);
        error = pace_arm(e, next, false);
        if (!error)
            error = guest_run(e, next, &trap, &is_trap);
    }
    if (!error && is_trap)
        *next = kernel_take(e, &trap);
    return error;
}

static enum engine_stop stop_of_error(const struct engine *e, int error)
{
    if (e->events->stop_requested(e->events->world))
        return ENGINE_STOPPED; /* whoever asked may have ended the guests as well */
    return error == -EOWNERDEAD ? ENGINE_HOST_LOST : ENGINE_FAILED;
}

static enum engine_stop run_loop(struct engine *e)
{
    const struct engine_events *events = e->events;
    struct next next = kernel_next(e->k, 0);
    for (;;) {
        struct trap trap;
        int error = 0;
        atomic_store(&e->is_kicked, false); /* before looking at what a kick may stand for */
        if (next.kind == NEXT_HALT)
            return ENGINE_HALTED;
        if (events->stop_requested(events->world))
            return ENGINE_STOPPED;
        if (outside_trap(e, &next, &trap))
            next = kernel_take(e, &trap);
        else if (next.kind == NEXT_RUN)
            error = thread_step(e, &next);
        else if (next.wants_tick || next.timer_ns != UINT64_MAX || events->can_wake(events->world))
            error = pace_idle(e, &next);
        else
            return ENGINE_AT_REST;
        if (error)
            return stop_of_error(e, error);
    }
}

enum engine_stop ptrace_engine_run(struct engine *e, struct diag *diag)
{
    e->diag = diag;
    if (!e->k->vector) {
        diag_errno(diag, EINVAL, "the kernel has no memory for vector state");
        return ENGINE_FAILED;
    }
    if (pace_open(e) < 0)
        return ENGINE_FAILED;
    cpu_pin(&e->pin);
    enum engine_stop stop = run_loop(e);
    e->diag = NULL;
    if (stop != ENGINE_HOST_LOST && stop != ENGINE_FAILED)
        vector_evict_all(e); /* so that the arena and the vector areas are the whole state */
    cpu_unpin(&e->pin);
    return stop;
}
