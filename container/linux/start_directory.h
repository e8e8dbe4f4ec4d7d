/* SPDX-License-Identifier: BSD-2-Clause */
/* The working directory of a container's first program, and of commands in it. */
#ifndef SELKIE_LINUX_START_DIRECTORY_H
#define SELKIE_LINUX_START_DIRECTORY_H

#include "container/linux/process.h"

/* Begin there. Where the container has layers, `makes`: what is missing is made. It ends the process, and says so, if it
 * cannot be. */
void start_directory_enter(struct process *process, const char *directory, bool makes);

#endif
