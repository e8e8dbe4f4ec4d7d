/* SPDX-License-Identifier: BSD-2-Clause */
/* Pending signals, whom they go to, and their default actions. signal(7), kill(2). */
#include "container/linux/signal_parts.h"

#include "container/linux/heap.h"

#define IGNORED_SIGNALS                                                                                      \
    (1ul << (SIGCHLD - 1) | 1ul << (SIGCONT - 1) | 1ul << (SIGURG - 1) | 1ul << (SIGWINCH - 1))
#define STOP_SIGNALS                                                                                         \
    (1ul << (SIGSTOP - 1) | 1ul << (SIGTSTP - 1) | 1ul << (SIGTTIN - 1) | 1ul << (SIGTTOU - 1))
/* Of faults: before all others. */
#define FAULT_SIGNALS                                                                                        \
    (1ul << (SIGSEGV - 1) | 1ul << (SIGBUS - 1) | 1ul << (SIGILL - 1) | 1ul << (SIGTRAP - 1) |               \
     1ul << (SIGFPE - 1) | 1ul << (SIGSYS - 1))

struct signal_entry {
    struct signal_entry *next;
    struct siginfo info;
};

/* A signal below SIGRTMIN is pending once; others as often as they are sent. */
static bool set_add(struct signal_set *set, const struct siginfo *info)
{
    uint64_t bit = signal_bit(info->signal);
    if (info->signal < SIGRTMIN && set->mask & bit) {
        return true;
    }
    struct signal_entry *entry = heap_alloc(sizeof *entry), **at = &set->first;
    if (!entry && info->signal >= SIGRTMIN && info->code == SI_QUEUE) {
        return false;
    }
    set->mask |= bit;
    if (entry) {
        entry->info = *info;
        while (*at) {
            at = &(*at)->next;
        }
        *at = entry;
    }
    return true;
}

static void set_drop(struct signal_set *set, uint64_t mask)
{
    set->mask &= ~mask;
    for (struct signal_entry **at = &set->first; *at;) {
        struct signal_entry *entry = *at;
        if (signal_bit(entry->info.signal) & mask) {
            *at = entry->next;
            heap_free(entry, sizeof *entry);
        } else {
            at = &entry->next;
        }
    }
}

static void set_take(struct signal_set *set, int signal, struct siginfo *info)
{
    uint64_t bit = signal_bit(signal);
    bool is_found = false, is_more = false;
    *info = (struct siginfo){.signal = signal};
    for (struct signal_entry **at = &set->first; *at && !is_more;) {
        struct signal_entry *entry = *at;
        if (entry->info.signal == signal && !is_found) {
            is_found = true;
            *info = entry->info;
            *at = entry->next;
            heap_free(entry, sizeof *entry);
            continue;
        }
        is_more = entry->info.signal == signal;
        at = &entry->next;
    }
    set->mask = is_more ? set->mask : set->mask & ~bit;
}

bool signal_take(struct thread *thread, uint64_t wanted, struct siginfo *info)
{
    struct signal_set *sets[] = {&thread->pending, &thread->process->pending};
    for (unsigned i = 0; i < 2; i++) {
        uint64_t mask = sets[i]->mask & wanted;
        if (mask) {
            mask = mask & FAULT_SIGNALS ? mask & FAULT_SIGNALS : mask;
            set_take(sets[i], __builtin_ctzl(mask) + 1, info);
            if (info->code == SI_TIMER) {
                info->timer.overrun = timer_overrun_take(info->timer.id);
            }
            return true;
        }
    }
    return false;
}

bool signal_timer_is_pending(const struct signal_set *set, int id)
{
    for (const struct signal_entry *entry = set->first; entry; entry = entry->next) {
        if (entry->info.code == SI_TIMER && entry->info.timer.id == id) {
            return true;
        }
    }
    return false;
}

uint64_t signal_pending(const struct thread *thread)
{
    return thread->pending.mask | thread->process->pending.mask;
}

bool signal_is_due(const struct thread *thread)
{
    return signal_pending(thread) & ~thread->signal_mask;
}

enum signal_default signal_default_of(int signal)
{
    uint64_t bit = signal_bit(signal);
    return bit & IGNORED_SIGNALS ? DEFAULT_IGNORE : bit & STOP_SIGNALS ? DEFAULT_STOP : DEFAULT_END;
}

static bool signal_is_ignored(const struct process *process, int signal)
{
    uint64_t handler = process->action[signal].handler;
    return handler == SIG_IGN || (handler == SIG_DFL && signal_default_of(signal) == DEFAULT_IGNORE);
}

static void pending_drop(struct process *process, uint64_t mask)
{
    set_drop(&process->pending, mask);
    for (unsigned i = 0; i < thread_end; i++) {
        if (threads[i].process == process) {
            set_drop(&threads[i].pending, mask);
        }
    }
}

void signal_action_changed(struct process *process, int signal)
{
    if (signal_is_ignored(process, signal)) {
        pending_drop(process, signal_bit(signal));
    }
}

/* What a signal does when it is sent, whoever blocks it. */
static void signal_prepare(struct process *process, int signal)
{
    if (signal == SIGKILL) {
        process_end(process, SIGKILL);
    }
    if (signal == SIGCONT) {
        pending_drop(process, STOP_SIGNALS);
        signal_continue(process);
    } else if (signal_bit(signal) & STOP_SIGNALS) {
        pending_drop(process, signal_bit(SIGCONT));
    }
}

static bool thread_wishes(const struct thread *thread, int signal)
{
    return thread->wait == WAIT_SIGNAL && thread->signal_wish & signal_bit(signal);
}

static bool thread_accepts(const struct thread *thread, int signal)
{
    return thread_wishes(thread, signal) || !(thread->signal_mask & signal_bit(signal));
}

/* A thread that takes the signal: one that asks for it, else the first that does not block it. */
static struct thread *signal_target(const struct process *process, int signal)
{
    struct thread *target = NULL;
    for (unsigned i = 0; i < thread_end; i++) {
        struct thread *thread = &threads[i];
        if (!thread->id || thread->process != process) {
            continue;
        }
        if (thread_wishes(thread, signal)) {
            return thread;
        }
        if (!target && thread_accepts(thread, signal)) {
            target = thread;
        }
    }
    return target;
}

static void signal_wake(struct thread *thread, int signal)
{
    bool is_to_repeat = thread->is_queued && thread->wait != WAIT_NOTHING;
    if (thread_wishes(thread, signal)) {
        thread_retry(thread);
    } else if (thread == thread_current || is_to_repeat || thread->is_held || thread->process->is_stopped ||
               thread->signal_mask & signal_bit(signal)) {
        return; /* it looks by itself */
    } else if (thread->wait != WAIT_NOTHING) {
        signal_interrupt(thread);
    } else {
        signal_computing(thread);
    }
}

bool signal_post_thread(struct thread *thread, const struct siginfo *info)
{
    struct process *process = thread->process;
    signal_prepare(process, info->signal);
    if (signal_is_ignored(process, info->signal) && !thread_wishes(thread, info->signal) &&
        thread_accepts(thread, info->signal)) {
        return true;
    }
    if (!set_add(&thread->pending, info)) {
        return false;
    }
    signalfds_notice(signal_bit(info->signal));
    signal_wake(thread, info->signal);
    return true;
}

bool signal_post(struct process *process, const struct siginfo *info)
{
    signal_prepare(process, info->signal);
    struct thread *target = signal_target(process, info->signal);
    if (target && signal_is_ignored(process, info->signal) && !thread_wishes(target, info->signal)) {
        return true;
    }
    if (!set_add(&process->pending, info)) {
        return false;
    }
    signalfds_notice(signal_bit(info->signal));
    if (target) {
        signal_wake(target, info->signal);
    }
    return true;
}

void signal_send(struct process *process, int signal, int code, int sender)
{
    signal_post(process, &(struct siginfo){.signal = signal, .code = code, .from.pid = sender});
}

void signal_thread_end(struct thread *thread)
{
    set_drop(&thread->pending, ~0ul);
    uint64_t left = thread->process->pending.mask & ~thread->signal_mask;
    for (unsigned i = 0; left && i < thread_end; i++) { /* what it was to take is another's now */
        struct thread *other = &threads[i];
        uint64_t due = left & ~other->signal_mask;
        if (other->id && other != thread && other->process == thread->process && due) {
            signal_wake(other, __builtin_ctzl(due) + 1);
        }
    }
}

void signal_fork(struct process *process, struct thread *thread)
{
    set_drop(&process->pending, ~0ul);
    set_drop(&thread->pending, ~0ul);
    timers_drop(process, true);
}

void signal_exec(struct process *process, struct thread *thread)
{
    for (int signal = 1; signal < SIGNALS; signal++) {
        uint64_t handler = process->action[signal].handler;
        process->action[signal] = (struct signal_action){.handler = handler == SIG_IGN ? SIG_IGN : SIG_DFL};
    }
    memset(thread->alternate_stack, 0, sizeof thread->alternate_stack);
    timers_drop(process, false);
}
