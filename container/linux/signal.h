/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals: posting them, and what they do to threads. signal(7).
 *
 * A posted signal is *pending* in the set of a thread or of the process until some thread does not block it. Then it
 * is *due*, and at once: a thread that computes gets new registers, one that waits in a call is interrupted, and the
 * one whose call is being served is told when that call is answered. So no due signal is left when the personality
 * waits for its next message, but for stopped processes.
 */
#ifndef SELKIE_LINUX_SIGNAL_H
#define SELKIE_LINUX_SIGNAL_H

#include "container/linux/base.h"

enum {
    SIGHUP = 1,
    SIGINT,
    SIGQUIT,
    SIGILL,
    SIGTRAP,
    SIGABRT,
    SIGBUS,
    SIGFPE,
    SIGKILL,
    SIGUSR1,
    SIGSEGV,
    SIGUSR2,
    SIGPIPE,
    SIGALRM,
    SIGTERM,
    SIGSTKFLT,
    SIGCHLD,
    SIGCONT,
    SIGSTOP,
    SIGTSTP,
    SIGTTIN,
    SIGTTOU,
    SIGURG,
    SIGXCPU,
    SIGXFSZ,
    SIGVTALRM,
    SIGPROF,
    SIGWINCH,
    SIGIO,
    SIGPWR,
    SIGSYS,
    SIGRTMIN,
    SIGNALS = 65,

    SIG_DFL = 0,
    SIG_IGN = 1,

    SI_USER = 0,
    SI_KERNEL = 0x80,
    SI_QUEUE = -1,
    SI_TIMER = -2,
    SI_TKILL = -6
};

struct process;
struct thread;
struct user_registers;

struct siginfo { /* as programs see it, 128 bytes */
    int32_t signal, error, code, padding;
    union {
        struct {
            int32_t pid;
            uint32_t uid;
            uint64_t value;
        } from;
        struct {
            int32_t pid;
            uint32_t uid;
            int32_t status, padding;
            int64_t user_time, system_time;
        } child;
        struct {
            int32_t id, overrun;
            uint64_t value;
        } timer;
        struct {
            uint64_t address;
        } fault;
        unsigned char bytes[112];
    };
};

struct signal_action { /* as rt_sigaction passes it */
    uint64_t handler, flags, restorer, mask;
};

struct signal_entry;

struct signal_set {
    uint64_t mask; /* bit signal - 1 */
    struct signal_entry *first;
};

static inline uint64_t signal_bit(int signal)
{
    return 1ul << (signal - 1);
}

/* Send a signal to the process, or to one of its threads. May end or stop the process. May be called at any time;
 * when it comes from a call of the target thread itself, it is handled when that call is answered.
 * False: no memory to keep it (real-time signals with a value only; EAGAIN). */
bool signal_post(struct process *process, const struct siginfo *info);
bool signal_post_thread(struct thread *thread, const struct siginfo *info);

/* The same for signals that say nothing but who sent them. */
void signal_send(struct process *process, int signal, int code, int sender);

/* A fault of this thread, which cannot be put off: its handler runs next, or the process ends. `registers` are those
 * of the fault; the thread goes on by itself, its fault message must not be answered. */
void signal_fault(struct thread *thread, const struct siginfo *info, const struct user_registers *registers);

/* A fault that the processor told of; the same holds. The address cannot be filled (space_fill). */
void signal_memory_fault(struct thread *thread, uint64_t address, uint64_t ip, bool is_write);
void signal_exception(struct thread *thread, unsigned number, uint64_t error_code, uint64_t ip);

/* Is there something for this thread to do before its call returns? */
bool signal_is_due(const struct thread *thread);

/* Called by thread.c. A call is over: the thread goes on behind it, or in a handler, or not at all while the process
 * is stopped. Registers are those behind the call. */
void signal_return(struct thread *thread, struct user_registers *registers);

/* Called by thread.c. The thread waits in a call and has something due: end the call, unless that needs no handler. */
void signal_interrupt(struct thread *thread);

/* Set the mask for the time of a call (ppoll, sigsuspend): the old one comes back when the call is over. */
void signal_mask_borrow(struct thread *thread, uint64_t mask);

/* The same as ppoll(2) and its kin pass it: no address, no mask. To be called each time the call is made; the size
 * is checked. 0 or an error number. */
long signal_mask_borrow_from(struct thread *thread, uint64_t address, uint64_t size);

/* The old mask comes back. */
void signal_mask_give_back(struct thread *thread);

/* Set the mask for good. */
void signal_mask_set(struct thread *thread, uint64_t mask);

/* Call the process stopped, and let it go on. */
void signal_stop(struct process *process, int signal);
void signal_continue(struct process *process);

/* The child of a fork: nothing is pending, no timer runs. A new program: handlers go back to their defaults, the
 * alternate stack and the timers of timer_create(2) go. A thread that ends: what is pending for it goes. */
void signal_fork(struct process *process, struct thread *thread);
void signal_exec(struct process *process, struct thread *thread);
void signal_thread_end(struct thread *thread);

/* The stack that a frame takes at most, as AT_MINSIGSTKSZ tells. */
uint64_t signal_stack_minimum(void);

/* In timer_calls.c: expirations; the next deadline or NO_DEADLINE. */
int64_t timers_expire(int64_t now);

/* In signalfd.c: these signals are pending now. */
void signalfds_notice(uint64_t mask);

#endif
