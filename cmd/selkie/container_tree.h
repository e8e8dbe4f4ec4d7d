/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trees of files, worked on through descriptors, so that no symbolic link in them leads anywhere else.
 */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_TREE_H
#define SELKIE_CMD_SELKIE_CONTAINER_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Open beneath `root`: "..", a leading slash and links end at it. The descriptor or -errno. */
int tree_open(int root, const char *path, int flags);

/* Remove what `name` is in this directory, with all that is in it. 0 or -errno; nothing there is no error. */
int tree_remove(int directory, const char *name);

/* Remove all that is in it. */
int tree_empty(int directory);

/* Copy all that is in a directory into another, sharing the data where the file system can. */
int tree_copy(int from, int to);

#endif
