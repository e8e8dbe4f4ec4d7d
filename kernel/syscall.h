/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doors through which a trap enters: system calls, and invocations behind them.
 */
#ifndef SELKIE_KERNEL_SYSCALL_H
#define SELKIE_KERNEL_SYSCALL_H

#include "kernel/kernel.h"

/* The current thread made a system call; its registers say which. */
void syscall_handle(struct kernel *k);

/* The current thread invokes the capability its registers name (Send, NBSend, Call). */
void invocation_handle(struct kernel *k, bool is_call, bool is_blocking);

#endif
