/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files by a name of their own: /proc/self/fd/N and /proc/self/exe. While the path that a file was opened by
 * leads to it, that is opened anew. A file that has no name (any more) cannot be: then a new open file is made of a
 * duplicate, which has a position of its own, and no more access than the first one. proc(5).
 */
#ifndef SELKIE_LINUX_REOPEN_H
#define SELKIE_LINUX_REOPEN_H

#include "container/linux/path.h"

/* Does the path that it was opened by lead to it? */
bool file_is_named(const struct process *process, struct file *file);

/* What the link says: its length. */
long file_shown(const struct process *process, struct file *file, char to[PATH_ROOM]);

/* From now on the path of a file that is named has no links. */
void file_resolve(const struct process *process, struct file *file);

/* It has no name and is told by this one: `text`, with the inode behind it if `number` is not 0, " (deleted)". */
void file_set_nameless(struct file *file, const char *text, uint64_t number);

/* A new open file of a regular one, with these flags of open(2). -EACCES: the first one has not the
 * access that is asked for. */
long file_reopen(struct file *file, uint64_t flags, struct file **again);

#endif
