/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Removing what a container has on the host when it ends, if it was started so: in the foreground, or with --rm.
 *
 * Its *owner* does that: the command in the foreground, or a process that `run -d --rm` leaves behind. Whoever sees the
 * end may be quicker. An owner that was killed leaves the directory to whoever looks next (remove_leftovers), which
 * the lock tells: it is held as long as an owner lives.
 */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_REMOVE_H
#define SELKIE_CMD_SELKIE_CONTAINER_REMOVE_H

#include <stdbool.h>

/* What a container's config.json says if it is to be removed. */
#define REMOVE_KEY "rm"

/* It has ended: remove it if that is wanted. `state` is its directory, or negative. False: that failed, which was said. */
bool remove_if_wanted(const char *command, const char *name, int state);

/* Leave a process behind that removes it when it ends. The connection is one to its manager, which has said that it
 * started. False: there is none, which was said; then it is a leftover when it ends. */
bool remove_later(const char *name, int state, int connection);

/* Remove what owners left that were killed. */
void remove_leftovers(void);

#endif
