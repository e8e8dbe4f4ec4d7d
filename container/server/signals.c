/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals on their way from one process to another: kept until the receiver's personality takes them. kill(2). */
#include "container/server/command.h"
#include "container/server/terminal.h"

enum {
    SIGKILL = 9,
    SIGCHLD = 17,
    SIGNALS = 65,
    FIRST_REAL_TIME = 32,
    CLD_EXITED = 1,
    CLD_KILLED = 2,
    CLD_DUMPED = 3,
    DUMPED = 128,
    SIGNAL_MASK = 127,
    SI_KERNEL = 128
};

/* The queue is that of the personality which takes them. An ordinary signal is there once. */
bool signal_queue(struct process *process, const struct server_signal *signal)
{
    struct process *host = process->host;
    for (unsigned i = 0; i < host->pending_count; i++) {
        if (host->pending[i].pid == process->pid && host->pending[i].signal == signal->signal &&
            signal->signal < FIRST_REAL_TIME) {
            process_notify(process);
            return true;
        }
    }
    if (host->pending_count == PENDING) {
        process_notify(process);
        return false;
    }
    struct server_signal *entry = &host->pending[host->pending_count++];
    *entry = *signal;
    entry->pid = process->pid;
    process_notify(process);
    return true;
}

void signal_child(struct process *child, int code)
{
    struct process *parent = child->parent;
    if (!parent || parent->state == PROCESS_FREE || parent->state == PROCESS_ZOMBIE) {
        return;
    }
    if (!code) {
        code = !(child->status & SIGNAL_MASK) ? CLD_EXITED : child->status & DUMPED ? CLD_DUMPED : CLD_KILLED;
    }
    signal_queue(parent, &(struct server_signal){.signal = SIGCHLD,
                                                 .code = code,
                                                 .sender = child->pid,
                                                 .value = (uint64_t)(uint32_t)child->status});
}

static long signal_one(struct process *target, const struct server_signal *signal)
{
    if (signal->signal == 0 || target->state == PROCESS_ZOMBIE) {
        return 0;
    }
    if (signal->signal == SIGKILL && target->host == target) {
        process_end(target, SIGKILL);
        return 0;
    }
    return signal_queue(target, signal) || signal->signal < FIRST_REAL_TIME ? 0 : -EAGAIN;
}

static bool is_selected(const struct process *target, const struct process *sender, int selector)
{
    if (target->state == PROCESS_FREE || target->state == PROCESS_BUILT) {
        return false;
    }
    return selector > 0     ? target->pid == selector
           : selector == 0  ? target->group == sender->group
           : selector == -1 ? target != &processes[0] && target != sender
                            : target->group == -selector;
}

long signal_send_to(const struct process *sender, int selector, const struct server_signal *signal)
{
    if (signal->signal < 0 || signal->signal >= SIGNALS) {
        return -EINVAL;
    }
    long result = -ESRCH;
    bool is_for_sender = false;
    for (unsigned i = processes_used; i-- > 0;) { /* the first process last, since its end is everybody's */
        struct process *target = &processes[i];
        if (!is_selected(target, sender, selector)) {
            continue;
        }
        if (target == sender) {
            is_for_sender = true;
            continue;
        }
        long one = signal_one(target, signal);
        result = result == -ESRCH || one < 0 ? one : result;
    }
    return is_for_sender ? signal_one(&processes[sender - processes], signal) : result;
}

void signals_send(int pid, uint64_t signals)
{
    for (int signal = 1; signals; signal++, signals >>= 1) {
        if (signals & 1) {
            (void)signal_send_to(&processes[0], pid,
                                 &(struct server_signal){.signal = signal, .code = SI_KERNEL});
        }
    }
}

void signal_group(int group, int signal)
{
    if (group > 1) { /* kill(2) of group 1 means everybody */
        (void)signal_send_to(&processes[0], -group,
                             &(struct server_signal){.signal = signal, .code = SI_KERNEL});
        return;
    }
    for (unsigned i = processes_used; i-- > 0 && group == 1;) {
        if (processes[i].state != PROCESS_FREE && processes[i].group == 1) {
            (void)signal_send_to(&processes[0], processes[i].pid,
                                 &(struct server_signal){.signal = signal, .code = SI_KERNEL});
        }
    }
}

void signals_from_manager(void)
{
    struct container_board *board = (struct container_board *)CONTAINER_BOARD;
    console_signals(__atomic_exchange_n(&board->terminal, 0, __ATOMIC_ACQ_REL));
    signals_send(processes[0].pid, __atomic_exchange_n(&board->signals, 0, __ATOMIC_ACQ_REL));
    if (__atomic_exchange_n(&board->has_news, 0, __ATOMIC_ACQ_REL)) {
        commands_serve();
    }
}
