/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doors through which a trap enters: system calls, and invocations behind them.
 */
#ifndef SELKIE_KERNEL_SYSCALL_H
#define SELKIE_KERNEL_SYSCALL_H

#include "kernel/kernel.h"

/* The current thread made a system call; its registers say which. */
void syscall_handle(struct kernel *k);

/* How a system call invokes. */
struct invocation_how {
    bool is_call, is_blocking;
    bool can_donate;     /* MCS: the caller's scheduling context may go with a message */
    bool is_first_phase; /* MCS: of two, where long work is not allowed */
};

/* The current thread invokes the capability at `cptr` (Send, NBSend, Call). False: it was preempted and starts over. */
bool invocation_handle(struct kernel *k, uint64_t cptr, struct invocation_how how);

#endif
