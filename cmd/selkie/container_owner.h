/* SPDX-License-Identifier: BSD-2-Clause */
/* Owners and modes of an image's files that the host's user cannot give: entries of an index (container/index.h). */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_OWNER_H
#define SELKIE_CMD_SELKIE_CONTAINER_OWNER_H

#include <sys/types.h>

enum {
    OWNER_MODE = 07777
};

struct owner {
    unsigned user, group;
    mode_t mode;
};

/* Keep what the host does not say of what is called `name` in the directory. 0 or -errno. */
int owner_keep(int index, int directory, const char *name, struct owner owner);

#endif
