/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Job control of the container's terminal. Its line discipline is the host's: what is typed is edited and echoed there,
 * and keys that mean a signal reach the foreground processes by way of the manager. Here is what the host cannot
 * know: which processes of the container are in the foreground, and what the others may not do.
 */
#ifndef SELKIE_LINUX_TERMINAL_H
#define SELKIE_LINUX_TERMINAL_H

#include "container/linux/file.h"

void terminal_init(const struct container_order *order);

/* May the current thread's process read it now? 0; -EAGAIN: not in the background, it was told so by a signal and
 * waits; -EIO: and does not care. */
long terminal_read_check(void);

/* ioctl(2): true, and the result, unless the host is to answer. */
bool terminal_control(uint64_t request, uint64_t argument, long *result);

/* /dev/tty. NULL: there is none, or no memory. */
struct file *terminal_open(unsigned flags);

#endif
