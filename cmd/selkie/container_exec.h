/* SPDX-License-Identifier: BSD-2-Clause */
/* `selkie container exec`: an exit status. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_EXEC_H
#define SELKIE_CMD_SELKIE_CONTAINER_EXEC_H

int container_exec(int count, char **arguments);

#endif
