/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking up names in two layers, from the nearest directory that is known (overlay_folders.c).
 *
 * Each component costs a call for each layer that may have it, until one layer is left: that one walks the rest
 * of the path by itself, refusing links, whose targets are for path.h to walk through both.
 */
#include "container/linux/overlay_parts.h"

struct overlay_caps overlay;
char overlay_scratch[PATH_ROOM], overlay_above[PATH_ROOM];
const char overlay_white_prefix[] = ".wh.", overlay_opaque_name[] = ".wh..wh..opq";

enum {
    PREFIX_LENGTH = 4
};

/* The last answer of the present call. */
static struct {
    bool is_there;
    long answer;
    struct overlay_node node;
    char path[PATH_ROOM];
} last;

void overlay_init(cap_address lower)
{
    cap_address upper = host_find("upper");
    if (upper && lower) {
        overlay = (struct overlay_caps){upper, lower, host_find("upper-index"), host_find("rootfs-index")};
    }
}

bool overlay_is_on(void)
{
    return overlay.upper != 0;
}

void overlay_begin(void)
{
    last.is_there = false;
    folders_begin();
}

void overlay_forget(void)
{
    last.is_there = false;
}

long layer_stat(cap_address layer, const char *path, struct statx *status)
{
    return HOST(layer, HOST_DIRECTORY_STAT, 0, NULL, (uint64_t)path, strlen(path),
                AT_SYMLINK_NOFOLLOW | HOST_IO_NO_LINKS, (uint64_t)status);
}

long layer_remove(cap_address layer, const char *path, uint64_t flags)
{
    return HOST(layer, HOST_DIRECTORY_REMOVE, 0, NULL, (uint64_t)path, strlen(path), flags);
}

long layer_rename(cap_address from, const char *old, cap_address to, const char *new, uint64_t flags)
{
    return HOST(from, HOST_DIRECTORY_RENAME, to, NULL, (uint64_t)old, strlen(old), (uint64_t) new,
                strlen(new), flags);
}

struct path_end path_trim(const char *path, char to[PATH_ROOM])
{
    struct path_end end = {false, false};
    size_t length = strlen(path), skip = path[0] == '/';
    length -= skip;
    memmove(to, path + skip, length + 1);
    if (length >= 1 && to[length - 1] == '.' && (length == 1 || to[length - 2] == '/')) {
        end.is_dot = true;
        to[--length] = '\0';
    }
    while (length > 0 && to[length - 1] == '/') {
        end.is_slash = true;
        to[--length] = '\0';
    }
    return end;
}

bool path_is_reserved(const char *path)
{
    for (const char *at = path; *at; at++) {
        if ((at == path || at[-1] == '/') && strncmp(at, overlay_white_prefix, PREFIX_LENGTH) == 0) {
            return true;
        }
    }
    return false;
}

long white_path(const char *path, char to[PATH_ROOM])
{
    size_t parent = path_parent_length(path), start = parent ? parent + 1 : 0;
    if (strlen(path) + PREFIX_LENGTH + 1 > PATH_ROOM || strlen(path + start) + PREFIX_LENGTH > NAME_MOST) {
        return -ENAMETOOLONG;
    }
    memcpy(to, path, start);
    memcpy(to + start, overlay_white_prefix, PREFIX_LENGTH);
    memcpy(to + start + PREFIX_LENGTH, path + start, strlen(path + start) + 1);
    return 0;
}

static long mark_make(cap_address layer, const char *path)
{
    struct object_box box;
    if (!host_object_make(&box)) {
        return -ENOMEM;
    }
    long error = HOST(layer, HOST_DIRECTORY_OPEN, box.object, NULL, (uint64_t)path, strlen(path),
                      O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0600);
    host_object_drop(&box);
    return error == -EEXIST ? 0 : error;
}

long white_make(const char *path)
{
    long error = white_path(path, overlay_scratch);
    return error ? error : mark_make(overlay.upper, overlay_scratch);
}

void white_remove(const char *path)
{
    if (!white_path(path, overlay_scratch)) {
        (void)layer_remove(overlay.upper, overlay_scratch, 0);
    }
}

long opaque_make(cap_address layer, const char *directory)
{
    int length =
        format_text(overlay_scratch, sizeof overlay_scratch, "%s/%s", directory, overlay_opaque_name);
    return length >= PATH_ROOM - 1 ? -ENAMETOOLONG : mark_make(layer, overlay_scratch);
}

static bool is_white(const char *path)
{
    static struct statx status;
    return !white_path(path, overlay_scratch) && layer_stat(overlay.upper, overlay_scratch, &status) >= 0;
}

static bool is_opaque(const char *directory)
{
    static struct statx status;
    int length =
        format_text(overlay_scratch, sizeof overlay_scratch, "%s/%s", directory, overlay_opaque_name);
    return length < PATH_ROOM - 1 && layer_stat(overlay.upper, overlay_scratch, &status) >= 0;
}

/* In a directory that both layers show. */
static long both_look(const char *path, struct overlay_node *node)
{
    static struct statx below;
    long answer = layer_stat(overlay.upper, path, &node->status);
    *node = (struct overlay_node){.is_upper = answer >= 0, .has_lower_parent = true, .status = node->status};
    if (answer < 0 && answer != -ENOENT) {
        return answer;
    }
    node->is_white = !node->is_upper && is_white(path);
    if (node->is_white || (node->is_upper && !is_directory(&node->status))) {
        return node->is_white ? -ENOENT : 0;
    }
    answer = layer_stat(overlay.lower, path, &below);
    if (!node->is_upper) {
        node->is_lower = answer >= 0;
        node->status = below;
        return answer < 0 ? answer : 0;
    }
    if (answer >= 0 && is_directory(&below) && !is_opaque(path)) {
        node->is_lower = true;
        node->lower_inode = below.inode;
        node->lower_major = below.dev_major;
        node->lower_minor = below.dev_minor;
    }
    return 0;
}

/* One layer has what is left of the path, or nobody. */
static long alone_look(const char *path, bool is_upper, bool has_lower_parent, struct overlay_node *node)
{
    long answer = layer_stat(is_upper ? overlay.upper : overlay.lower, path, &node->status);
    *node = (struct overlay_node){.is_upper = is_upper && answer >= 0,
                                  .is_lower = !is_upper && answer >= 0,
                                  .has_lower_parent = has_lower_parent,
                                  .status = node->status};
    return answer < 0 ? answer : 0;
}

static long root_look(struct overlay_node *node)
{
    static struct statx below;
    *node = (struct overlay_node){.is_upper = true, .is_lower = true};
    long error = layer_stat(overlay.lower, "", &below);
    node->lower_inode = below.inode;
    node->lower_major = below.dev_major;
    node->lower_minor = below.dev_minor;
    error = error < 0 ? error : layer_stat(overlay.upper, "", &node->status);
    return error < 0 ? error : 0;
}

static size_t component_end(const char *path, size_t at)
{
    while (path[at] && path[at] != '/') {
        at++;
    }
    return at;
}

/* From the nearest directory on the way that is known. */
static long walk(const char *path, struct overlay_node *node)
{
    static char part[PATH_ROOM];
    bool is_upper, is_lower;
    size_t at = folder_find(path, &is_upper, &is_lower);
    at += at > 0;
    for (;;) {
        size_t end = component_end(path, at);
        if (!is_upper || !is_lower) {
            return alone_look(path, is_upper, is_lower, node);
        }
        memcpy(part, path, end);
        part[end] = '\0';
        long error = both_look(part, node);
        if (error || !path[end]) {
            return error;
        }
        if (!is_directory(&node->status)) {
            return (node->status.mode & S_IFMT) == S_IFLNK ? -ELOOP : -ENOTDIR;
        }
        is_upper = node->is_upper;
        is_lower = node->is_lower;
        folder_keep(part, is_upper, is_lower);
        at = end + 1;
    }
}

long overlay_look(const char *path, struct overlay_node *node)
{
    static char name[PATH_ROOM];
    struct path_end end = path_trim(path, name);
    if (last.is_there && strcmp(name, last.path) == 0) {
        *node = last.node;
    } else {
        last.answer = !name[0] ? root_look(node) : path_is_reserved(name) ? -ENOENT : walk(name, node);
        last.is_there = true;
        last.node = *node;
        memcpy(last.path, name, strlen(name) + 1);
    }
    return !last.answer && (end.is_slash || end.is_dot) && !is_directory(&node->status) ? -ENOTDIR
                                                                                        : last.answer;
}

bool has_below(const char *path, const struct overlay_node *node)
{
    static struct statx status;
    return node->has_lower_parent && (node->is_lower || layer_stat(overlay.lower, path, &status) != -ENOENT);
}

long overlay_stat(const char *path, struct statx *status)
{
    static struct overlay_node node;
    long error = overlay_look(path, &node);
    if (!error) {
        overlay_show(&node, status);
    }
    return error;
}

long overlay_read_link(const char *path, char *to, uint64_t room)
{
    static struct overlay_node node;
    long error = overlay_look(path, &node);
    (void)path_trim(path, overlay_scratch);
    return error ? error
                 : HOST(layer_of(&node), HOST_DIRECTORY_READ_LINK, 0, NULL, (uint64_t)overlay_scratch,
                        strlen(overlay_scratch), (uint64_t)to, room);
}
