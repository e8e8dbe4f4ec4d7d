/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on a directory and the names in it. Where a last component is none that can be made or removed
 * ("..", the directory itself), the error is the one that Linux has for it at its own root.
 */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "hostio/parts.h"

enum {
    MODE_BITS = 07777,
    NUMBER_DIGITS = 10
};

static int64_t directory_list(struct hostio *h, const struct hostio_entry *entry,
                              const struct machine_host_call *call)
{
    uint64_t size = pieces_size(call);
    int64_t got = host3(h, __NR_getdents64, (uint64_t)entry->fd, address_of(h->scratch),
                        size < HOSTIO_SCRATCH ? size : HOSTIO_SCRATCH);
    if (got > 0)
        pieces_fill(h, call, (uint64_t)got);
    return got;
}

static int64_t directory_status(const struct hostio *h, const struct hostio_entry *entry,
                                struct machine_host_call *call)
{
    uint64_t flags = call->argument[2];
    if (flags & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | HOST_IO_NO_LINKS))
        return -EINVAL;
    int64_t fd = flags & HOST_IO_NO_LINKS
                     ? name_open_no_links(h, entry->fd, call->path)
                     : name_open_path(h, entry->fd, call->path, !(flags & AT_SYMLINK_NOFOLLOW));
    if (fd < 0)
        return fd;
    int64_t result = descriptor_status(h, fd, call->small);
    descriptor_close(h, fd);
    call->small_size = result < 0 ? 0 : sizeof(struct statx);
    return result;
}

static int64_t link_read(struct hostio *h, const struct hostio_entry *entry,
                         const struct machine_host_call *call)
{
    uint64_t size = pieces_size(call);
    int64_t fd = name_open_path(h, entry->fd, call->path, false);
    if (fd < 0)
        return fd;
    int64_t got = host4(h, __NR_readlinkat, (uint64_t)fd, address_of(""), address_of(h->scratch),
                        size < HOSTIO_SCRATCH ? size : HOSTIO_SCRATCH);
    descriptor_close(h, fd);
    if (got > 0)
        pieces_fill(h, call, (uint64_t)got);
    return got == -ENOENT ? -EINVAL : got; /* what the host says of anything that is no link */
}

/* Make `path`; it is there already if it is no name. */
static int64_t name_make(struct hostio *h, int64_t directory, const struct machine_host_call *call)
{
    struct name name = name_find(h, directory, call->path);
    uint64_t parent = (uint64_t)name.parent, last = address_of(name.last);
    uint64_t mode = call->argument[2];
    int64_t result = name.parent < 0 ? name.parent : -EEXIST;
    if (result == -EEXIST && (name_kind(name.last) == NAME_PLAIN || name_kind(name.last) == NAME_SLASH)) {
        if (call->operation == HOST_DIRECTORY_MAKE)
            result = host3(h, __NR_mkdirat, parent, last, mode & MODE_BITS);
        else if (call->operation == HOST_DIRECTORY_MAKE_NODE)
            result = host4(h, __NR_mknodat, parent, last, mode & (S_IFMT | MODE_BITS), 0);
        else
            result = host3(h, __NR_symlinkat, address_of(call->new_path), parent, last);
    }
    name_drop(h, &name);
    return result;
}

static int64_t node_make(struct hostio *h, int64_t directory, const struct machine_host_call *call)
{
    uint64_t type = call->argument[2] & S_IFMT;
    return type == S_IFIFO || type == S_IFSOCK ? name_make(h, directory, call) : -EPERM;
}

static int64_t remove_refuse(enum name_kind kind, bool is_directory)
{
    if (!is_directory)
        return -EISDIR;
    return kind == NAME_UP ? -ENOTEMPTY : -EBUSY;
}

static int64_t name_remove(struct hostio *h, int64_t directory, const struct machine_host_call *call)
{
    bool is_directory = call->argument[2] & AT_REMOVEDIR;
    if (call->argument[2] & ~(uint64_t)AT_REMOVEDIR)
        return -EINVAL;
    struct name name = name_find(h, directory, call->path);
    enum name_kind kind = name_kind(name.last);
    int64_t result = name.parent;
    if (result >= 0 && (kind == NAME_SELF || kind == NAME_UP))
        result = is_directory && name.last[0] == '.' && kind == NAME_SELF ? -EINVAL
                                                                          : remove_refuse(kind, is_directory);
    else if (result >= 0)
        result = host3(h, __NR_unlinkat, (uint64_t)name.parent, address_of(name.last), call->argument[2]);
    name_drop(h, &name);
    return result;
}

/* An old name of a link with slashes behind it: the host would follow a symbolic link there. */
static int64_t slash_refuse(struct hostio *h, const struct name *name)
{
    int64_t fd = name_open(h, name->parent, name->last, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    if (fd < 0)
        return fd;
    descriptor_close(h, fd);
    return -EPERM; /* a directory has one name */
}

static int64_t names_join(struct hostio *h, const struct machine_host_call *call, const struct name *from,
                          const struct name *to)
{
    bool is_link = call->operation == HOST_DIRECTORY_LINK;
    enum name_kind from_kind = name_kind(from->last), to_kind = name_kind(to->last);
    if (is_link && from_kind == NAME_SLASH)
        return slash_refuse(h, from);
    if (from_kind == NAME_SELF || from_kind == NAME_UP)
        return is_link ? -EPERM : -EBUSY;
    if (to_kind == NAME_SELF || to_kind == NAME_UP)
        return is_link ? -EEXIST : -EBUSY;
    return host5(h, is_link ? __NR_linkat : __NR_renameat2, (uint64_t)from->parent, address_of(from->last),
                 (uint64_t)to->parent, address_of(to->last), is_link ? 0 : call->argument[4]);
}

/* Rename and link: two names, in two directories. */
static int64_t name_second(struct hostio *h, int64_t directory, const struct machine_host_call *call)
{
    const struct hostio_entry *other = entry_find(h, call->other);
    bool is_link = call->operation == HOST_DIRECTORY_LINK;
    if (!other || other->kind != HOST_DIRECTORY)
        return -EBADF;
    if (!is_link && call->argument[4] & ~(uint64_t)(RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    struct name from = name_find(h, directory, call->path);
    if (from.parent < 0)
        return from.parent;
    struct name to = name_find(h, other->fd, call->new_path);
    int64_t result = to.parent < 0 ? to.parent : names_join(h, call, &from, &to);
    name_drop(h, &to);
    name_drop(h, &from);
    return result;
}

/* For hosts without fchmodat2: the descriptor's own name, which is no walk through any directory. */
static int64_t mode_set_by_number(const struct hostio *h, int64_t fd, uint64_t mode)
{
    char path[sizeof("/proc/self/fd/") + NUMBER_DIGITS] = "/proc/self/fd/";
    char *at = path + sizeof(path) - 1;
    *at = '\0';
    for (int64_t rest = fd; rest || fd == 0; rest /= 10) {
        *--at = (char)('0' + rest % 10);
        if (fd == 0)
            break;
    }
    __builtin_memmove(path + sizeof("/proc/self/fd/") - 1, at, (size_t)(path + sizeof(path) - at));
    return host3(h, __NR_fchmodat, (uint64_t)AT_FDCWD, address_of(path), mode);
}

static int64_t mode_set(const struct hostio *h, int64_t fd, uint64_t mode)
{
    int64_t result = host4(h, NR_FCHMODAT2, (uint64_t)fd, address_of(""), mode, AT_EMPTY_PATH);
    return result == -ENOSYS ? mode_set_by_number(h, fd, mode) : result;
}

static int64_t name_set(const struct hostio *h, int64_t directory, const struct machine_host_call *call)
{
    bool is_mode = call->operation == HOST_DIRECTORY_SET_MODE;
    uint64_t flags = is_mode ? 0 : call->argument[2];
    if (flags & ~(uint64_t)AT_SYMLINK_NOFOLLOW)
        return -EINVAL;
    int64_t fd = name_open_path(h, directory, call->path, !(flags & AT_SYMLINK_NOFOLLOW));
    if (fd < 0)
        return fd;
    int64_t result = is_mode ? mode_set(h, fd, call->argument[2] & MODE_BITS)
                             : host4(h, __NR_utimensat, (uint64_t)fd, address_of(""), address_of(call->small),
                                     AT_EMPTY_PATH);
    descriptor_close(h, fd);
    return result;
}

static int64_t name_change(struct hostio *h, int64_t directory, const struct machine_host_call *call)
{
    switch (call->operation) {
    case HOST_DIRECTORY_MAKE:
    case HOST_DIRECTORY_SYMLINK:
        return name_make(h, directory, call);
    case HOST_DIRECTORY_MAKE_NODE:
        return node_make(h, directory, call);
    case HOST_DIRECTORY_REMOVE:
        return name_remove(h, directory, call);
    case HOST_DIRECTORY_RENAME:
    case HOST_DIRECTORY_LINK:
        return name_second(h, directory, call);
    default:
        return name_set(h, directory, call);
    }
}

int64_t directory_call(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    switch (call->operation) {
    case HOST_DIRECTORY_OPEN:
        return directory_open(h, entry, call);
    case HOST_DIRECTORY_LIST:
        return directory_list(h, entry, call);
    case HOST_DIRECTORY_REWIND:
        return host3(h, __NR_lseek, (uint64_t)entry->fd, call->argument[0], SEEK_SET);
    case HOST_DIRECTORY_STAT:
        return directory_status(h, entry, call);
    case HOST_DIRECTORY_READ_LINK:
        return link_read(h, entry, call);
    default:
        return call->access & HOST_WRITE ? name_change(h, entry->fd, call) : -EROFS;
    }
}
