/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Terminals that programs make: /dev/ptmx and /dev/pts. The pair is the host's; what the keys mean that the host's line
 * discipline takes away is found out when they are written to the master.
 */
#ifndef SELKIE_LINUX_PTY_H
#define SELKIE_LINUX_PTY_H

#include "container/linux/file.h"

/* The name of the terminal with this id. */
enum {
    PTY_PATH_SIZE = 16
};
void pty_path(uint64_t id, char path[PTY_PATH_SIZE]);

/* Its device number, as stat(2) and /proc/PID/stat tell it. */
unsigned pty_device(uint64_t id);

/* Is it one of these paths? Open it; -ENOENT. */
bool pty_is_path(const char *path);
long pty_open(const struct process *process, const char *path, unsigned flags, struct file **file);
long pty_stat_path(const struct process *process, const char *path, struct statx *status);

/* Status of a terminal that has a number, in front of what the host says. */
void pty_stat(const struct file *file, bool is_master, struct statx *status);

/* Bytes are about to be written to a master: signals for whoever they are meant for. */
void pty_typed(struct file *master, uint64_t from, uint64_t size);

/* A master's ioctl(2): true, and the result, unless the host is to answer. */
bool pty_control(struct file *master, uint64_t request, uint64_t argument, long *result);

/* A master was closed, or came from somewhere else. */
void pty_closed(const struct file *master);
void pty_added(const struct file *master);

/* The window's size was set through either side. */
void pty_size_changed(const struct file *file);

#endif
