/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacking with libarchive, which reads; what is written is ours, through descriptors below the root.
 *
 * A layer is read twice: first what it removes, which is about the layers below it only, then what it has.
 */
#define _GNU_SOURCE
#include "container_unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container_owner.h"
#include "container_tree.h"
#include "host/fd.h"

enum {
    BLOCK = 1 << 16,
    PATH_SIZE = 4096,
    MODE = 0777
};

/* Where it goes. */
struct target {
    int root, index; /* index -1: no layer of an image */
};

static const char whiteout[] = ".wh.", opaque[] = ".wh..wh..opq";

/* Cut into the directory and the last component, without "." and empty components. False: it has "..", or nothing
 * is left, or it is too long. */
static bool name_split(const char *path, char parent[PATH_SIZE], char last[PATH_SIZE])
{
    parent[0] = last[0] = '\0';
    size_t used = 0;
    for (const char *at = path; *at;) {
        size_t length = strcspn(at, "/");
        bool is_dot = length == 0 || (length == 1 && at[0] == '.');
        if ((length == 2 && at[0] == '.' && at[1] == '.') || used + length + 2 > PATH_SIZE) {
            return false;
        }
        if (!is_dot) {
            used += (size_t)snprintf(parent + used, PATH_SIZE - used, "%s%s", last[0] ? "/" : "", last);
            memcpy(last, at, length);
            last[length] = '\0';
        }
        at += length + (at[length] == '/');
    }
    return last[0];
}

/* The directory `path` below the root; what is missing of it is made. */
static int parent_open(int root, const char *path)
{
    int fd = tree_open(root, path[0] ? path : ".", O_RDONLY | O_DIRECTORY);
    char part[PATH_SIZE];
    if (fd != -ENOENT) {
        return fd;
    }
    for (const char *at = strchr(path, '/'); true; at = strchr(at + 1, '/')) {
        char above[PATH_SIZE], last[PATH_SIZE];
        (void)snprintf(part, sizeof(part), "%.*s", (int)(at ? (size_t)(at - path) : strlen(path)), path);
        if (name_split(part, above, last)) {
            HOST_FD int directory = tree_open(root, above[0] ? above : ".", O_RDONLY | O_DIRECTORY);
            if (directory < 0 || (mkdirat(directory, last, 0755) < 0 && errno != EEXIST)) {
                return directory < 0 ? directory : -errno;
            }
        }
        if (!at) {
            return tree_open(root, path, O_RDONLY | O_DIRECTORY);
        }
    }
}

static int data_write(struct archive *from, int to)
{
    const void *data;
    size_t size;
    la_int64_t offset;
    int result;
    while ((result = archive_read_data_block(from, &data, &size, &offset)) == ARCHIVE_OK) {
        for (size_t done = 0; done < size;) {
            ssize_t count = pwrite(to, (const char *)data + done, size - done, offset + (off_t)done);
            if (count < 0) {
                return -errno;
            }
            done += (size_t)count;
        }
    }
    return result == ARCHIVE_EOF ? 0 : -EBADMSG;
}

static struct owner owner_of(struct archive_entry *entry)
{
    return (struct owner){(unsigned)archive_entry_uid(entry), (unsigned)archive_entry_gid(entry),
                          archive_entry_perm(entry) & OWNER_MODE};
}

static int file_unpack(struct archive *from, struct archive_entry *entry, const struct target *to, int parent,
                       const char *name)
{
    HOST_FD int fd =
        openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = archive_entry_mtime(entry)}};
    int error = fd < 0 ? -errno : data_write(from, fd);
    if (!error && archive_entry_size_is_set(entry) && ftruncate(fd, archive_entry_size(entry)) < 0) {
        error = -errno;
    }
    if (!error && fchmod(fd, (archive_entry_perm(entry) & MODE) | S_IRUSR) < 0) {
        error = -errno;
    }
    if (!error) {
        (void)futimens(fd, times);
    }
    return error || to->index < 0 ? error : owner_keep(to->index, parent, name, owner_of(entry));
}

/* The owner must be able to work in it. */
static int directory_unpack(struct archive_entry *entry, const struct target *to, int parent,
                            const char *name)
{
    struct stat status;
    mode_t mode = (archive_entry_perm(entry) & MODE) | S_IRWXU;
    bool is_there = fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    int error = is_there && !S_ISDIR(status.st_mode) ? tree_remove(parent, name) : 0;
    if (!error && mkdirat(parent, name, mode) < 0 && errno != EEXIST) {
        error = -errno;
    }
    if (!error && fchmodat(parent, name, mode, 0) < 0) {
        error = -errno;
    }
    return error || to->index < 0 ? error : owner_keep(to->index, parent, name, owner_of(entry));
}

static int link_unpack(struct archive_entry *entry, const struct target *to, int parent, const char *name)
{
    if (symlinkat(archive_entry_symlink(entry), parent, name) < 0) {
        return -errno;
    }
    return to->index < 0 ? 0 : owner_keep(to->index, parent, name, owner_of(entry));
}

static int fifo_unpack(struct archive_entry *entry, const struct target *to, int parent, const char *name)
{
    if (mkfifoat(parent, name, archive_entry_perm(entry) & MODE) < 0) {
        return -errno;
    }
    return to->index < 0 ? 0 : owner_keep(to->index, parent, name, owner_of(entry));
}

static int hard_link_unpack(int root, const char *target, int parent, const char *name)
{
    char above[PATH_SIZE], last[PATH_SIZE];
    if (!name_split(target, above, last)) {
        return -EBADMSG;
    }
    HOST_FD int directory = tree_open(root, above[0] ? above : ".", O_RDONLY | O_DIRECTORY);
    if (directory < 0) {
        return directory;
    }
    return linkat(directory, last, parent, name, 0) < 0 ? -errno : 0;
}

/* A link to its own name, as tar makes it of a file that it was told twice. */
static bool is_itself(struct archive_entry *entry, const char *link)
{
    char above[2][PATH_SIZE], last[2][PATH_SIZE];
    return name_split(archive_entry_pathname(entry), above[0], last[0]) &&
           name_split(link, above[1], last[1]) && strcmp(above[0], above[1]) == 0 &&
           strcmp(last[0], last[1]) == 0;
}

static int entry_unpack(struct archive *from, struct archive_entry *entry, const struct target *to,
                        int parent, const char *name)
{
    const char *link = archive_entry_hardlink(entry);
    mode_t kind = archive_entry_filetype(entry);
    if (link && is_itself(entry, link)) {
        return 0;
    }
    int error = link || kind != AE_IFDIR ? tree_remove(parent, name) : 0;
    if (error) {
        return error;
    }
    if (link) {
        return hard_link_unpack(to->root, link, parent, name);
    }
    switch (kind) {
    case AE_IFREG:
        return file_unpack(from, entry, to, parent, name);
    case AE_IFDIR:
        return directory_unpack(entry, to, parent, name);
    case AE_IFLNK:
        return link_unpack(entry, to, parent, name);
    case AE_IFIFO:
        return fifo_unpack(entry, to, parent, name);
    default:
        return 0;
    }
}

static int whiteout_apply(int parent, const char *name)
{
    const char *removed = name + sizeof(whiteout) - 1;
    if (strcmp(name, opaque) == 0) {
        return tree_empty(parent);
    }
    return removed[0] && strcmp(removed, ".") != 0 && strcmp(removed, "..") != 0
               ? tree_remove(parent, removed)
               : -EBADMSG;
}

enum pass {
    PASS_ALL,
    PASS_WHITEOUTS,
    PASS_REST
};

/* The root directory itself. */
static int root_serve(struct archive_entry *entry, const struct target *to, enum pass pass)
{
    mode_t mode = (archive_entry_perm(entry) & MODE) | S_IRWXU;
    if (pass != PASS_REST || archive_entry_filetype(entry) != AE_IFDIR) {
        return 0;
    }
    return fchmod(to->root, mode) < 0 ? -errno : owner_keep(to->index, to->root, ".", owner_of(entry));
}

static int entry_serve(struct archive *from, struct archive_entry *entry, const struct target *to,
                       enum pass pass)
{
    int root = to->root;
    char above[PATH_SIZE], last[PATH_SIZE];
    const char *path = archive_entry_pathname(entry);
    if (!path || !name_split(path, above, last)) {
        bool is_root = path && path[strspn(path, "./")] == '\0' && !strstr(path, "..");
        return is_root ? root_serve(entry, to, pass) : -EBADMSG;
    }
    bool is_whiteout = strncmp(last, whiteout, sizeof(whiteout) - 1) == 0;
    if (pass == PASS_WHITEOUTS) {
        HOST_FD int parent =
            is_whiteout ? tree_open(root, above[0] ? above : ".", O_RDONLY | O_DIRECTORY) : -1;
        return parent < 0 ? 0 : whiteout_apply(parent, last);
    }
    if (pass == PASS_REST && is_whiteout) {
        return 0;
    }
    HOST_FD int parent = parent_open(root, above);
    return parent < 0 ? parent : entry_unpack(from, entry, to, parent, last);
}

static int pass_make(int file, const struct target *to, enum pass pass, struct diag *diag)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    int error = archive && lseek(file, 0, SEEK_SET) == 0 ? 0 : -ENOMEM, result = ARCHIVE_OK;
    if (!error && (archive_read_support_filter_all(archive) < ARCHIVE_WARN ||
                   archive_read_support_format_tar(archive) != ARCHIVE_OK ||
                   archive_read_support_format_empty(archive) != ARCHIVE_OK ||
                   archive_read_open_fd(archive, file, BLOCK) != ARCHIVE_OK)) {
        diag_add(diag, "%s", archive_error_string(archive));
        error = -EBADMSG;
    }
    while (!error &&
           ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN)) {
        error = entry_serve(archive, entry, to, pass);
        if (error) {
            (void)diag_errno(diag, error, "%s",
                             archive_entry_pathname(entry) ? archive_entry_pathname(entry) : "?");
        }
    }
    if (!error && result != ARCHIVE_EOF) {
        diag_add(diag, "%s", archive_error_string(archive));
        error = -EBADMSG;
    }
    (void)archive_read_free(archive);
    return error;
}

int archive_unpack(int archive, int root, int index, struct diag *diag)
{
    const struct target to = {root, index};
    int error = index >= 0 ? pass_make(archive, &to, PASS_WHITEOUTS, diag) : 0;
    return error ? error : pass_make(archive, &to, index >= 0 ? PASS_REST : PASS_ALL, diag);
}
