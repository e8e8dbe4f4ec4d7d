/* SPDX-License-Identifier: BSD-2-Clause */
/* What synthetic.c asks: who has a file at this path? -ENOENT: not they. */
#ifndef SELKIE_LINUX_SYNTHETIC_PARTS_H
#define SELKIE_LINUX_SYNTHETIC_PARTS_H

#include "container/linux/synthetic.h"

/* synthetic_device.c */
long device_open(const char *path, unsigned flags, struct file **file);

/* synthetic_text.c: -EACCES for writing. */
long text_open(const struct process *process, const char *path, unsigned flags, struct file **file);

#endif
