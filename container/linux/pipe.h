/* SPDX-License-Identifier: BSD-2-Clause */
/* pipe(2), and socketpair(2) of Unix sockets. */
#ifndef SELKIE_LINUX_PIPE_H
#define SELKIE_LINUX_PIPE_H

#include "container/linux/file.h"

long pipe_make(struct thread *thread, uint64_t fds, uint64_t flags);
long pipe_pair(struct thread *thread, uint64_t type, uint64_t fds, uint64_t flags);

#endif
