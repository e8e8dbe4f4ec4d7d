/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shortest way: read(2), write(2), send(2), recv(2) and epoll_wait(2) of host files that answer at once are
 * invocations that the program's own thread makes. The personality is not asked; it tells beforehand, descriptor by
 * descriptor, for which files nothing but the invocation is to be done (struct fast_file), and takes that back when it
 * is no longer so.
 *
 * The way is tried only where memory is all there (HOST_IO_WHOLE). What comes to nothing, because the call must wait,
 * touches memory, or raises a signal, is done again as a call of the personality: the invocation has then changed
 * nothing.
 */
#ifndef SELKIE_LINUX_FAST_H
#define SELKIE_LINUX_FAST_H

#include "container/linux/entry.h"
#include "container/linux/file.h"

/* Capabilities of a descriptor's file, to be read, written, or waited for as an epoll instance; 0: not this way. */
struct fast_file {
    uint32_t read, write, epoll;
    uint16_t is_nonblocking, is_socket;
};

/* Where the stub of a site with this call goes on; NULL: there is no such way. */
const void *fast_entry(unsigned number);

/* A call was served: the next one of its kind may come this way. */
void fast_learn(const struct thread *thread);

/* It may not, for one descriptor, one file, or all. Nobody else is on the way afterwards. */
void fast_forget(const struct file_table *table, uint64_t fd);
void fast_forget_file(const struct file *file);
void fast_forget_all(void);

/* In the child of a fork, and when a table is no more. */
void fast_reset(void);
void fast_table_drop(const struct file_table *table);

/* A thread that is between the first two, or the others, is on the way; then all its registers are in the area. */
extern const char fast_start[], fast_started[], fast_saved[], fast_end[];
void fast_settle(const struct entry_area *area, struct user_registers *registers);

#endif
