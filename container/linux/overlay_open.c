/* SPDX-License-Identifier: BSD-2-Clause */
/* open(2) in an overlay: what is to be written is copied up first, what is new is made in the upper layer. */
#include "container/linux/identity.h"
#include "container/linux/overlay_parts.h"

enum {
    TRIES = 8, /* while others make and remove the same name */
    OWNER_RW = 0600
};

static struct overlay_node node;
static char name[PATH_ROOM];
static enum overlay_layer layer_opened;

static long layer_open(cap_address layer, uint64_t flags, uint64_t mode, const struct object_box *box)
{
    return HOST(layer, HOST_DIRECTORY_OPEN, box->object, NULL, (uint64_t)name, strlen(name), flags, mode);
}

/* Modes do not bind the container's root user, but they do bind the host's. */
static long upper_open(uint64_t flags, const struct object_box *box)
{
    long answer = layer_open(overlay.upper, flags, 0, box);
    if (answer != -EACCES || identity_user() != 0 || (node.status.mode & S_IFMT) != S_IFREG) {
        return answer;
    }
    uint64_t mode = node.status.mode & MODE_BITS;
    long changed =
        HOST(overlay.upper, HOST_DIRECTORY_SET_MODE, 0, NULL, (uint64_t)name, strlen(name), mode | OWNER_RW);
    if (changed >= 0) {
        answer = layer_open(overlay.upper, flags, 0, box);
        (void)HOST(overlay.upper, HOST_DIRECTORY_SET_MODE, 0, NULL, (uint64_t)name, strlen(name), mode);
    }
    return answer;
}

/* What is there. */
static long old_open(uint64_t flags, struct path_end end, const struct object_box *box)
{
    uint32_t type = node.status.mode & S_IFMT;
    bool is_path = flags & O_PATH;
    bool writes = !is_path && ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC);
    if (!is_path && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
        return -EEXIST;
    }
    if (type == S_IFDIR && (writes || (!is_path && flags & O_CREAT))) {
        return -EISDIR;
    }
    if (end.is_slash && !is_path && flags & O_CREAT) {
        return -EISDIR;
    }
    if ((writes && type == S_IFREG && !(flags & O_DIRECTORY)) || (type == S_IFIFO && !is_path)) {
        long error = copy_up(name, !(flags & O_TRUNC), &node);
        if (error) {
            return error;
        }
    }
    flags = (flags & ~(uint64_t)(O_CREAT | O_EXCL)) | O_NOFOLLOW;
    layer_opened = node.is_upper ? LAYER_UPPER : LAYER_LOWER;
    return node.is_upper ? upper_open(flags, box) : layer_open(overlay.lower, flags, 0, box);
}

static long new_open(uint64_t flags, uint64_t mode, struct path_end end, const struct object_box *box)
{
    struct index_entry entry;
    if (end.is_slash || end.is_dot) {
        return end.is_dot ? -ENOENT : -EISDIR;
    }
    long error = new_begin(name, name, &node);
    error = error ? error : index_new(name, S_IFREG, mode, &entry);
    error = error ? error
                  : layer_open(overlay.upper, flags | O_EXCL | O_NOFOLLOW,
                               index_host_mode(S_IFREG, entry.mode), box);
    overlay_forget();
    if (error < 0) {
        return error;
    }
    if (node.is_white) {
        white_remove(name);
    }
    return index_is_plain(S_IFREG, &entry) ? 0 : index_apply(overlay.upper, name, &entry);
}

/* A file without a name. */
static long nameless_open(uint64_t flags, uint64_t mode, const struct object_box *box)
{
    long error = !is_directory(&node.status) ? -ENOTDIR : copy_up(name, true, &node);
    return error ? error : layer_open(overlay.upper, flags, mode & MODE_PLAIN, box);
}

static long open_once(const char *path, uint64_t flags, uint64_t mode, const struct object_box *box)
{
    struct path_end end = path_trim(path, name);
    long error = overlay_look(path, &node);
    layer_opened = LAYER_UPPER;
    if (!error && (flags & O_TMPFILE) == O_TMPFILE && !(flags & O_PATH)) {
        return nameless_open(flags, mode, box);
    }
    if (!error) {
        return old_open(flags, end, box);
    }
    return error == -ENOENT && flags & O_CREAT && !(flags & O_PATH) ? new_open(flags, mode, end, box) : error;
}

long overlay_open(const char *path, uint64_t flags, uint64_t mode, const struct object_box *box,
                  enum overlay_layer *layer)
{
    long answer = -EEXIST;
    for (unsigned i = 0; i < TRIES && answer == -EEXIST; i++) {
        if (i > 0) {
            overlay_forget();
        }
        answer = open_once(path, flags, mode, box);
        if (flags & O_EXCL) {
            break;
        }
    }
    *layer = layer_opened;
    return answer;
}
