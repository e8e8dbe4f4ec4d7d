/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the portable kernel asks of the x86-64 part, beside vspace.h and the
 * decoders of invocation.h: its share of making, comparing and ending
 * capabilities, and the registers of a thread.
 *
 * Every function here that takes a capability leaves the types of the portable
 * kernel alone: rights unchanged, not covered, not the same.
 */
#ifndef SELKIE_KERNEL_X86_64_X86_H
#define SELKIE_KERNEL_X86_64_X86_H

#include "kernel/kernel.h"
#include "kernel/object.h"
#include "kernel/tcb.h"

struct invocation;

/* Capabilities (object.c). */
struct cap x86_object_create(struct kernel *k, enum object object, uint64_t paddr, bool is_device);
MUST_USE struct result x86_cap_derive(struct kernel *k, struct cap cap, struct cap *derived);
bool x86_cap_same_object(struct cap a, struct cap b);
bool x86_cap_covers(struct cap a, struct cap b);
void x86_cap_cleanup(struct kernel *k, struct cap cleanup); /* gives issued I/O ports back */

/* The empty slot in which an invocation puts a new capability; `root` is one of its extra capabilities. */
MUST_USE struct result x86_destination(struct kernel *k, const struct slot *root, uint64_t index,
                                       uint64_t depth, struct slot **destination);

/* Registers (context.c). */
void x86_context_init(struct context *context); /* of a new thread, out of zeroed memory */
/* The value that a register gets when a user asks for `value`. */
uint64_t x86_sanitise_register(enum context_register reg, uint64_t value);
/* The vector state of a new thread: an XSAVE image in the standard format that says "everything initial". */
void x86_vector_init(unsigned char *area);

/* What a VM fault or exception trap is to the thread that was running (exception.c): nothing, and it goes on behind
 * the instruction, or a fault. */
bool x86_trap_is_ignored(const struct trap *trap, struct context *context);
struct fault x86_fault_of_trap(const struct trap *trap, const struct context *context);

/* The time stamp counter that a user would read (context.c). */
uint64_t x86_cycles(const struct kernel *k);

/* Breakpoints and single steps (breakpoint.c), of a kernel configured with them. */
MUST_USE struct result breakpoint_decode(struct kernel *k, struct invocation *in);
bool breakpoint_is_trap(const struct trap *trap); /* a debug exception or a break request? */
/* It becomes a fault, or a step counts. */
void breakpoint_trap(struct kernel *k, struct tcb *tcb, const struct trap *trap);
/* The thread is about to run, and is_used. NULL: it has no breakpoints. */
const struct breakpoints *breakpoint_enter(struct tcb *tcb);
unsigned breakpoint_message(const struct tcb *sender, uint64_t words[4]); /* returns the length */
/* A handler's answer to a debug exception: so many words, the first of them `steps`. */
void breakpoint_answer(struct tcb *receiver, uint64_t length, uint64_t steps);

#endif
