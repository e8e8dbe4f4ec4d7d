/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new thread or process begins with its maker's vector registers. Nobody but the thread itself can get at them: so
 * the one that calls clone(2) stores them first, in a few instructions of the personality's, and then makes its call a
 * second time; the new one loads them before it goes on. No signal gets in between.
 */
#ifndef SELKIE_LINUX_VECTOR_H
#define SELKIE_LINUX_VECTOR_H

#include "container/linux/thread.h"

/* For a handler to begin with: 0 when the state has been stored; else what the handler returns. */
long vector_store(struct thread *thread);

/* The state is for this thread, which was made now. */
void vector_give(struct thread *from, struct thread *to);

/* Start the thread with these registers, and the state if it was given one. */
void vector_start(struct thread *thread, const struct user_registers *registers, uint64_t fs_base);

void vector_drop(struct thread *thread);

/* Is a call of rt_sigreturn(2) one of those above? Then what the handler returns. */
bool vector_call(struct thread *thread, long *result);

#endif
