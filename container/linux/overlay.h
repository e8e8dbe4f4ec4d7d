/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root file system as two layers: a *lower* directory of the host, which is never written, and an *upper* one of
 * the container's own. What Linux' overlayfs does, done here with capabilities to both.
 *
 * - A name is looked up in the upper layer, then in the lower one. Directories that both have are merged.
 * - What is changed is first copied into the upper layer, with the directories above it ("copied up").
 * - The upper layer hides what is below it with *whiteouts*: an empty file .wh.NAME hides NAME; .wh..wh..opq in a
 *   directory hides all that the lower layer has there. These are the names of OCI layers, and any user can make
 *   them. Names that begin with .wh. do not exist for programs, in either layer (-EINVAL when they make one).
 * - Processes have personalities of their own, which work at the same time. So changes are made in an order in which
 *   each step leaves something good: new content is made aside, in the *index* directory, and renamed into place.
 *   Nothing is remembered between two calls but work in progress and what overlay_folders.c keeps.
 *
 * Paths here are relative to the root and name no links but as the last component, no ".." (path.h walks these).
 * A slash or "/." at the end asks for a directory.
 */
#ifndef SELKIE_LINUX_OVERLAY_H
#define SELKIE_LINUX_OVERLAY_H

#include "container/linux/file.h"

enum overlay_layer {
    LAYER_NONE, /* the file is not of the overlay */
    LAYER_LOWER,
    LAYER_UPPER
};

/* What a path names. */
struct overlay_node {
    bool is_upper, is_lower; /* which layers show it: both for merged directories only */
    bool is_white;           /* a whiteout hides it; also known when nothing was found */
    bool has_lower_parent;   /* the directory that it is in shows the lower layer */
    struct statx status;     /* of the upper layer if that shows it; as the host has it */
    uint64_t lower_inode;    /* of merged directories */
    uint32_t lower_major, lower_minor;
};

/* Is the container's root an overlay? Then `lower` is its directory. */
void overlay_init(cap_address lower);
bool overlay_is_on(void);

/* A call begins: others may have changed something. */
void overlay_begin(void);
/* The call itself changed something. */
void overlay_forget(void);

/* -ENOENT, -ENOTDIR as usual; -ELOOP: a component that is not the last is a link. */
long overlay_look(const char *path, struct overlay_node *node);

/* As programs see it. */
long overlay_stat(const char *path, struct statx *status);
void overlay_show(const struct overlay_node *node, struct statx *status);
void overlay_show_file(enum overlay_layer layer,
                       struct statx *status); /* of an open file that is no directory */

long overlay_read_link(const char *path, char *to, uint64_t room);

/* What they change. Modes and owners are those that programs see. */
long overlay_open(const char *path, uint64_t flags, uint64_t mode, const struct object_box *box,
                  enum overlay_layer *layer);
long overlay_make_directory(const char *path, uint64_t mode);
long overlay_make_node(const char *path, uint64_t mode);
long overlay_symlink(const char *path, const char *target, uint64_t length);
long overlay_remove(const char *path, bool is_directory);
long overlay_rename(const char *old, const char *new, uint64_t flags);
long overlay_link(const char *old, const char *new);
long overlay_set_mode(const char *path, uint64_t mode);
long overlay_set_times(const char *path, const void *times);
long overlay_set_owner(const char *path, uint32_t user, uint32_t group); /* ~0: stays */

/* A directory that was opened; it is listed by its path. NULL: no memory. */
struct file *overlay_directory(const char *path, unsigned flags);
bool overlay_is_directory(const struct file *file);

/* In the child of a fork: work in progress is the parent's. */
void overlay_fork(void);

#endif
