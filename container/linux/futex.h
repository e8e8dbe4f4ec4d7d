/* SPDX-License-Identifier: BSD-2-Clause */
/* futex(2), by address, since there is one address space. */
#ifndef SELKIE_LINUX_FUTEX_H
#define SELKIE_LINUX_FUTEX_H

#include "container/linux/thread.h"

long futex_call(struct thread *thread, const struct linux_call *call);

/* Wake so many that wait at the address with one of these bits; how many woke. */
long futex_wake(uint64_t address, long count, uint32_t mask);

/* What others wait for when a thread ends: its robust mutexes, and clear_child_tid. */
void futex_thread_end(struct thread *thread);

/* Another process may have woken threads that wait in memory that both have. */
void futex_look_again(void);

#endif
