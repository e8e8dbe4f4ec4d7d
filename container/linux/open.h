/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening by path, for programs and for the loader. */
#ifndef SELKIE_LINUX_OPEN_H
#define SELKIE_LINUX_OPEN_H

#include "container/linux/path.h"

/* Open an absolute path: 0 and a file with one reference, or an error. */
long file_open_path(const struct process *process, const char *absolute, uint64_t flags, uint64_t mode,
                    struct file **file);

/* What the path leads to becomes the working directory. */
long directory_enter(struct process *process, struct path *path);

#endif
