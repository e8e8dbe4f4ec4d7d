/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of Linux, whichever way a thread came to make one: by a fault, as now, or by a jump from a
 * rewritten site. syscalls.inc is their table; docs/container-syscalls.md is printed from it.
 */
#ifndef SELKIE_LINUX_SYSCALL_H
#define SELKIE_LINUX_SYSCALL_H

#include "container/linux/thread.h"

/* The result as Linux puts it into rax, or CALL_WAITS. */
long linux_syscall(struct thread *thread, const struct linux_call *call);

#endif
