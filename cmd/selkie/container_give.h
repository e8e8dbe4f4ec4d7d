/* SPDX-License-Identifier: BSD-2-Clause */
/* What a container gets of the host, sent to the manager before its order (container/control.h). */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_GIVE_H
#define SELKIE_CMD_SELKIE_CONTAINER_GIVE_H

#include "container_root.h"

/* Send one thing for the container, and close it. These say what went wrong. */
bool container_give(int connection, const char *name, const char *access, int descriptor);

/* A directory, or a file. */
bool container_give_volume(int connection, const char *name, const char *path, bool is_read_only);

bool container_give_root(const struct container_options *options, const struct container_root *root,
                         int connection);

/* Pass on what this command has. Closed streams are not there. */
bool container_streams_give(int connection);
bool container_nothing_give(int connection); /* instead: nothing to read, and nobody who reads */

#endif
