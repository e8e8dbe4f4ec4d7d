/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks of files, for fcntl(2) and close(2). */
#ifndef SELKIE_LINUX_LOCK_CALLS_H
#define SELKIE_LINUX_LOCK_CALLS_H

#include "container/linux/file.h"

/* Set, or ask about, the struct flock at `at`: of the open file (F_OFD_SETLK), or of the process (F_SETLK). */
long lock_of_file(struct thread *thread, struct file *file, uint64_t at, bool is_set, bool is_waiting);
long lock_of_process(struct thread *thread, struct file *file, uint64_t at, bool is_set, bool is_waiting);

/* The process closes a descriptor of this file: its own locks there are gone. */
void locks_close(const struct process *process, const struct file *file);

/* In a copy of the personality, whose files are open: locks of others than this process are not here. */
void locks_fork(int process);

#endif
