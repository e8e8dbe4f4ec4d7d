/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports of the host that a container shall have. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_PUBLISH_H
#define SELKIE_CMD_SELKIE_CONTAINER_PUBLISH_H

#include "container_options.h"

/* Add what --publish says. False: it is none, or it meets another one, which was said. */
bool publish_add(struct container_options *options, const char *text);

/* Is none of them another container's, and could its program listen at them now? False: one is not to be had, which was
 * said. */
bool publish_check(const struct container_options *options);

#endif
