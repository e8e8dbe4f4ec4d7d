/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that show containers: ps, logs, stats, inspect. Each gets its own name as arguments[0] and returns an exit
 * status. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_LIST_H
#define SELKIE_CMD_SELKIE_CONTAINER_LIST_H

int container_ps(int count, char **arguments);
int container_logs(int count, char **arguments);
int container_stats(int count, char **arguments);
int container_inspect(int count, char **arguments);

#endif
