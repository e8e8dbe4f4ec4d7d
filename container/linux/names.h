/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories that are made up: lists of names, made when they are opened. */
#ifndef SELKIE_LINUX_NAMES_H
#define SELKIE_LINUX_NAMES_H

#include "container/linux/file.h"

enum name_type { /* d_type of getdents64(2) */
    NAME_DEVICE = 2,
    NAME_DIRECTORY = 4,
    NAME_FILE = 8,
    NAME_LINK = 10
};

/* An open directory of this path with "." and ".." in it. NULL: no memory. */
struct file *names_make(const char *path);
void names_add(struct file *file, enum name_type type, const char *name); /* once, if it is there already */
void names_add_number(struct file *file, enum name_type type, long number);

/* Whose it is; else it is the root user's. */
void names_set_owner(struct file *file, uint32_t user, uint32_t group);

/* All names one after the other, each with a byte of its type in front of it and a zero behind it; NULL: the file is no
 * such directory. And to add those of such a text, which may be anything. */
const char *names_text(const struct file *file, size_t *size);
void names_add_text(struct file *file, const char *text, size_t size);

/* The inode number, device and times of what is made up at a path. */
void names_status(const char *path, struct statx *status);

#endif
