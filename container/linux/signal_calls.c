/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls about signals: actions, masks, stacks, waiting for signals, sending them within the process. */
#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/server.h"
#include "container/linux/signal_parts.h"
#include "container/linux/space.h"

enum {
    SIG_BLOCK = 0,
    SIG_UNBLOCK,
    SIG_SETMASK,
    STACK_MINIMUM = 2048
};

#define UNBLOCKABLE (1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1))

HANDLER(call_rt_sigaction)
{
    unsigned signal = (unsigned)ARG(0);
    struct signal_action new;
    if (signal < 1 || signal >= SIGNALS || ARG(3) != SIGNAL_MASK_SIZE ||
        (ARG(1) && signal_bit((int)signal) & UNBLOCKABLE)) {
        return -EINVAL;
    }
    struct signal_action *action = &thread->process->action[signal];
    long error = ARG(1) ? user_read(&new, ARG(1), sizeof new) : 0;
    if (!error && ARG(2)) {
        error = user_write(ARG(2), action, sizeof *action);
    }
    if (!error && ARG(1)) {
        new.mask &= ~UNBLOCKABLE;
        *action = new;
        signal_action_changed(thread->process, (int)signal);
    }
    return error;
}

static long mask_read(uint64_t at, uint64_t size, uint64_t *mask)
{
    return size != SIGNAL_MASK_SIZE ? -EINVAL : user_read(mask, at, sizeof *mask);
}

HANDLER(call_rt_sigprocmask)
{
    uint64_t old = thread->signal_mask, set;
    long error = ARG(3) != SIGNAL_MASK_SIZE ? -EINVAL : ARG(1) ? mask_read(ARG(1), ARG(3), &set) : 0;
    if (!error && ARG(1)) {
        switch (ARG(0)) {
        case SIG_BLOCK:
            set |= old;
            break;
        case SIG_UNBLOCK:
            set = old & ~set;
            break;
        case SIG_SETMASK:
            break;
        default:
            return -EINVAL;
        }
        signal_mask_set(thread, set);
    }
    return error ? error : ARG(2) ? user_write(ARG(2), &old, sizeof old) : 0;
}

HANDLER(call_rt_sigpending)
{
    uint64_t pending = signal_pending(thread) & thread->signal_mask;
    return ARG(1) > SIGNAL_MASK_SIZE ? -EINVAL : user_write(ARG(0), &pending, ARG(1));
}

long signal_stack_set(struct thread *thread, uint64_t sp, const uint64_t new[3])
{
    uint64_t flags = (uint32_t) new[1], mode = flags & ~SS_AUTODISARM;
    if (signal_stack_is_used(thread, sp)) {
        return -EPERM;
    }
    if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE) {
        return -EINVAL;
    }
    if (mode != SS_DISABLE && new[2] < STACK_MINIMUM) {
        return -ENOMEM;
    }
    thread->alternate_stack[0] = mode == SS_DISABLE ? 0 : new[0];
    thread->alternate_stack[1] = mode == SS_DISABLE ? 0 : flags & SS_AUTODISARM;
    thread->alternate_stack[2] = mode == SS_DISABLE ? 0 : new[2];
    return 0;
}

HANDLER(call_sigaltstack)
{
    uint64_t new[3], old[3], sp = thread->registers.rsp;
    memcpy(old, thread->alternate_stack, sizeof old);
    old[1] |= !old[2] ? SS_DISABLE : signal_stack_is_used(thread, sp) ? SS_ONSTACK : 0;
    long error = ARG(0) ? user_read(new, ARG(0), sizeof new) : 0;
    if (!error && ARG(0)) {
        error = signal_stack_set(thread, sp, new);
    }
    return !error && ARG(1) ? user_write(ARG(1), old, sizeof old) : error;
}

HANDLER(call_pause)
{
    (void)call;
    thread->signal_wish = 0;
    return thread_wait(thread, WAIT_SIGNAL, NO_DEADLINE);
}

HANDLER(call_rt_sigsuspend)
{
    uint64_t mask;
    long error = mask_read(ARG(0), ARG(1), &mask);
    if (error) {
        return error;
    }
    signal_mask_borrow(thread, mask);
    return call_pause(thread, call);
}

long signal_mask_borrow_from(struct thread *thread, uint64_t address, uint64_t size)
{
    uint64_t mask;
    long error = address ? mask_read(address, size, &mask) : 0;
    if (!error && address) {
        signal_mask_borrow(thread, mask);
    }
    return error;
}

HANDLER(call_rt_sigtimedwait)
{
    uint64_t wish;
    int64_t deadline = NO_DEADLINE;
    struct siginfo info;
    long error = mask_read(ARG(0), ARG(3), &wish);
    if (!error && !thread->is_repeated) {
        error = clock_deadline_read(ARG(2), CLOCK_MONOTONIC, false, &deadline);
    }
    if (error) {
        return error;
    }
    wish &= ~UNBLOCKABLE;
    if (signal_take(thread, wish, &info)) {
        error = ARG(1) ? user_write(ARG(1), &info, sizeof info) : 0;
        return error ? error : info.signal;
    }
    if (thread->is_expired || (deadline != NO_DEADLINE && deadline <= clock_now(CLOCK_MONOTONIC))) {
        return -EAGAIN;
    }
    thread->signal_wish = wish;
    return thread_wait(thread, WAIT_SIGNAL, deadline);
}

/* Calls that are interrupted without a handler just go on: nobody needs this one. */
HANDLER(call_restart_syscall)
{
    (void)thread;
    (void)call;
    return -EINTR;
}

static bool signal_is_valid(uint64_t signal)
{
    return (uint32_t)signal < SIGNALS;
}

static long send_to_process(struct thread *thread, int id, uint64_t signal, const struct siginfo *info)
{
    if (!signal_is_valid(signal)) {
        return -EINVAL;
    }
    if (id != thread->process->id) {
        long error = SERVER(SERVER_KILL, (uint64_t)thread->process->id, (uint64_t)id, signal,
                            (uint64_t)info->code, info->from.value);
        if (id <= 0) {
            process_expect_news(); /* the sender may be one of them, and has its signal when the call is over */
        }
        return error;
    }
    return (int)signal && !signal_post(thread->process, info) ? -EAGAIN : 0;
}

static long send_to_thread(struct thread *thread, int id, uint64_t signal, const struct siginfo *info)
{
    struct thread *target = thread_find(id);
    if (!signal_is_valid(signal) || id <= 0) {
        return -EINVAL;
    }
    if (!target) {
        return -ESRCH;
    }
    (void)thread;
    return (int)signal && !signal_post_thread(target, info) ? -EAGAIN : 0;
}

static struct siginfo info_of(const struct thread *thread, uint64_t signal, int code)
{
    return (struct siginfo){.signal = (int)signal, .code = code, .from.pid = thread->process->id};
}

HANDLER(call_kill)
{
    struct siginfo info = info_of(thread, ARG(1), SI_USER);
    return send_to_process(thread, (int)ARG(0), ARG(1), &info);
}

HANDLER(call_tkill)
{
    struct siginfo info = info_of(thread, ARG(1), SI_TKILL);
    bool is_other = (int)ARG(0) > 0 && !thread_find((int)ARG(0));
    return is_other ? send_to_process(thread, (int)ARG(0), ARG(1), &info)
                    : send_to_thread(thread, (int)ARG(0), ARG(1), &info);
}

HANDLER(call_tgkill)
{
    struct siginfo info = info_of(thread, ARG(2), SI_TKILL);
    if ((int)ARG(0) <= 0) {
        return -EINVAL;
    }
    if ((int)ARG(0) != thread->process->id) { /* of other processes only the first thread has a name here */
        return ARG(0) == ARG(1) ? send_to_process(thread, (int)ARG(0), ARG(2), &info) : -ESRCH;
    }
    return send_to_thread(thread, (int)ARG(1), ARG(2), &info);
}

/* What a program says of a signal that it sends. */
static long info_read(const struct thread *thread, int id, uint64_t signal, uint64_t at, struct siginfo *info)
{
    long error = user_read(info, at, sizeof *info);
    info->signal = (int)signal;
    bool is_lie = info->code >= 0 || info->code == SI_TKILL; /* what only the kernel and kill(2) say */
    return error ? error : is_lie && id != thread->process->id ? -EPERM : 0;
}

HANDLER(call_rt_sigqueueinfo)
{
    struct siginfo info;
    long error = info_read(thread, (int)ARG(0), ARG(1), ARG(2), &info);
    return error ? error : send_to_process(thread, (int)ARG(0), ARG(1), &info);
}

HANDLER(call_rt_tgsigqueueinfo)
{
    struct siginfo info;
    long error = info_read(thread, (int)ARG(0), ARG(2), ARG(3), &info);
    if (error || (int)ARG(0) != thread->process->id) {
        return error ? error : -ESRCH;
    }
    return send_to_thread(thread, (int)ARG(1), ARG(2), &info);
}
