/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what is due to what a thread does next: handlers get their frames, default actions happen, stopped threads
 * are held. Each function ends with the thread going on, held, or waiting as before.
 */
#include "container/linux/signal_parts.h"

enum {
    FLAGS_OF_CALLER = 0x10500 /* direction, trap and resume flag: not a handler's */
};

#define UNBLOCKABLE (1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1))

void signal_mask_set(struct thread *thread, uint64_t mask)
{
    thread->signal_mask = mask & ~UNBLOCKABLE;
}

void signal_mask_borrow(struct thread *thread, uint64_t mask)
{
    if (!thread->has_saved_mask) {
        thread->has_saved_mask = true;
        thread->saved_mask = thread->signal_mask;
    }
    signal_mask_set(thread, mask);
}

void signal_mask_give_back(struct thread *thread)
{
    if (thread->has_saved_mask) {
        thread->has_saved_mask = false;
        thread->signal_mask = thread->saved_mask;
    }
}

/* The next due signal that has a handler; default actions of others happen on the way. NULL: nothing is left, or the
 * process is stopped. */
static const struct signal_action *handler_next(struct thread *thread, struct siginfo *info)
{
    struct process *process = thread->process;
    while (!process->is_stopped && signal_take(thread, ~thread->signal_mask, info)) {
        const struct signal_action *action = &process->action[info->signal];
        if (action->handler == SIG_IGN) {
            continue;
        }
        if (action->handler != SIG_DFL) {
            return action;
        }
        switch (signal_default_of(info->signal)) {
        case DEFAULT_IGNORE:
            break;
        case DEFAULT_STOP:
            if (info->signal == SIGSTOP || !process_is_orphaned(process)) {
                signal_stop(process, info->signal);
            }
            break;
        default:
            process_end(process, info->signal);
        }
    }
    return NULL;
}

/* The frame, and what the handler's flags change. Without room for it, the thread gets SIGSEGV for it instead. */
static void handler_enter(struct thread *thread, const struct signal_action *entered,
                          const struct siginfo *info, struct user_registers *registers)
{
    struct process *process = thread->process;
    const struct signal_action action = *entered;
    if (!signal_frame_push(thread, &action, info, registers)) {
        struct signal_action *fault = &process->action[SIGSEGV];
        if (info->signal == SIGSEGV || fault->handler <= SIG_IGN ||
            thread->signal_mask & signal_bit(SIGSEGV)) {
            log_line("thread %d: no stack for a signal handler, sp 0x%lx", thread->id, registers->rsp);
            process_end(process, SIGSEGV);
        }
        handler_enter(thread, fault, &(struct siginfo){.signal = SIGSEGV, .code = SI_KERNEL}, registers);
        return;
    }
    thread->has_saved_mask = false;
    uint64_t mask = thread->signal_mask | action.mask;
    signal_mask_set(thread, action.flags & SA_NODEFER ? mask : mask | signal_bit(info->signal));
    if (action.flags & SA_RESETHAND) {
        process->action[info->signal].handler = SIG_DFL;
    }
    registers->rflags &= ~(uint64_t)FLAGS_OF_CALLER;
}

/* Frames for all that is due, then the thread goes on. */
static void handlers_enter(struct thread *thread, struct user_registers *registers)
{
    struct siginfo info;
    const struct signal_action *action;
    while ((action = handler_next(thread, &info))) {
        handler_enter(thread, action, &info, registers);
    }
    if (thread->process->is_stopped) {
        thread->is_held = true;
        thread->registers = *registers;
    } else {
        kernel_thread_resume(&thread->kernel, registers);
    }
}

void signal_return(struct thread *thread, struct user_registers *registers)
{
    handlers_enter(thread, registers);
}

void signal_interrupt(struct thread *thread)
{
    struct siginfo info;
    const struct signal_action *action = signal_call_lasts(thread) ? NULL : handler_next(thread, &info);
    if (!action) {
        return;
    }
    struct user_registers registers = thread->registers;
    signal_call_interrupted(thread, action->flags & SA_RESTART, &registers);
    thread_call_over(thread);
    handler_enter(thread, action, &info, &registers);
    handlers_enter(thread, &registers);
}

void signal_computing(struct thread *thread)
{
    struct user_registers registers;
    if (kernel_reply_take(&thread->kernel, &registers) || kernel_thread_read(&thread->kernel, &registers)) {
        handlers_enter(thread, &registers);
    }
}

void signal_fault(struct thread *thread, const struct siginfo *info, const struct user_registers *at)
{
    struct user_registers registers = *at;
    const struct signal_action *action = &thread->process->action[info->signal];
    if (action->handler <= SIG_IGN || thread->signal_mask & signal_bit(info->signal)) {
        log_line("thread %d: signal %d, ip 0x%lx, address 0x%lx", thread->id, info->signal, at->rip,
                 info->fault.address);
        process_end(thread->process, info->signal);
    }
    handler_enter(thread, action, info, &registers);
    handlers_enter(thread, &registers);
}

void signal_stop(struct process *process, int signal)
{
    process->is_stopped = true;
    process_stopped(process, signal);
    for (unsigned i = 0; i < thread_end; i++) {
        struct thread *thread = &threads[i];
        bool is_computing = thread->id && thread->process == process && thread->wait == WAIT_NOTHING;
        if (!is_computing || thread == thread_current || thread->is_held || thread->is_suspended) {
            continue; /* held when its call is over; or already */
        }
        if (kernel_reply_take(&thread->kernel, &thread->registers)) {
            thread->is_held = true;
        } else {
            kernel_thread_stop(&thread->kernel);
            thread->is_suspended = true;
        }
    }
}

static void thread_continue(struct thread *thread)
{
    struct user_registers registers = thread->registers;
    if (!thread->is_held && thread->is_suspended) {
        thread->is_held = kernel_thread_read(&thread->kernel, &registers);
    }
    thread->is_suspended = false;
    if (thread->is_held) {
        thread->is_held = false;
        handlers_enter(thread, &registers);
    } else if (thread->wait != WAIT_NOTHING && !signal_call_lasts(thread)) {
        thread_retry(thread); /* nothing of what happened meanwhile has reached it */
    }
}

void signal_continue(struct process *process)
{
    if (!process->is_stopped) {
        return;
    }
    process->is_stopped = false;
    process_stopped(process, 0);
    for (unsigned i = 0; i < thread_end && !process->is_stopped; i++) {
        if (threads[i].id && threads[i].process == process && &threads[i] != thread_current) {
            thread_continue(&threads[i]);
        }
    }
}
