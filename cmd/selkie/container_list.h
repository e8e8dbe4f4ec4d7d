/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands about containers that are there: ps, logs, stop, kill, wait, rm, stats, inspect, shutdown. Each gets
 * its own name as arguments[0] and returns an exit status. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_LIST_H
#define SELKIE_CMD_SELKIE_CONTAINER_LIST_H

int container_ps(int count, char **arguments);
int container_logs(int count, char **arguments);
int container_stop(int count, char **arguments);
int container_kill(int count, char **arguments);
int container_await(int count, char **arguments);
int container_rm(int count, char **arguments);
int container_stats(int count, char **arguments);
int container_inspect(int count, char **arguments);
int container_shutdown(int count, char **arguments);

#endif
