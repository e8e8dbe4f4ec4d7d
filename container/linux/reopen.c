/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a file is, and opening it once more when it is nowhere. */
#include "container/linux/reopen.h"

#include "container/linux/host.h"
#include "container/linux/overlay.h"
#include "container/linux/place.h"
#include "container/linux/synthetic.h"

#define DELETED " (deleted)"

enum {
    SEEK_TO,
    SEEK_BY,
    SEEK_FROM_END,
    SEEK_DATA,
    SEEK_HOLE
};

static struct path named_path;

struct look {
    uint64_t flags;
    struct statx status;
};

static long status_below(void *argument, const struct place *place)
{
    struct look *look = argument;
    return place_stat(place, look->flags, &look->status);
}

bool file_is_named(const struct process *process, struct file *file)
{
    static struct statx own;
    static struct look named;
    if (!file->path || file->is_nameless || path_set(&named_path, file->path)) {
        return false;
    }
    if (!file->kind->stat || synthetic_covers(file->path)) {
        return true; /* what is made up does not go */
    }
    if (file->kind->stat(file, &own) < 0 || !own.links) {
        return false;
    }
    bool follows = !(file->flags & O_NOFOLLOW);
    named.flags = follows ? 0 : AT_SYMLINK_NOFOLLOW;
    return path_do(process, &named_path, follows, status_below, &named) >= 0 &&
           named.status.inode == own.inode &&
           (file->layer == LAYER_LOWER || /* which may have been copied meanwhile */
            (named.status.dev_major == own.dev_major && named.status.dev_minor == own.dev_minor));
}

/* "pipe:[1234]"; of what the container was given, a name that it has here, too, if there is one. */
static long kind_shown(struct file *file, char to[PATH_ROOM])
{
    static struct statx status;
    const char *name = file->kind->name;
    size_t length = strlen(name);
    bool is_known = file->kind->stat && file->kind->stat(file, &status) >= 0;
    bool is_numbered = is_known && length && name[length - 1] == ':';
    if (is_known && (status.mode & S_IFMT) == S_IFCHR && status.rdev_major == 1 && status.rdev_minor == 3) {
        name = "/dev/null";
    }
    return is_numbered ? format_text(to, PATH_ROOM, "%s[%lu]", name, status.inode)
                       : format_text(to, PATH_ROOM, "%s", name);
}

long file_shown(const struct process *process, struct file *file, char to[PATH_ROOM])
{
    bool is_socket = file_host_is_socket(file) && !(file->flags & O_PATH); /* its path is its address */
    if (!file->path || is_socket) {
        return kind_shown(file, to);
    }
    if (file->is_nameless) {
        return format_text(to, PATH_ROOM, "%s", file->path);
    }
    if (!file_is_named(process, file)) {
        return format_text(to, PATH_ROOM, "%s" DELETED, file->path);
    }
    file_resolve(process, file);
    return format_text(to, PATH_ROOM, "%s", file->path);
}

void file_resolve(const struct process *process, struct file *file)
{
    if (!file->path || file->is_nameless || synthetic_covers(file->path) ||
        path_set(&named_path, file->path) ||
        path_resolve(process, &named_path, !(file->flags & O_NOFOLLOW))) {
        return;
    }
    size_t length = strlen(named_path.text);
    if (length > 1 && named_path.text[length - 1] == '/') {
        named_path.text[length - 1] = '\0';
    }
    if (strcmp(named_path.text, file->path) != 0) {
        file_set_path(file, named_path.text);
    }
}

void file_set_nameless(struct file *file, const char *text, uint64_t number)
{
    static char shown[PATH_ROOM];
    if (number) {
        format_text(shown, sizeof shown, "%s%lu" DELETED, text, number);
    } else {
        format_text(shown, sizeof shown, "%s" DELETED, text);
    }
    file_set_path(file, shown);
    file->is_nameless = true;
}

/* The duplicate's position is the first one's; this one's own is `position`. */
static long again_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    long got = file_host_plain->read(file, to, size, offset < 0 ? (int64_t)file->position : offset);
    file->position += offset < 0 && got > 0 ? (uint64_t)got : 0;
    return got;
}

static int64_t size_of(struct file *file)
{
    static struct statx status;
    return file_host_plain->stat(file, &status) < 0 ? 0 : (int64_t)status.size;
}

static long again_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    long put = file_host_plain->write(file, from, size, offset < 0 ? (int64_t)file->position : offset);
    if (offset < 0 && put > 0) {
        file->position = file->flags & O_APPEND ? (uint64_t)size_of(file) : file->position + (uint64_t)put;
    }
    return put;
}

/* Where the host finds data or a hole: it looks from a position of its own, which others share and get back. */
static int64_t data_find(struct file *file, int64_t offset, unsigned whence)
{
    long before = file_host_plain->seek(file, 0, SEEK_BY);
    long found = file_host_plain->seek(file, offset, whence);
    if (before >= 0) {
        (void)file_host_plain->seek(file, before, SEEK_TO);
    }
    return found;
}

static long again_seek(struct file *file, int64_t offset, unsigned whence)
{
    int64_t base = whence == SEEK_BY ? (int64_t)file->position : whence == SEEK_FROM_END ? size_of(file) : 0;
    int64_t at;
    if (whence > SEEK_HOLE || __builtin_add_overflow(base, offset, &at)) {
        return -EINVAL;
    }
    at = whence >= SEEK_DATA ? data_find(file, offset, whence) : at < 0 ? -EINVAL : at;
    file->position = at < 0 ? file->position : (uint64_t)at;
    return at;
}

static const struct file_kind *again_kind(void)
{
    static struct file_kind kind;
    if (!kind.read) {
        kind = *file_host_plain;
        kind.read = again_read;
        kind.write = again_write;
        kind.seek = again_seek;
    }
    return &kind;
}

/* Is all that is asked for what the file is open for? */
static bool allows(const struct file *file, uint64_t flags)
{
    static const unsigned of_mode[] = {1, 2, 3, 3};
    unsigned has = file->flags & O_PATH ? 0 : of_mode[file->flags & O_ACCMODE];
    unsigned asks = flags & O_PATH ? 0 : of_mode[flags & O_ACCMODE] | (flags & O_TRUNC ? 2u : 0u);
    return !(asks & ~has);
}

long file_reopen(struct file *file, uint64_t flags, struct file **again)
{
    struct object_box box;
    if (flags & O_DIRECTORY) {
        return -ENOTDIR;
    }
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
        return -EEXIST;
    }
    if (!allows(file, flags)) {
        return -EACCES;
    }
    if (!file_host_duplicate(file, &box)) {
        return -ENOMEM;
    }
    *again = file_make(again_kind(), (unsigned)flags);
    if (!*again) {
        host_object_drop(&box);
        return -ENOMEM;
    }
    (*again)->box = box;
    (*again)->layer = file->layer;
    (*again)->is_regular = true;
    (*again)->is_nameless = file->is_nameless;
    if (file->path) {
        file_set_path(*again, file->path);
    }
    return flags & O_TRUNC && !(flags & O_PATH) ? file_host_plain->set_size(*again, 0) : 0;
}
