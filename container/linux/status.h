/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told of files: stat(2) and its kin. */
#ifndef SELKIE_LINUX_STATUS_H
#define SELKIE_LINUX_STATUS_H

#include "container/linux/file.h"

/* Of what a call names, as fstatat(2) does. The answer is good until the next call. */
long status_at(struct thread *thread, uint64_t directory, uint64_t name, uint64_t flags,
               const struct statx **status);

#endif
