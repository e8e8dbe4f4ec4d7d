/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths: from what a program names to a directory capability and a path below it. The container's root is the host
 * directory "rootfs"; /dev and /proc are the personality's own (synthetic.h). path_resolution(7).
 */
#ifndef SELKIE_LINUX_PATH_H
#define SELKIE_LINUX_PATH_H

#include "container/linux/file.h"

void path_init(void);

/* The absolute form of a program's path, relative to `directory_fd` or the working directory; no "." or empty
 * components, ".." kept unless at the root. 0 or an error; -ENOENT for an empty path. */
long path_read(const struct process *process, uint64_t directory_fd, uint64_t address, char to[PATH_ROOM]);

/* The root directory; 0 if the container has none. */
cap_address path_root(void);

/* Try `operation` on the path below the root; where the host says -EXDEV (an absolute link), resolve links here and
 * try again. `path` is changed then. `follow`: the last component too. */
long path_try(char path[PATH_ROOM], bool follow,
              long (*operation)(void *argument, const char *below, uint64_t length), void *argument);

#endif
