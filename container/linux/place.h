/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be done with what a path names, wherever it is: in a directory of the host, or in the overlay. Flags, modes
 * and errors are Linux'.
 */
#ifndef SELKIE_LINUX_PLACE_H
#define SELKIE_LINUX_PLACE_H

#include "container/linux/overlay.h"
#include "container/linux/path.h"

/* A volume may be a file; this is one. */
bool place_is_file(const struct place *place);

/* Into an empty host object. `layer` says what file_host_make's file is of. */
long place_open(const struct place *place, uint64_t flags, uint64_t mode, const struct object_box *box,
                enum overlay_layer *layer);

long place_stat(const struct place *place, uint64_t flags, struct statx *status);
long place_stat_host(const struct place *place, struct statx *status); /* as the host has it */
long place_read_link(const struct place *place, char *to, uint64_t room);
long place_make_directory(const struct place *place, uint64_t mode);
long place_make_node(const struct place *place, uint64_t mode);
long place_symlink(const struct place *place, const char *target, uint64_t length);
long place_remove(const struct place *place, uint64_t flags);
long place_set_mode(const struct place *place, uint64_t mode);
long place_set_times(const struct place *place, uint64_t flags, const void *times);
long place_set_owner(const struct place *place, uint64_t flags, uint32_t user, uint32_t group);

/* Both have the same root. */
long place_rename(const struct place *old, const struct place *new, uint64_t flags);
long place_link(const struct place *old, const struct place *new);

#endif
