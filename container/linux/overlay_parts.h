/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the overlay share. */
#ifndef SELKIE_LINUX_OVERLAY_PARTS_H
#define SELKIE_LINUX_OVERLAY_PARTS_H

#include "container/linux/host.h"
#include "container/linux/overlay.h"

enum {
    RENAME_NOREPLACE = 1,
    RENAME_EXCHANGE = 2,
    MODE_PLAIN = 0777,
    S_ISUID = 04000,
    S_ISGID = 02000,
    S_ISVTX = 01000,
    STATX_BTIME = 0x800,
    NAME_MOST = 255,
    WORK_NAME = 32
};

/* The directories: layers, and an index per layer; the lower one may be missing. */
struct overlay_caps {
    cap_address upper, lower, upper_index, lower_index;
};
extern struct overlay_caps overlay;

extern const char overlay_white_prefix[], overlay_opaque_name[];

/* Every process has a copy of these, so there are few: for a path that is used up before anything else is called that
 * looks for one; and for the directory above a path, or a link's target. */
extern char overlay_scratch[PATH_ROOM], overlay_above[PATH_ROOM];

static inline bool is_directory(const struct statx *status)
{
    return (status->mode & S_IFMT) == S_IFDIR;
}

static inline cap_address layer_of(const struct overlay_node *node)
{
    return node->is_upper ? overlay.upper : overlay.lower;
}

static inline size_t path_parent_length(const char *path)
{
    size_t length = strlen(path);
    while (length > 0 && path[length] != '/') {
        length--;
    }
    return length;
}

/* overlay.c: calls on one layer, nothing followed. */
long layer_stat(cap_address layer, const char *path, struct statx *status);
long layer_remove(cap_address layer, const char *path, uint64_t flags);
long layer_rename(cap_address from, const char *old, cap_address to, const char *new, uint64_t flags);

/* overlay_folders.c: directories that are known. The length of the longest one that `path` is in, 0: the root. */
size_t folder_find(const char *path, bool *is_upper, bool *is_lower);
void folder_keep(const char *path, bool is_upper, bool is_lower);
void folders_begin(void); /* a new call: others may have changed something */
/* Around changes that other processes must know of: to which layers show a directory. They may nest. */
void folders_change(void);
void folders_changed(void);

/* `path` without what may stand at its end, in `to`; says what that was. */
struct path_end {
    bool is_slash, is_dot;
};
struct path_end path_trim(const char *path, char to[PATH_ROOM]);
bool path_is_reserved(const char *path); /* has a component .wh.* */

/* The path of the whiteout for `path`. -ENAMETOOLONG */
long white_path(const char *path, char to[PATH_ROOM]);
long white_make(const char *path);
void white_remove(const char *path);
long opaque_make(cap_address layer, const char *directory);

/* Has the lower layer something that would be seen if the upper layer had nothing? */
bool has_below(const char *path, const struct overlay_node *node);

/* overlay_copy.c: make it, or the directories above it, be in the upper layer. CALL_WAITS: to be called again. */
long copy_up(const char *path, bool has_content, struct overlay_node *node);
long parent_up(const char *path);
void work_name(char name[WORK_NAME]);
/* Put what was made aside, in the upper index, at its place. */
long work_place(const char *name, const char *path);

/* overlay_list.c: has a directory nothing that is shown? An error, 0 or 1. */
long directory_is_empty(const char *path);
/* Remove a directory of the upper layer in which nothing is left but marks. -ENOTEMPTY */
long directory_drop(const char *path, const struct statx *status);

/* overlay_change.c: begin to make `path`, which gets `name`; -EEXIST. `node` says whether it is white. */
long new_begin(const char *path, char name[PATH_ROOM], struct overlay_node *node);

/* overlay_index.c: owners, modes and the identity of what was copied up, where they are not the host's. */
struct index_entry {
    uint32_t user, group, mode; /* 07777 */
    uint64_t inode;             /* that is shown; 0: its own */
};
bool index_read(bool is_upper, const struct statx *status, struct index_entry *entry);
/* Of something in the upper layer, or in the upper index itself: `path` below `layer`. */
long index_write(cap_address layer, const char *path, const struct statx *status,
                 const struct index_entry *entry);
/* The number that is shown of something in the upper layer that the lower one does not have; 0: its index knows. */
uint64_t index_shown(uint64_t inode);
void index_remove(const struct statx *status);
/* The mode that the host gets for it. */
uint32_t index_host_mode(uint32_t type, uint32_t mode);
/* Is an entry needed for this? */
bool index_is_plain(uint32_t type, const struct index_entry *entry);
/* What something new in this directory gets. */
long index_new(const char *path, uint32_t type, uint64_t mode, struct index_entry *entry);
long index_apply(cap_address layer, const char *path, const struct index_entry *entry);

#endif
