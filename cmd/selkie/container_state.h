/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What outlives a command and a manager: a directory per detached container, and per container with files of its
 * own, in XDG_STATE_HOME/selkie/containers. In it
 *
 *     config.json   what was asked for
 *     log           what it wrote to standard output and error
 *     status        how it ended, written by the manager: "exit N", "signal N" or "broken N", then "ended SECONDS".
 *                   There is room from the start, and the manager holds a lock on it, by the descriptor that it was given
 *     upper, index  its own files, if it has layers
 */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_STATE_H
#define SELKIE_CMD_SELKIE_CONTAINER_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/diag.h"

enum {
    STATE_HOW_SIZE = 64
};

/* Make the directory of a new container. Its descriptor, locked as by state_lock; -EEXIST if there is one of that name;
 * -errno. */
int state_make(const char *name, struct diag *diag);

/* The directory of one that was made, or -errno. */
int state_open(const char *name, struct diag *diag);

/* Lock it until the last duplicate of this descriptor is closed. False: somebody else has the lock. */
bool state_lock(int state);

/* Remove it with all that is in it, unless its name is another one's by now: `state` is open on it. 0, also if it is
 * gone, or -errno. */
int state_remove(const char *name, int state, struct diag *diag);

/* 0 or -errno. */
int state_config_write(int state, const json_t *config, struct diag *diag);
json_t *state_config_read(int state); /* NULL: there is none */

/* How it ended: "exit 0"; "" if it has not, or nobody could write it down. `ended` gets when. */
void state_how(int state, char how[STATE_HOW_SIZE], long long *ended);

/* Make the status of one that is to be given to a manager. A locked descriptor, or -1 and errno. */
int state_status_make(int state);

/* Who has one that no manager of ours knows: it runs all the same. */
enum state_holder {
    STATE_FREE, /* nobody: it has ended, or its manager was killed */
    STATE_OF_COMMAND, /* a command that starts it, runs it in the foreground, or removes it */
    STATE_OF_MANAGER /* one that XDG_RUNTIME_DIR does not lead to */
};
enum state_holder state_holder(int state);

/* The exit status that stands for such words, -1 if they are none. */
int state_exit_status(const char *how);

/* All names, sorted; to be freed with state_names_free. Their number, or -errno. */
int state_names(char ***names, struct diag *diag);
void state_names_free(char **names, int count);

/* The whole path of a container's directory, or of all if the name is "". False: too long. */
bool state_path(const char *name, char *path, size_t size);

#endif
