/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that do something to containers that are there: stop, kill, wait, rm, shutdown. Each gets its own name as
 * arguments[0] and returns an exit status. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_ACT_H
#define SELKIE_CMD_SELKIE_CONTAINER_ACT_H

int container_stop(int count, char **arguments);
int container_kill(int count, char **arguments);
int container_await(int count, char **arguments);
int container_rm(int count, char **arguments);
int container_shutdown(int count, char **arguments);

#endif
