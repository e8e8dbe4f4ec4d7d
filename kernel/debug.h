/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a debug build of the kernel says and does: the debug system calls and the
 * report of a fault that nobody handles. Kernel addresses in these texts are
 * those of seL4's own window on physical memory, since people compare them.
 */
#ifndef SELKIE_KERNEL_DEBUG_H
#define SELKIE_KERNEL_DEBUG_H

#include "kernel/kernel.h"
#include "kernel/tcb.h"

/* Where a real kernel would have the object at `paddr`. */
static inline uint64_t debug_pointer(uint64_t paddr)
{
    return paddr + 0xffffff8000000000ull;
}

/* The same for a thread; a TCB pointer of seL4 points behind the thread's slots. */
static inline uint64_t debug_tcb_pointer(const struct kernel *k, uint64_t tcb)
{
    return debug_pointer(tcb) + (1ull << k->abi->object_bits[OBJECT_TCB]) / 2;
}

/* Any of the SYSCALL_DEBUG_... calls, made by the current thread. Its registers hold the arguments and take the
 * answer. The caller has checked that the configuration enables the call. */
void debug_syscall(struct kernel *k, enum syscall syscall);

/* A fault of `tcb` found no handler: say both, the handler's failure and the fault, and show the top of the stack. */
void debug_print_fault(struct kernel *k, struct tcb *tcb, struct fault handler_failure, struct fault original);

/* Stop the system as seL4's own halt does. `cptr` and what it names show in its last words. */
void debug_halt(struct kernel *k, uint64_t cptr);

/* seL4's number for a type of capability, as DebugCapIdentify tells it. */
unsigned debug_cap_number(struct cap cap);

#endif
