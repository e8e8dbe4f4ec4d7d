/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/PID/oom_score_adj. proc(5). */
#ifndef SELKIE_LINUX_ADJUST_H
#define SELKIE_LINUX_ADJUST_H

#include "container/linux/file.h"

/* Is this path such a file? Then it is opened, or *error says why not. */
bool adjust_open(const struct process *process, const char *path, unsigned flags, struct file **file,
                 long *error);

#endif
