/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals, as far as they are here: actions and masks are kept, and a signal that a program sends itself ends it if
 * that is what its default action does. Handlers do not run yet.
 */
#include "container/linux/calls.h"
#include "container/linux/space.h"

enum {
    SIG_DFL,
    SIG_IGN,
    SIG_BLOCK = 0,
    SIG_UNBLOCK,
    SIG_SETMASK,
    SIGKILL = 9,
    SIGCHLD = 17,
    SIGCONT = 18,
    SIGSTOP = 19,
    SIGTTOU = 22,
    SIGURG = 23,
    SIGWINCH = 28,
    MASK_SIZE = 8,
    SS_DISABLE = 2
};

HANDLER(call_rt_sigaction)
{
    unsigned signal = (unsigned)ARG(0);
    struct signal_action new;
    if (signal < 1 || signal >= SIGNALS || ARG(3) != MASK_SIZE ||
        (ARG(1) && (signal == SIGKILL || signal == SIGSTOP))) {
        return -EINVAL;
    }
    struct signal_action *action = &thread->process->action[signal];
    long error = ARG(1) ? user_read(&new, ARG(1), sizeof new) : 0;
    if (!error && ARG(2)) {
        error = user_write(ARG(2), action, sizeof *action);
    }
    if (!error && ARG(1)) {
        *action = new;
    }
    return error;
}

HANDLER(call_rt_sigprocmask)
{
    uint64_t old = thread->signal_mask, set;
    long error = ARG(3) != MASK_SIZE ? -EINVAL : ARG(1) ? user_read(&set, ARG(1), sizeof set) : 0;
    if (!error && ARG(1)) {
        switch (ARG(0)) {
        case SIG_BLOCK:
            thread->signal_mask |= set;
            break;
        case SIG_UNBLOCK:
            thread->signal_mask &= ~set;
            break;
        case SIG_SETMASK:
            thread->signal_mask = set;
            break;
        default:
            return -EINVAL;
        }
    }
    return error ? error : ARG(2) ? user_write(ARG(2), &old, sizeof old) : 0;
}

HANDLER(call_rt_sigpending)
{
    uint64_t none = 0;
    (void)thread;
    return user_write(ARG(0), &none, sizeof none);
}

HANDLER(call_sigaltstack)
{
    uint64_t none[3] = {0, SS_DISABLE, 0};
    bool is_set = thread->alternate_stack[0] || thread->alternate_stack[2];
    long error = ARG(1) ? user_write(ARG(1), is_set ? thread->alternate_stack : none, sizeof none) : 0;
    return !error && ARG(0) ? user_read(thread->alternate_stack, ARG(0), sizeof thread->alternate_stack)
                            : error;
}

/* For ever, since no handler runs. */
HANDLER(call_pause)
{
    (void)call;
    return thread_wait(thread, WAIT_TIME, NO_DEADLINE);
}

static bool signal_is_harmless(unsigned signal)
{
    return signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH ||
           (signal >= SIGSTOP && signal <= SIGTTOU);
}

static long signal_send(struct process *process, unsigned signal)
{
    if (signal >= SIGNALS) {
        return -EINVAL;
    }
    uint64_t handler = process->action[signal].handler;
    if (signal == 0 || handler == SIG_IGN || (handler == SIG_DFL && signal_is_harmless(signal))) {
        return 0;
    }
    if (handler == SIG_DFL || signal == SIGKILL) {
        process_exit((int)signal);
    }
    log_line("signal %u has a handler, which does not run yet", signal);
    return 0;
}

HANDLER(call_kill)
{
    int id = (int)ARG(0);
    return id == thread->process->id || id == 0 || id == -1 ? signal_send(thread->process, (unsigned)ARG(1))
                                                            : -ESRCH;
}

HANDLER(call_tkill)
{
    return thread_find((int)ARG(0)) ? signal_send(thread->process, (unsigned)ARG(1)) : -ESRCH;
}

HANDLER(call_tgkill)
{
    return thread_find((int)ARG(1)) && (int)ARG(0) == thread->process->id
               ? signal_send(thread->process, (unsigned)ARG(2))
               : -ESRCH;
}
