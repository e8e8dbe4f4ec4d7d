/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and removing names in an overlay, and changing what is told of files. */
#include "container/linux/identity.h"
#include "container/linux/overlay_parts.h"

static struct overlay_node node;
static char name[PATH_ROOM];

long new_begin(const char *path, char to[PATH_ROOM], struct overlay_node *found)
{
    struct path_end end = path_trim(path, to);
    if (!to[0]) {
        return -EEXIST;
    }
    size_t parent = path_parent_length(to);
    long error = overlay_look(to, found);
    if (error != -ENOENT) {
        return error ? error : -EEXIST;
    }
    error = end.is_dot ? -ENOENT : path_is_reserved(to + parent + (parent > 0)) ? -EINVAL : parent_up(to);
    return error;
}

/* A directory where another one was is made aside, so that nobody sees it without its mark. */
static long directory_replace(const struct index_entry *entry)
{
    char work[WORK_NAME];
    work_name(work);
    long error = HOST(overlay.upper_index, HOST_DIRECTORY_MAKE, 0, NULL, (uint64_t)work, strlen(work),
                      index_host_mode(S_IFDIR, entry->mode));
    if (error < 0) {
        return error;
    }
    error = opaque_make(overlay.upper_index, work);
    error = error ? error : index_apply(overlay.upper_index, work, entry);
    error = error ? error : work_place(work, name);
    if (!error) {
        white_remove(name);
        return 0;
    }
    format_text(overlay_scratch, sizeof overlay_scratch, "%s/%s", work, overlay_opaque_name);
    (void)layer_remove(overlay.upper_index, overlay_scratch, 0);
    (void)layer_remove(overlay.upper_index, work, AT_REMOVEDIR);
    return error;
}

long overlay_make_directory(const char *path, uint64_t mode)
{
    struct index_entry entry;
    long error = new_begin(path, name, &node);
    error = error ? error : index_new(name, S_IFDIR, mode, &entry);
    if (error) {
        return error;
    }
    if (node.is_white) {
        return directory_replace(&entry);
    }
    error = HOST(overlay.upper, HOST_DIRECTORY_MAKE, 0, NULL, (uint64_t)name, strlen(name),
                 index_host_mode(S_IFDIR, entry.mode));
    overlay_forget();
    return error < 0 ? error : index_apply(overlay.upper, name, &entry);
}

/* A name that no slash may follow is made. */
static long new_plain(const char *path, uint32_t type, uint64_t mode, struct index_entry *entry)
{
    long error = new_begin(path, name, &node);
    if (!error && path_trim(path, name).is_slash) {
        error = -ENOENT;
    }
    return error ? error : index_new(name, type, mode, entry);
}

static long new_finish(long made, const struct index_entry *entry)
{
    overlay_forget();
    if (made < 0) {
        return made;
    }
    if (node.is_white) {
        white_remove(name);
    }
    return index_apply(overlay.upper, name, entry);
}

long overlay_make_node(const char *path, uint64_t mode)
{
    struct index_entry entry;
    uint32_t type = (uint32_t)mode & S_IFMT;
    long error = new_plain(path, type, mode, &entry);
    return error ? error
                 : new_finish(HOST(overlay.upper, HOST_DIRECTORY_MAKE_NODE, 0, NULL, (uint64_t)name,
                                   strlen(name), type | index_host_mode(type, entry.mode)),
                              &entry);
}

long overlay_symlink(const char *path, const char *target, uint64_t length)
{
    struct index_entry entry;
    long error = new_plain(path, S_IFLNK, MODE_PLAIN, &entry);
    return error ? error
                 : new_finish(HOST(overlay.upper, HOST_DIRECTORY_SYMLINK, 0, NULL, (uint64_t)name,
                                   strlen(name), (uint64_t)target, length),
                              &entry);
}

static long upper_remove(bool is_folder)
{
    if (is_folder) {
        return directory_drop(name, &node.status);
    }
    long error = layer_remove(overlay.upper, name, 0);
    if (error >= 0 && node.status.links == 1) {
        index_remove(&node.status);
    }
    return error < 0 ? error : 0;
}

static long removable(struct path_end end, const char *path, bool is_folder)
{
    if (!name[0]) {
        return !is_folder ? -EISDIR : end.is_dot ? -EINVAL : -EBUSY;
    }
    long error = is_folder && end.is_dot ? -EINVAL : overlay_look(path, &node);
    if (error) {
        return error;
    }
    if (is_directory(&node.status) != is_folder) {
        return is_folder ? -ENOTDIR : -EISDIR;
    }
    long is_empty = is_folder ? directory_is_empty(name) : 1;
    return is_empty < 0 ? is_empty : is_empty ? 0 : -ENOTEMPTY;
}

static long layers_remove(bool is_folder)
{
    long error = 0;
    bool must_hide = has_below(name, &node);
    if (must_hide) {
        error = parent_up(name);
        error = error ? error : white_make(name);
    }
    if (!error && node.is_upper) {
        error = upper_remove(is_folder);
        if (error && must_hide) {
            white_remove(name);
        }
    }
    overlay_forget();
    return error;
}

long overlay_remove(const char *path, bool is_folder)
{
    struct path_end end = path_trim(path, name);
    long error = removable(end, path, is_folder);
    if (error || !is_folder) {
        return error ? error : layers_remove(false);
    }
    folders_change();
    error = layers_remove(true);
    folders_changed();
    return error;
}

/* In the upper layer, with what its index says of it. */
static long changeable(const char *path, struct index_entry *entry)
{
    (void)path_trim(path, name);
    long error = overlay_look(path, &node);
    error = error ? error : copy_up(name, true, &node);
    if (!error) {
        (void)index_read(true, &node.status, entry);
    }
    return error;
}

static long entry_change(const struct index_entry *entry)
{
    uint32_t type = node.status.mode & S_IFMT;
    bool has_entry = type == S_IFLNK || node.status.mode & S_ISVTX;
    overlay_forget();
    if (has_entry || !index_is_plain(type, entry)) {
        return index_write(overlay.upper, name, &node.status, entry);
    }
    long error = HOST(overlay.upper, HOST_DIRECTORY_SET_MODE, 0, NULL, (uint64_t)name, strlen(name),
                      index_host_mode(type, entry->mode));
    return error < 0 ? error : 0;
}

long overlay_set_mode(const char *path, uint64_t mode)
{
    struct index_entry entry;
    long error = changeable(path, &entry);
    if (!error && (node.status.mode & S_IFMT) == S_IFLNK) {
        error = -EOPNOTSUPP;
    }
    if (!error && identity_user() != 0 && identity_user() != entry.user) {
        error = -EPERM;
    }
    entry.mode = (uint32_t)mode & MODE_BITS;
    return error ? error : entry_change(&entry);
}

long overlay_set_owner(const char *path, uint32_t user, uint32_t group)
{
    struct index_entry entry;
    long error = changeable(path, &entry);
    if (error) {
        return error;
    }
    bool is_own = entry.user == identity_user() && (user == ~0u || user == entry.user) &&
                  (group == ~0u || group == entry.group || identity_has_group(group));
    if (identity_user() != 0 && !is_own) {
        return -EPERM;
    }
    entry.user = user == ~0u ? entry.user : user;
    entry.group = group == ~0u ? entry.group : group;
    if (!is_directory(&node.status)) {
        entry.mode &= entry.mode & 010 ? ~(uint32_t)(S_ISUID | S_ISGID) : ~(uint32_t)S_ISUID;
    }
    return entry_change(&entry);
}

long overlay_set_times(const char *path, const void *times)
{
    struct index_entry entry;
    long error = changeable(path, &entry);
    if (!error) {
        error = HOST(overlay.upper, HOST_DIRECTORY_SET_TIMES, 0, NULL, (uint64_t)name, strlen(name),
                     AT_SYMLINK_NOFOLLOW, (uint64_t)times);
        overlay_forget();
    }
    return error < 0 ? error : 0;
}
