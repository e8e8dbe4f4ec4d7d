/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Job control of terminals. The line discipline is the host's: what is typed is edited and echoed there. Here is what
 * the host cannot know: whose terminal it is, which processes are in the foreground, and what the others may not do;
 * the process server keeps that.
 *
 * A terminal's file has TERMINAL_ID in word[0]: the server's id plus 1, or 0 for one that is no terminal of the
 * container's; terminals that programs made have masters (pty.h).
 */
#ifndef SELKIE_LINUX_TERMINAL_H
#define SELKIE_LINUX_TERMINAL_H

#include "container/linux/file.h"
#include "container/linux/server.h"

/* Ask the server about a terminal on behalf of a process. */
long terminal_ask(const struct process *process, enum server_terminal what, uint64_t id, uint64_t value);

/* This standard file is the terminal of the process' session, if it has one and the file is any. */
void terminal_set_own(const struct process *process, struct file *file);

/* May the current thread's process read it now? 0; -EAGAIN: not in the background, it was told so by a signal and
 * waits; -EIO: and does not care. */
long terminal_read_check(const struct file *file);

/* ioctl(2): true, and the result, unless the host is to answer. */
bool terminal_control(struct file *file, uint64_t request, uint64_t argument, long *result);

/* The terminal with this id, or that of the session (-1). A session leader without one gets it unless O_NOCTTY. */
long terminal_open(const struct process *process, int id, unsigned flags, struct file **file);

/* ioctl(2) of what both sides of a terminal answer alike: true, and the result. The caller changes the window's size
 * on the host. */
bool terminal_common(const struct file *file, uint64_t request, uint64_t argument, bool is_master,
                     long *result);

#endif
