/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container manager as its clients see it: one per user, engine and kernel, started by whoever needs it first.
 * Its control socket lies in XDG_RUNTIME_DIR/selkie, or else in a directory of the user's own in /tmp.
 */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_MANAGER_H
#define SELKIE_CMD_SELKIE_CONTAINER_MANAGER_H

#include <stdbool.h>

#include "host/diag.h"

/* How the host's names of containers' Unix sockets begin; each container's has eight digits more. */
#define CONTAINER_SOCKETS "selkie-"

struct manager_kind {
    const char *engine; /* NULL: the best that this host can run */
    bool is_mcs;
};

/* Connect to it, starting it if there is none. The connection, or -errno with the reason in `diag`. */
int manager_connect(const struct manager_kind *kind, struct diag *diag);

/* Call `use` with a connection to each manager that runs. False: there is no place where they would be, which
 * `diag` explains. */
bool managers_each(bool (*use)(int connection, const char *kind, void *argument), void *argument,
                   struct diag *diag);

/* The image of the manager in a memory file, or -errno. */
int manager_image(bool is_mcs, struct diag *diag);

#endif
