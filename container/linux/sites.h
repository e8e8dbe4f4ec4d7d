/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rewriting `syscall` sites in the process' own copies of executable pages, as these are filled from files.
 *
 * The instruction in front of a `syscall` is *displaced* into a stub: in its place stands a jump there, and the
 * stub does what it did, loads rcx with the address behind the `syscall` and goes to entry.h. The `syscall` itself
 * stays. So one whole instruction takes the place of another: who jumps to any instruction of the program finds one
 * that does the right thing, and a `syscall` that is reached otherwise is a fault, as always.
 *
 * Stubs lie in windows of the program's space, each within reach of jumps from where programs put their code. A
 * range that becomes writable gets its own bytes back. Not rewritten are: pages that are writable or shared or come
 * from no file, instructions that cannot be moved or are too short, and what decodes in more than one way.
 */
#ifndef SELKIE_LINUX_SITES_H
#define SELKIE_LINUX_SITES_H

#include "container/linux/kernel.h"

struct region;

/* A file is mapped with code in it: have a window near. */
void sites_prepare(const struct region *region);

/* These bytes are new, mapped, and writable for the moment; the region decides whether sites among them change. */
void sites_rewrite(const struct region *region, uint64_t start, uint64_t size);

/* The range may be written by the program from now on. */
void sites_restore(uint64_t start, uint64_t end);

/* What is mapped there goes. */
void sites_forget(uint64_t start, uint64_t end);

/* Everything is gone, before a new program begins. */
void sites_clear(void);

/* Put everything back, and rewrite nothing any more in this process. */
void sites_disable(void);
bool sites_are_disabled(void);

/* A thread that computes in a stub, or in what leads to one: where it would be in the program. */
void sites_settle(struct user_registers *registers);

#endif
