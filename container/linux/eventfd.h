/* SPDX-License-Identifier: BSD-2-Clause */
/* eventfd(2) and timerfd_create(2). */
#ifndef SELKIE_LINUX_EVENTFD_H
#define SELKIE_LINUX_EVENTFD_H

#include "container/linux/file.h"

long eventfd_make(struct thread *thread, uint64_t value, uint64_t flags);
long timerfd_make(struct thread *thread, uint64_t clock, uint64_t flags);
long timerfd_set(struct thread *thread, uint64_t fd, uint64_t flags, uint64_t new, uint64_t old);
long timerfd_get(struct thread *thread, uint64_t fd, uint64_t value);

/* Before a fork: an eventfd or timerfd becomes one of the host, which parent and child share. False: it cannot. Other files stay
 * what they are. */
bool eventfd_share(struct file *file);
bool timerfd_share(struct file *file);

/* Let timers that are due expire; the next deadline, or NO_DEADLINE. */
int64_t timerfds_expire(int64_t now);

#endif
