/* SPDX-License-Identifier: BSD-2-Clause */
/* What files of /proc say, each as text of `room` bytes at most: its length. proc(5). */
#ifndef SELKIE_LINUX_TEXTS_H
#define SELKIE_LINUX_TEXTS_H

#include "container/linux/thread.h"

/* In process_text.c: a process of this personality, or one of its threads; NULL: all of them. */
size_t thread_stat_text(const struct process *process, const struct thread *thread, char *text, size_t room);
size_t thread_status_text(const struct process *process, const struct thread *thread, char *text,
                          size_t room);
size_t stat_text(const struct process *process, char *text, size_t room);
size_t status_text(const struct process *process, char *text, size_t room);
size_t statm_text(const struct process *process, char *text, size_t room);
size_t cmdline_text(const struct process *process, char *text, size_t room);
size_t environ_text(const struct process *process, char *text, size_t room);
size_t auxv_text(const struct process *process, char *text, size_t room);
size_t io_text(const struct process *process, char *text, size_t room);
size_t limits_text(const struct process *process, char *text, size_t room); /* limit_calls.c */
/* /proc/self/fdinfo/N; 0: nothing is open there. */
size_t descriptor_text(const struct process *process, uint64_t number, char *text, size_t room);

/* In system_text.c: the container as if it were a machine. */
size_t meminfo_text(const struct process *process, char *text, size_t room);
size_t uptime_text(const struct process *process, char *text, size_t room);
size_t loadavg_text(const struct process *process, char *text, size_t room);
size_t system_stat_text(const struct process *process, char *text, size_t room);
size_t cpuinfo_text(const struct process *process, char *text, size_t room);
size_t uuid_text(const struct process *process, char *text, size_t room);
size_t boot_id_text(const struct process *process, char *text, size_t room);
size_t memory_most_text(const struct process *process, char *text, size_t room);
size_t memory_used_text(const struct process *process, char *text, size_t room);

/* In mount_text.c. */
size_t mounts_text(const struct process *process, char *text, size_t room);
size_t mountinfo_text(const struct process *process, char *text, size_t room);

#endif
