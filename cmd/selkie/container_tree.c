/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening in, removing and copying trees of files. */
#define _GNU_SOURCE
#include "container_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/fd.h"

enum {
    LINK_SIZE = 4096,
    PIECE = 1 << 30
};

int tree_open(int root, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
    return fd < 0 ? -errno : (int)fd;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Call `use` with each name in it, until that answers an error. */
static int directory_each(int directory, int (*use)(int directory, const char *name, void *argument),
                          void *argument)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    if (!stream) {
        return -errno;
    }
    while (!error && (entry = readdir(stream))) {
        if (!is_dots(entry->d_name)) {
            error = use(directory, entry->d_name, argument);
        }
    }
    (void)closedir(stream);
    return error;
}

static int entry_remove(int directory, const char *name, void *argument)
{
    (void)argument;
    return tree_remove(directory, name);
}

int tree_empty(int directory)
{
    return directory_each(directory, entry_remove, NULL);
}

int tree_remove(int directory, const char *name)
{
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    if (errno != EISDIR && errno != EPERM) {
        return -errno;
    }
    (void)fchmodat(directory, name, S_IRWXU, 0);
    HOST_FD int below = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int error = below < 0 ? -errno : tree_empty(below);
    return error ? error : unlinkat(directory, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int data_copy(int from, int to, off_t size)
{
    if (size == 0 || ioctl(to, FICLONE, from) == 0) {
        return 0;
    }
    for (off_t left = size; left > 0;) {
        ssize_t count = copy_file_range(from, NULL, to, NULL, left < PIECE ? (size_t)left : PIECE, 0);
        if (count <= 0) {
            return count < 0 ? -errno : -EIO;
        }
        left -= count;
    }
    return 0;
}

static int file_copy(int directory, const char *name, int to, const struct stat *status)
{
    HOST_FD int source = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    HOST_FD int target =
        openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (source < 0 || target < 0) {
        return -errno;
    }
    int error = data_copy(source, target, status->st_size);
    const struct timespec times[2] = {status->st_atim, status->st_mtim};
    return error                                                                        ? error
           : fchmod(target, status->st_mode & 07777) < 0 || futimens(target, times) < 0 ? -errno
                                                                                        : 0;
}

static int link_copy(int directory, const char *name, int to)
{
    char target[LINK_SIZE];
    ssize_t length = readlinkat(directory, name, target, sizeof(target) - 1);
    if (length < 0) {
        return -errno;
    }
    target[length] = '\0';
    return symlinkat(target, to, name) < 0 ? -errno : 0;
}

static int directory_copy(int directory, const char *name, int to, const struct stat *status)
{
    if (mkdirat(to, name, S_IRWXU) < 0) {
        return -errno;
    }
    HOST_FD int source = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    HOST_FD int target = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int error = source < 0 || target < 0 ? -errno : tree_copy(source, target);
    const struct timespec times[2] = {status->st_atim, status->st_mtim};
    return error                                                                        ? error
           : fchmod(target, status->st_mode & 07777) < 0 || futimens(target, times) < 0 ? -errno
                                                                                        : 0;
}

static int entry_copy(int directory, const char *name, void *argument)
{
    struct stat status;
    int to = *(const int *)argument;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        return -errno;
    }
    switch (status.st_mode & S_IFMT) {
    case S_IFREG:
        return file_copy(directory, name, to, &status);
    case S_IFDIR:
        return directory_copy(directory, name, to, &status);
    case S_IFLNK:
        return link_copy(directory, name, to);
    case S_IFIFO:
        return mkfifoat(to, name, status.st_mode & 07777) < 0 ? -errno : 0;
    default:
        return 0; /* devices and sockets are nothing to copy */
    }
}

int tree_copy(int from, int to)
{
    return directory_each(from, entry_copy, &to);
}
