/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories of /proc, and other processes there. proc(5). */
#ifndef SELKIE_LINUX_PROC_H
#define SELKIE_LINUX_PROC_H

#include "container/linux/file.h"

/* Open an absolute path below /proc that is a directory or tells of another process. -ENOENT: it is neither. */
long proc_open(const struct process *process, const char *path, struct file **file);

/* A directory of names, each with its DT_*; `number` makes its inode. */
struct file *names_make(uint64_t number);
void names_add(struct file *file, char type, const char *name);

#endif
