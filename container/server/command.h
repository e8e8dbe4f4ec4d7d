/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands: what the manager starts in a container that runs. Each is a process without a parent, in a session of its
 * own, with standard files that came along. It is made of the container's memory like any other.
 */
#ifndef SELKIE_SERVER_COMMAND_H
#define SELKIE_SERVER_COMMAND_H

#include "container/server/server.h"

/* Take all news from the manager. */
void commands_serve(void);

/* The process of a command is a zombie now. */
void command_ended(const struct process *process);

#endif
