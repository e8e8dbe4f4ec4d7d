/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc tells of processes. Paths are normal (synthetic_parts.h). proc(5). */
#ifndef SELKIE_LINUX_PROC_H
#define SELKIE_LINUX_PROC_H

#include "container/linux/file.h"
#include "container/messages.h"

/* What SERVER_INFO says. */
struct process_info {
    uint64_t parent, group, session, state, bytes, start_tsc, arguments_size, terminal, foreground;
    uint32_t user, group_id;
    char name[SERVER_NAME_SIZE];
    char arguments[SERVER_ARGUMENTS_SIZE];
};

/* The process with the lowest id from `pid` on: its id, or -ESRCH. */
long proc_info(int pid, struct process_info *info);

/* When a process began, in clock ticks since the system did. */
uint64_t proc_start_ticks(uint64_t start_tsc);

/* In proc.c: other processes. */
void proc_list(struct file *folder); /* the numbers of all */
bool proc_is_other(const char *path);
long proc_open(const char *path, struct file **file);
long proc_link(const char *path, char to[PATH_ROOM]);
long proc_stat(const char *path, struct statx *status); /* of what every process has; -ENOENT for all else */

/* What follows in a path below /proc/PID, where the process' own and that of its threads are the same. */
const char *proc_name_common(const char *name);

/* In proc_task.c: /proc/self/comm, and /proc/self/task/TID with the files that are a thread's own: those of these names.
 * What else is there is the process'. */
bool proc_task_has(const char *name);
bool proc_task_list(const struct process *process, const char *folder, struct file *file);
bool proc_task_open(const struct process *process, const char *path, unsigned flags, struct file **file,
                    long *error);

#endif
