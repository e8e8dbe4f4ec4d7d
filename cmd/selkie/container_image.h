/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images: OCI layouts and archives (as skopeo writes them) and archives of `docker save`.
 *
 * An image's layers are unpacked once, one over the other, into XDG_CACHE_HOME/selkie/images; a container gets a
 * copy of the result, which shares its data where the file system can (FICLONE).
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

/* Make `root` in the directory `state` from the image. 0 or -errno. */
int image_unpack(const char *path, int state, struct image_config *config, struct diag *diag);
void image_config_drop(struct image_config *config);

/* From "UID[:GID]", or names in the etc/passwd and etc/group of `root` in `state`, which may be -1. */
bool image_user_find(int state, const char *text, unsigned *uid, unsigned *gid);

#endif
