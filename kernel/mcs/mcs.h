/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MCS personality: what the rest of the kernel asks of it. Its own business is
 * in sched_context.h and reply.h. Nothing here may be inlined into what the classic
 * personality runs through, which would pay for it.
 */
#ifndef SELKIE_KERNEL_MCS_MCS_H
#define SELKIE_KERNEL_MCS_MCS_H

#include "kernel/invocation.h"
#include "kernel/kernel.h"
#include "kernel/mcs/reply.h"
#include "kernel/mcs/sched_context.h"

/* Entering and leaving the kernel (enter.c). */
OUT_OF_LINE struct next mcs_enter(struct kernel *k, const struct trap *trap);
OUT_OF_LINE struct next mcs_next(const struct kernel *k);
void mcs_syscall_handle(struct kernel *k); /* syscall.c */
/* In the middle of long work: does anything wait for the kernel to return? With MCS, also the end of the budget. */
static inline bool preemption_is_due(struct kernel *k)
{
    return k->machine->clock.is_interrupt_pending(k->machine->clock.world) ||
           (k->abi->config.is_mcs && budget_is_over(k));
}

/* Before the kernel leaves: charge whoever ran, and find out when the timer is due (time.c). */
void time_leave(struct kernel *k);
/* The current thread begins: if nobody ran before, it pays from now on (time.c). */
OUT_OF_LINE void time_awake(struct kernel *k);

/* Boot (boot.c): the scheduling context of the initial thread, in zeroed memory. */
void mcs_boot_thread(struct kernel *k, struct tcb *tcb, uint64_t sched_context);

/* Messages (ipc.c). `receiver` was taken from its queue and has the message of `sender`: who runs now, and on whose
 * time? */
OUT_OF_LINE void mcs_send_complete(struct kernel *k, struct tcb *sender, struct tcb *receiver,
                                   struct endpoint_send how);
/* Receive from an endpoint; `reply` (0: none) names the reply object for a call. */
void mcs_receive(struct kernel *k, struct tcb *receiver, struct cap cap, uint64_t reply, bool is_blocking);
/* Somebody who waited starts over, because what he waited for goes away. */
OUT_OF_LINE void mcs_waiter_restart(struct kernel *k, struct tcb *tcb);
/* Before a thread leaves whatever IPC it is in. */
OUT_OF_LINE void mcs_cancel(struct kernel *k, struct tcb *tcb);
/* The thread, which became runnable, may get the processor. */
OUT_OF_LINE void mcs_wake(struct kernel *k, struct tcb *tcb);
/* A thread that was signalled, or that waits for a signal, gets or returns the notification's scheduling context. */
OUT_OF_LINE void mcs_notification_lend(struct kernel *k, struct notification *notification, struct tcb *tcb);
OUT_OF_LINE void mcs_notification_take_back(struct kernel *k, struct notification *notification,
                                            struct tcb *tcb);
/* Answer whoever waits with the reply object at `reply`. */
OUT_OF_LINE void mcs_reply(struct kernel *k, struct tcb *sender, uint64_t reply, bool can_grant);

/* Faults (fault.c). */
OUT_OF_LINE void mcs_fault_raise(struct kernel *k, struct tcb *tcb, struct fault fault);
bool timeout_has_handler(const struct tcb *tcb);
void timeout_raise(struct kernel *k, struct tcb *tcb, const struct sched_context *sc);

/* Threads (thread.c). */
OUT_OF_LINE void mcs_thread_stop(struct kernel *k,
                                 struct tcb *tcb); /* it is INACTIVE and in no ready queue */
OUT_OF_LINE void mcs_thread_set_priority(struct kernel *k, struct tcb *tcb, uint8_t priority);

/* Invocations. */
OUT_OF_LINE MUST_USE struct result mcs_tcb_decode(struct kernel *k, struct invocation *in);
OUT_OF_LINE MUST_USE struct result sched_context_decode(struct kernel *k, struct invocation *in);
/* May the thread get this scheduling context? */
MUST_USE struct result sched_context_check_thread(struct kernel *k, const struct sched_context *sc,
                                                  const struct tcb *tcb);
OUT_OF_LINE MUST_USE struct result sched_control_decode(struct kernel *k, struct invocation *in);

/* The end of objects. */
void sched_context_finalise(struct kernel *k, uint64_t paddr);
void reply_object_finalise(struct kernel *k, uint64_t paddr);
void mcs_thread_finalise(struct kernel *k, struct tcb *tcb);
void mcs_notification_unbind(struct kernel *k, struct notification *notification);

#endif
