/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images: OCI layouts and archives (as skopeo writes them) and archives of `docker save`.
 *
 * An image's layers are unpacked once, one over the other, into XDG_CACHE_HOME/selkie/images; the result is the lower
 * layer of all containers that are made of it.
 */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_IMAGE_H
#define SELKIE_CMD_SELKIE_CONTAINER_IMAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/diag.h"

enum {
    IMAGE_WORDS = 256
};

/* What the image says about running it. The strings live as long as `json`. */
struct image_config {
    json_t *json; /* NULL: there is no image */
    size_t environment_count, entrypoint_count, command_count;
    const char *environment[IMAGE_WORDS], *entrypoint[IMAGE_WORDS], *command[IMAGE_WORDS];
    const char *workdir, *user; /* NULL: not said */
};

/* Unpack the image, unless that was done: descriptors of its root directory and of its index. 0 or -errno. */
int image_root_open(const char *path, int *root, int *owners, struct image_config *config, struct diag *diag);
void image_config_drop(struct image_config *config);

/* From "UID[:GID]", or names in the etc/passwd and etc/group of the directory `root`, which may be -1. */
bool image_user_find(int root, const char *text, unsigned *uid, unsigned *gid);

/* Where that user is at home, as "HOME=...": what its etc/passwd says; false: it says nothing, so /root or /. */
enum {
    IMAGE_HOME = 1100
};
bool image_home_find(int root, unsigned uid, char variable[IMAGE_HOME]);

#endif
