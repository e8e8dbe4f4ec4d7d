/* SPDX-License-Identifier: BSD-2-Clause */
/* The `selkie container` command. Returns an exit status: that of the program inside, once there is one. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_H
#define SELKIE_CMD_SELKIE_CONTAINER_H

int command_container(int count, char **arguments);

#endif
