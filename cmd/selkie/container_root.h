/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A container's root as layers: a directory that is never written, of an image or of the host, and one of the
 * container's own above it, `upper` in its state directory, with `index` beside it (container/index.h).
 */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_ROOT_H
#define SELKIE_CMD_SELKIE_CONTAINER_ROOT_H

#include "container_image.h"
#include "container_options.h"

/* Descriptors, or -1. */
struct container_root {
    int lower, lower_index, upper, upper_index;
};

/* 0 or -errno. */
int root_open(struct container_root *root, const struct container_options *options, int state,
              struct image_config *config, struct diag *diag);
/* What the upper layer begins with: names of hosts as the container has them, and places for what is mounted. What cannot be
 * made is left out: nothing of it is needed to run. In container_begin.c. */
void layer_begin(const struct container_root *root, const struct container_options *options, const char *name);

void root_close(struct container_root *root);

#endif
