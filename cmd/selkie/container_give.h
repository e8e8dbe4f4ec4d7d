/* SPDX-License-Identifier: BSD-2-Clause */
/* Passing on descriptors to the manager. What does not work has been said. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_GIVE_H
#define SELKIE_CMD_SELKIE_CONTAINER_GIVE_H

#include <stdbool.h>

/* Send one thing for the container, and close it. `access`: r, w, rw. */
bool container_give(int connection, const char *name, const char *access, int descriptor);
bool directory_give(int connection, const char *name, const char *path, bool is_read_only);

/* Pass on what this command has. Closed streams are not there. */
bool container_streams_give(int connection);
bool container_nothing_give(int connection); /* instead: nothing to read, and nobody who reads */

#endif
