/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacking archives that nobody vouches for: layers of images, and archives of images.
 *
 * Whatever names and links an archive has, nothing outside of the target directory is touched. Devices are left out;
 * on the host everything belongs to the user, and set-user-id bits are not there.
 */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_UNPACK_H
#define SELKIE_CMD_SELKIE_CONTAINER_UNPACK_H

#include <stdbool.h>

#include "host/diag.h"

/* Unpack what can be read from `archive`, a regular file, into the directory `root`. With `index`, a directory that
 * takes what the host does not have of files (container/index.h), it is a layer of an image: names that begin with
 * .wh. remove what is there already, as OCI layers say. 0 or -errno. */
int archive_unpack(int archive, int root, int index, struct diag *diag);

#endif
