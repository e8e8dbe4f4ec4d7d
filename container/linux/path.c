/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joining paths, and the walk that the host refuses: it follows links beneath a directory only, while a container's
 * absolute links mean the container's root.
 */
#include "container/linux/path.h"

#include "container/linux/host.h"
#include "container/linux/space.h"

enum {
    LINKS_MAX = 40
};

static cap_address root;

void path_init(void)
{
    root = host_find("rootfs");
}

cap_address path_root(void)
{
    return root;
}

/* Append one component to an absolute path; "." is nothing, ".." takes one away when `is_real` (no links before). */
static long component_add(char *path, const char *name, size_t length)
{
    size_t end = strlen(path);
    if (length == 0 || (length == 1 && name[0] == '.')) {
        return 0;
    }
    if (length == 2 && name[0] == '.' && name[1] == '.') {
        while (end > 1 && path[end - 1] != '/') {
            end--;
        }
        path[end > 1 ? end - 1 : 1] = '\0';
        return 0;
    }
    if (end + length + 2 > PATH_ROOM) {
        return -ENAMETOOLONG;
    }
    if (end > 1) {
        path[end++] = '/';
    }
    memcpy(path + end, name, length);
    path[end + length] = '\0';
    return 0;
}

static size_t component_length(const char *at)
{
    size_t length = 0;
    while (at[length] && at[length] != '/') {
        length++;
    }
    return length;
}

/* Is there a ".." in it? Then links matter, and the walk decides. */
static bool has_parent(const char *path)
{
    for (const char *at = path; *at;) {
        size_t length = component_length(at);
        if (length == 2 && at[0] == '.' && at[1] == '.') {
            return true;
        }
        at += length + (at[length] == '/');
    }
    return false;
}

/* The target of a link at an absolute path; 0: it is none. */
static long link_read(const char *path, char *target)
{
    long length = HOST(root, HOST_DIRECTORY_READ_LINK, 0, NULL, (uint64_t)(path + 1), strlen(path + 1),
                       (uint64_t)target, PATH_ROOM - 1);
    if (length < 0) {
        return 0;
    }
    target[length] = '\0';
    return length;
}

/* Resolve every link of `path`, the last one if asked. */
static long path_walk(char path[PATH_ROOM], bool follow)
{
    static char rest[2 * PATH_ROOM], target[PATH_ROOM];
    unsigned links = 0;
    memcpy(rest, path, strlen(path) + 1);
    path[0] = '/';
    path[1] = '\0';
    for (char *at = rest; *at;) {
        size_t length = component_length(at);
        if (length == 0) {
            at++;
            continue;
        }
        size_t before = strlen(path);
        long error = component_add(path, at, length);
        at += length;
        if (error) {
            return error;
        }
        if (strlen(path) <= before || (!*at && !follow) || !root || link_read(path, target) == 0) {
            continue;
        }
        size_t target_length = strlen(target), rest_length = strlen(at);
        if (++links > LINKS_MAX || target_length + rest_length + 1 > PATH_ROOM) {
            return links > LINKS_MAX ? -ELOOP : -ENAMETOOLONG;
        }
        memmove(rest + target_length, at, rest_length + 1);
        memcpy(rest, target, target_length);
        at = rest;
        path[target[0] == '/' ? 1 : before] = '\0';
    }
    return 0;
}

static long path_join(char to[PATH_ROOM], const char *base, const char *path)
{
    if (path[0] == '/' || !base) {
        to[0] = '/';
        to[1] = '\0';
    } else {
        memcpy(to, base, strlen(base) + 1);
    }
    if (has_parent(path)) { /* as text, for the walk */
        size_t start = strlen(to), length = strlen(path);
        if (start + length + 2 > PATH_ROOM) {
            return -ENAMETOOLONG;
        }
        to[start] = '/';
        memcpy(to + start + 1, path, length + 1);
        return path_walk(to, false);
    }
    for (const char *at = path; *at;) {
        size_t length = component_length(at);
        long error = component_add(to, at, length);
        if (error) {
            return error;
        }
        at += length + (at[length] == '/');
    }
    return 0;
}

long path_read(const struct process *process, uint64_t directory_fd, uint64_t address, char to[PATH_ROOM])
{
    static char text[PATH_ROOM];
    long length = user_string(text, address, sizeof text);
    if (length <= 0) {
        return length ? length : -ENOENT;
    }
    const char *base = process->directory;
    if (text[0] != '/' && (int)directory_fd != AT_FDCWD) {
        const struct file *directory = file_of(process, directory_fd);
        if (!directory || !directory->path) {
            return directory ? -ENOTDIR : -EBADF;
        }
        base = directory->path;
    }
    return path_join(to, base, text);
}

long path_try(char path[PATH_ROOM], bool follow,
              long (*operation)(void *argument, const char *below, uint64_t length), void *argument)
{
    if (!root) {
        return -ENOENT;
    }
    long result = operation(argument, path + 1, strlen(path + 1));
    if (result != -EXDEV) {
        return result;
    }
    long error = path_walk(path, follow);
    return error ? error : operation(argument, path + 1, strlen(path + 1));
}
