/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths, and why none leads out of its directory.
 *
 * Every path is walked by the host's openat2 with RESOLVE_IN_ROOT, which makes the directory the root of that
 * one walk, as chroot would: "..", absolute paths and absolute symbolic links end at it, and a walk during
 * which somebody moves directories fails with EAGAIN instead of getting lost. RESOLVE_BENEATH, which refuses
 * what leads up, is the same walk in the host; of the two only this one lets a container's absolute links
 * work. Magic links (/proc/PID/fd and such) are refused.
 *
 * What makes, removes or moves names opens the directory of the last component so, and hands the host that
 * component alone. None of those calls follows a symbolic link there. link() does for its old name, if
 * slashes are behind it, so it never gets these.
 */
#include <linux/fcntl.h>
#include <linux/openat2.h>

#include "hostio/parts.h"

enum {
    WALK_TRIES = 64 /* while directories are being moved */
};

static int64_t name_walk(const struct hostio *h, int64_t directory, const char *path, uint64_t flags,
                         uint64_t mode, uint64_t resolve)
{
    const struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .mode = mode,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
    };
    int64_t fd = -EAGAIN;
    for (unsigned i = 0; i < WALK_TRIES && fd == -EAGAIN; i++)
        fd = host4(h, __NR_openat2, (uint64_t)directory, address_of(path && *path ? path : "."),
                   address_of(&how), sizeof(how));
    return fd;
}

int64_t name_open(const struct hostio *h, int64_t directory, const char *path, uint64_t flags, uint64_t mode)
{
    return name_walk(h, directory, path, flags, mode, 0);
}

int64_t name_open_no_links(const struct hostio *h, int64_t directory, const char *path)
{
    return name_walk(h, directory, path, (uint64_t)O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS);
}

int64_t name_open_path(const struct hostio *h, int64_t directory, const char *path, bool follows)
{
    return name_open(h, directory, path, (uint64_t)O_PATH | (follows ? 0 : O_NOFOLLOW), 0);
}

/* The last component of a path and the slashes behind it. */
static const char *last_find(const char *path)
{
    const char *last = path;
    for (const char *at = path; *at; at++)
        if (at[0] == '/' && at[1] != '/' && at[1] != '\0')
            last = at + 1;
    return last;
}

static bool is_slashes(const char *text, const char *end)
{
    while (text < end && *text == '/')
        text++;
    return text == end;
}

struct name name_find(struct hostio *h, int64_t directory, const char *path)
{
    struct name name = {.parent = directory, .is_borrowed = true, .last = last_find(path ? path : "")};
    size_t size = (size_t)(name.last - (path ? path : name.last));
    if (is_slashes(path, name.last))
        return name;
    if (size >= HOST_IO_PATH) {
        name.parent = -ENAMETOOLONG;
        return name;
    }
    char *prefix = (char *)h->scratch;
    __builtin_memcpy(prefix, path, size);
    prefix[size] = '\0';
    name.parent = name_open(h, directory, prefix, O_PATH | O_DIRECTORY, 0);
    name.is_borrowed = false;
    return name;
}

void name_drop(const struct hostio *h, const struct name *name)
{
    if (!name->is_borrowed && name->parent >= 0)
        descriptor_close(h, name->parent);
}

enum name_kind name_kind(const char *last)
{
    size_t length = 0;
    while (last[length] && last[length] != '/')
        length++;
    if (length == 0 || (length == 1 && last[0] == '.'))
        return NAME_SELF;
    if (length == 2 && last[0] == '.' && last[1] == '.')
        return NAME_UP;
    return last[length] ? NAME_SLASH : NAME_PLAIN;
}
