/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files about signals share, and nobody else needs. */
#ifndef SELKIE_LINUX_SIGNAL_PARTS_H
#define SELKIE_LINUX_SIGNAL_PARTS_H

#include "container/linux/process.h"

enum {
    SIGNAL_MASK_SIZE = 8,

    SA_SIGINFO = 4,
    SA_ONSTACK = 0x08000000,
    SA_RESTART = 0x10000000,
    SA_NODEFER = 0x40000000,
    SA_RESTORER = 0x04000000,

    SS_ONSTACK = 1,
    SS_DISABLE = 2
};
#define SA_RESETHAND  0x80000000ul
#define SS_AUTODISARM 0x80000000ul

enum signal_default {
    DEFAULT_END,
    DEFAULT_IGNORE,
    DEFAULT_STOP
};

/* In signal.c. */
uint64_t signal_pending(const struct thread *thread);
bool signal_take(struct thread *thread, uint64_t wanted, struct siginfo *info); /* false: none of them */
bool signal_timer_is_pending(const struct signal_set *set, int id);
enum signal_default signal_default_of(int signal);
void signal_action_changed(struct process *process, int signal);

/* In signal_deliver.c: something is due for a thread that is in no call. */
void signal_computing(struct thread *thread);

/* In signal_frame.c: let the thread enter a handler, then go on as it is. False: there is no room for the frame. */
bool signal_frame_push(struct thread *thread, const struct signal_action *action, const struct siginfo *info,
                       struct user_registers *registers);
bool signal_stack_is_used(const struct thread *thread, uint64_t sp);
uint64_t
signal_vector_components(uint32_t *size); /* of XSAVE, and bytes of the state; 0: FXSAVE is all there is */

/* sigaltstack(2)'s new value: an error number or 0. */
long signal_stack_set(struct thread *thread, uint64_t sp, const uint64_t new[3]);

/* In signal_restart.c: registers of a call that a handler interrupts. */
bool signal_call_lasts(const struct thread *thread); /* no signal interrupts it */
void signal_call_interrupted(struct thread *thread, bool may_restart, struct user_registers *registers);

/* In timer_calls.c: timers of timer_create(2) go, and those of setitimer(2) too if asked. */
void timers_drop(const struct process *process, bool with_intervals);

/* A handler returned. */
void timers_delivered(void);

/* A timer's signal is taken: how many expirations it stands for beyond the first. */
int timer_overrun_take(int id);

#endif
