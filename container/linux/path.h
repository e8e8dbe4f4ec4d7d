/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths: from what a program names to a directory capability and a path below it. path_resolution(7).
 *
 * The host walks paths below one directory, links and ".." included, as if that were the root. So a path is walked
 * here, link by link, only where that differs: where it may cross into a volume, or into what synthetic.h makes up.
 * One name relative to an open directory is looked up in that directory itself, wherever it was moved to.
 */
#ifndef SELKIE_LINUX_PATH_H
#define SELKIE_LINUX_PATH_H

#include "container/linux/file.h"

struct path {
    char text[PATH_ROOM]; /* absolute; without empty components, and with "." only as the last one */
    cap_address near;     /* the directory that `name` is in, if one name was given relative to it; else 0 */
    size_t name;          /* index in text */
    bool is_name; /* the name itself is meant: a link is not followed, not even with a slash behind it */
};

/* Where an operation of the host finds what a path names. */
struct place {
    cap_address directory;
    const char *below;
    uint64_t length;
    cap_address root; /* of the volume: no link or rename between two */
    bool is_overlay;  /* `below` is a path in the overlay; place.h knows what to do */
};

enum {
    PATH_SYNTHETIC = -EXDEV /* the path, resolved, is one that synthetic_covers */
};

void path_init(const struct container_order *order);

/* For a call that names one path: one call at a time is served, and every process has a copy of this. */
extern struct path call_path;

/* What a call names, relative to `directory_fd` or the working directory. 0 or an error; -ENOENT for an empty path. */
long path_read(const struct process *process, uint64_t directory_fd, uint64_t address, struct path *to);

/* The same of a text, relative to the working directory. */
long path_text(const struct process *process, const char *text, struct path *to);

/* The same of an absolute text. */
long path_set(struct path *to, const char *text);

/* Do what `operation` does with the path's place. `follow`: the last component, too, if it is a link; the
 * operation must then follow links by itself. -EXDEV: PATH_SYNTHETIC, and `path` is what it leads to. */
long path_do(const struct process *process, struct path *path, bool follow,
             long (*operation)(void *argument, const struct place *place), void *argument);

/* Two paths, the last components as they are. */
long path_pair_do(const struct process *process, struct path *old, struct path *new,
                  long (*operation)(void *argument, const struct place *old, const struct place *new),
                  void *argument);

/* Replace every link. */
long path_resolve(const struct process *process, struct path *path, bool follow);

/* The working directory becomes `path`, which is resolved and which `file` is open on, if not NULL. */
void path_enter(struct process *process, const struct path *path, struct file *file);

/* The working directory, open; NULL: it is known by its path only. */
const struct file *path_working(void);

/* Was it removed? */
bool path_working_is_gone(void);

/* Directories that were opened below `old` are now below `new`. */
void path_renamed(struct process *process, const struct path *old, const struct path *new);

/* Is there a file system at /dev/shm? */
bool path_has_shm(void);

/* The root directory; 0 if the container has none. */
cap_address path_root(void);

#endif
