/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What synthetic.c asks: who has a file at this path? -ENOENT: not they.
 *
 * Paths are absolute and *normal*: /proc/self is the process itself, and there is no slash at the end. What there is is
 * in tables, one for each kind; directories are what their paths begin with.
 */
#ifndef SELKIE_LINUX_SYNTHETIC_PARTS_H
#define SELKIE_LINUX_SYNTHETIC_PARTS_H

#include "container/linux/synthetic.h"

/* The index-th path of a table, NULL behind the last. */
const char *device_name(unsigned index);
const char *text_name(unsigned index);
const char *link_name(unsigned index);

/* synthetic_device.c */
long device_open(const char *path, unsigned flags, struct file **file);

/* synthetic_text.c: -EACCES for writing. */
long text_open(const struct process *process, const char *path, unsigned flags, struct file **file);

const char *text_read_all(const struct file *file, size_t *size); /* NULL: it is none */

void text_add(struct file *file, const char *text, size_t size); /* more of a synthetic_text */

/* synthetic_folder.c */
long folder_open(const struct process *process, const char *path, struct file **file);

/* synthetic_link.c: the number N of /proc/self/fd/N and its like; -1: it is none. */
long descriptor_number(const char *path);
long link_target(const struct process *process, const char *path, char to[PATH_ROOM]);

#endif
