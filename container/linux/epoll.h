/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll(7): level and edge triggered, one-shot. Entries of host files are the business of an epoll instance of the
 * host's. Each of the others knows whether its file may be ready; only such are looked at. An entry that is not waits
 * for file_changed.
 */
#ifndef SELKIE_LINUX_EPOLL_H
#define SELKIE_LINUX_EPOLL_H

#include "container/linux/file.h"

long epoll_create(struct thread *thread, uint64_t flags);
long epoll_control(struct thread *thread, uint64_t epoll, uint64_t operation, uint64_t fd, uint64_t event);
long epoll_wait(struct thread *thread, uint64_t epoll, uint64_t events, int64_t room, int64_t timeout_ns);

/* What files tell: something happened; these events are over; the file is gone. */
void epoll_notice(struct file *file);
void epoll_drained(struct file *file, uint64_t events);
void epoll_forget(struct file *file);

/* Is there no entry of ours for this file, which wants to hear how it is read and written? */
bool epoll_leaves_alone(const struct file *file);

/* The host's instance, if it has all entries; 0: it has not, or this is no instance. */
cap_address epoll_cap(const struct file *file);

/* In the child of a fork, for each file. */
void epoll_fork(struct file *file);

/* Events of a file that entries wait for. */
uint64_t epoll_wanted(const struct file *file);

#endif
