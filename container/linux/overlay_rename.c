/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rename(2) and link(2) in an overlay. Directories of which the lower layer shows anything are not renamed: -EXDEV, as
 * of Linux' overlayfs, and mv(1) copies.
 */
#include "container/linux/overlay_parts.h"

static struct overlay_node source, target;
static char from[PATH_ROOM], to[PATH_ROOM];

static bool is_above(const char *path, const char *other)
{
    size_t length = strlen(path);
    return strncmp(path, other, length) == 0 && other[length] == '/';
}

/* May one directory or file take another's place? */
static long target_check(bool is_there, bool is_exchange)
{
    bool is_folder = is_directory(&source.status);
    if (!is_there) {
        return is_exchange ? -ENOENT : 0;
    }
    if (is_exchange) {
        return is_directory(&target.status) && target.is_lower ? -EXDEV : 0;
    }
    if (is_folder != is_directory(&target.status)) {
        return is_folder ? -ENOTDIR : -EISDIR;
    }
    long is_empty = is_folder ? directory_is_empty(to) : 1;
    return is_empty < 0 ? is_empty : is_empty ? 0 : -ENOTEMPTY;
}

/* All that may be refused. *is_there: the target is. */
static long rename_check(const char *old, const char *new, uint64_t flags, bool *is_there)
{
    struct path_end from_end = path_trim(old, from), to_end = path_trim(new, to);
    size_t parent = path_parent_length(to);
    if (flags & ~(uint64_t)(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
        flags == (RENAME_NOREPLACE | RENAME_EXCHANGE)) {
        return -EINVAL;
    }
    if (!from[0] || !to[0] || from_end.is_dot || to_end.is_dot) {
        return -EBUSY;
    }
    long error = overlay_look(old, &source);
    if (error) {
        return error;
    }
    error = overlay_look(to, &target);
    *is_there = !error;
    if (error && error != -ENOENT) {
        return error;
    }
    if (*is_there && flags & RENAME_NOREPLACE) {
        return -EEXIST;
    }
    if (to_end.is_slash &&
        !is_directory(*is_there && flags & RENAME_EXCHANGE ? &target.status : &source.status)) {
        return -ENOTDIR;
    }
    if (is_above(from, to) || is_above(to, from)) {
        return is_above(from, to) || flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
    }
    if (path_is_reserved(to + parent + (parent > 0))) {
        return -EINVAL;
    }
    bool is_kept = is_directory(&source.status) && source.is_lower && strcmp(from, to) != 0;
    error = target_check(*is_there, flags & RENAME_EXCHANGE);
    return error == -ENOTEMPTY && is_kept ? -EXDEV : error ? error : is_kept ? -EXDEV : 0;
}

/* Moved directories show nothing of what the lower layer has at their new place. */
static long opaque_check(const char *path, const struct overlay_node *node, bool hides)
{
    return hides && is_directory(&node->status) ? opaque_make(overlay.upper, path) : 0;
}

static long exchange(bool from_hides, bool to_hides)
{
    long error = opaque_check(from, &source, to_hides);
    error = error ? error : opaque_check(to, &target, from_hides);
    return error ? error : layer_rename(overlay.upper, from, overlay.upper, to, RENAME_EXCHANGE);
}

/* A directory in place of an empty one, which may have marks in it. */
static long directory_swap(void)
{
    long error = layer_rename(overlay.upper, from, overlay.upper, to, RENAME_EXCHANGE);
    return error < 0 ? error : directory_drop(from, &target.status);
}

static long move(bool is_there, bool from_hides, bool to_hides)
{
    long error = opaque_check(from, &source, to_hides);
    if (!error && from_hides) {
        error = white_make(from); /* behind what is still there */
    }
    if (error) {
        return error;
    }
    bool is_swap = is_there && is_directory(&target.status) && target.is_upper;
    error = is_swap ? directory_swap() : layer_rename(overlay.upper, from, overlay.upper, to, 0);
    if (error < 0) {
        if (from_hides) {
            white_remove(from);
        }
        return error;
    }
    if (target.is_white) {
        white_remove(to);
    }
    if (is_there && target.is_upper && !is_swap && target.status.links == 1) {
        index_remove(&target.status);
    }
    return 0;
}

static bool is_same(bool is_there)
{
    return is_there && source.is_upper && target.is_upper && source.status.inode == target.status.inode &&
           source.status.dev_major == target.status.dev_major &&
           source.status.dev_minor == target.status.dev_minor;
}

long overlay_rename(const char *old, const char *new, uint64_t flags)
{
    bool is_there = false;
    long error = rename_check(old, new, flags, &is_there);
    if (error || strcmp(from, to) == 0 || is_same(is_there)) {
        return error;
    }
    bool is_exchange = flags & RENAME_EXCHANGE;
    bool has_folder = is_directory(&source.status) || (is_there && is_directory(&target.status));
    bool from_hides = has_below(from, &source), to_hides = target.is_white || has_below(to, &target);
    error = copy_up(from, true, &source);
    error = error ? error : is_exchange ? copy_up(to, true, &target) : parent_up(to);
    if (!error && has_folder) {
        folders_change();
    }
    if (!error) {
        error = is_exchange ? exchange(from_hides, to_hides) : move(is_there, from_hides, to_hides);
        if (has_folder) {
            folders_changed();
        }
    }
    overlay_forget();
    return error < 0 ? error : 0;
}

long overlay_link(const char *old, const char *new)
{
    long error = overlay_look(old, &source);
    if (!error && is_directory(&source.status)) {
        error = -EPERM;
    }
    (void)path_trim(old, from);
    struct path_end end = path_trim(new, to);
    if (!error) {
        error = overlay_look(to, &target);
        error = !error ? -EEXIST : error == -ENOENT && !end.is_slash && !end.is_dot ? 0 : error;
    }
    error = error ? error : copy_up(from, true, &source);
    error = error ? error : new_begin(to, to, &target);
    if (!error) {
        error = HOST(overlay.upper, HOST_DIRECTORY_LINK, overlay.upper, NULL, (uint64_t)from, strlen(from),
                     (uint64_t)to, strlen(to));
        if (error >= 0 && target.is_white) {
            white_remove(to);
        }
        overlay_forget();
    }
    return error < 0 ? error : 0;
}
