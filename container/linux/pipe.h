/* SPDX-License-Identifier: BSD-2-Clause */
/* pipe(2) and socketpair(2) of streams: a ring of bytes in the personality's memory between two files. */
#ifndef SELKIE_LINUX_PIPE_H
#define SELKIE_LINUX_PIPE_H

#include "container/linux/file.h"

long pipe_make(struct thread *thread, uint64_t fds, uint64_t flags);
long pipe_pair(struct thread *thread, uint64_t fds, uint64_t flags); /* both directions */

#endif
