/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a debug build of the kernel says and does: the debug system calls and the
 * report of a fault that nobody handles, in seL4's own words. Kernel addresses in
 * these texts are those of seL4's window on physical memory, since people
 * compare them.
 */
#ifndef SELKIE_KERNEL_DEBUG_H
#define SELKIE_KERNEL_DEBUG_H

#include "kernel/kernel.h"
#include "kernel/tcb.h"

/* Where a real kernel would see a thread: physical memory appears at 0xffffff8000000000, and a TCB pointer
 * points at the upper half of the object, behind the thread's slots. */
uint64_t debug_tcb_pointer(const struct kernel *k, const struct tcb *tcb);

/* One of the debug system calls, made by the current thread. Its registers hold the arguments and take the
 * answer. The configuration has the call; what is no debug call at all is an unknown one. */
void debug_syscall(struct kernel *k, enum syscall syscall);

/* A fault of `tcb` found no handler: say both, the handler's failure and the fault, and show the top of the
 * stack. */
void debug_print_fault(struct kernel *k, const struct tcb *tcb, struct fault handler_failure,
                       struct fault original);

/* The table of all threads (debug_dump.c). */
void debug_dump_scheduler(struct kernel *k);
void debug_snapshot(struct kernel *k);

#endif
