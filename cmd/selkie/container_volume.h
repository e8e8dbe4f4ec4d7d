/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading --volume. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_VOLUME_H
#define SELKIE_CMD_SELKIE_CONTAINER_VOLUME_H

#include <stdbool.h>

#include "container_options.h"

/* HOST:/PATH[:ro|:rw], which is changed and kept. False: it is not to be used, which was said. */
bool volume_add(struct container_options *options, char *text);

/* Cut ":ro" or ":rw" off the end: was it ":ro"? */
bool volume_read_only_cut(char *path);

#endif
