/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting containers: with the manager, or alone. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_RUN_H
#define SELKIE_CMD_SELKIE_CONTAINER_RUN_H

#include "container_options.h"
#include "container_root.h"

enum {
    CONTAINER_VOLUME_NAME = 32
};

/* What the host capability of a volume is called. */
void container_volume_name(char name[CONTAINER_VOLUME_NAME], unsigned index);

/* `selkie container run`: exit status. */
int container_run(int count, char **arguments);

/* Twelve hexadecimal digits that nobody else has. */
void container_name_make(char name[CONTROL_NAME]);

/* In a run of its own. */
int container_run_alone(const struct container_options *options, const struct message *order,
                        const struct container_root *root);

#endif
