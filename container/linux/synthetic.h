/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that the personality makes up: devices of /dev and texts of /proc. null(4), random(4), proc(5). */
#ifndef SELKIE_LINUX_SYNTHETIC_H
#define SELKIE_LINUX_SYNTHETIC_H

#include "container/linux/file.h"

/* Is this path not the root file system's? */
bool synthetic_covers(const char *path);

/* Open it: -ENOENT, or 0 and a file. */
long synthetic_open(const struct process *process, const char *path, unsigned flags, struct file **file);

/* The open file that a path like /proc/self/fd/N or /proc/self/exe names, or NULL. */
struct file *synthetic_file(const struct process *process, const char *path);

/* What a link of /proc points to: its length, or -EINVAL when it is none, -ENOENT. */
long synthetic_link(const struct process *process, const char *path, char to[PATH_ROOM]);

/* The link's own: of a descriptor, what may be done with it. */
uint16_t synthetic_link_mode(const struct process *process, const char *path);

/* The same if a walk goes on there, 0 if it does not: it is no link, or one to what is open and not to a name. */
long synthetic_way(const struct process *process, const char *path, char to[PATH_ROOM]);

/* The path as every part of the personality tells it: the process itself is /proc/self, and no slash is at the end. Good
 * until the next call. */
const char *synthetic_normal(const struct process *process, const char *path);

/* The path as other processes may be told it: the same, with the process' number. */
void synthetic_settle(const struct process *process, char path[PATH_ROOM]);

long synthetic_stat(const struct process *process, const char *path, struct statx *status);

/* Where descriptors go that the container was given none for: the console to write to, nothing to read. */
struct file *synthetic_console(void);

/* getrandom(2). */
void random_fill(void *to, size_t size);

/* A file with this text, as those of /proc are. */
long synthetic_text(const char *text, size_t size, struct file **file);

#endif
