/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors on their way to the manager. */
#define _GNU_SOURCE
#include "container_give.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host/fd.h"
#include "run/say.h"

/* Send one thing for the container, and close it. */
bool container_give(int connection, const char *name, const char *access, int descriptor)
{
    static struct message message;
    HOST_FD int fd = descriptor;
    message.size = 0;
    int error = fd < 0 ? (errno ? -errno : -EBADF)
                : !message_add(&message, "give", name) || !message_add(&message, "access", access)
                    ? -EMSGSIZE
                    : message_send(connection, &message, fd);
    if (error) {
        say("container run: cannot pass on %s: %s", name, strerror(-error));
    }
    return !error;
}

static bool path_give(int connection, const char *name, const char *path, bool is_read_only, int fd)
{
    if (fd < 0) {
        say("container run: cannot open %s: %s", path, strerror(errno));
        return false;
    }
    return container_give(connection, name, is_read_only ? "r" : "rw", fd);
}

bool container_give_volume(int connection, const char *name, const char *path, bool is_read_only)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR) { /* it may be a file */
        fd = open(path, (is_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    }
    return path_give(connection, name, path, is_read_only, fd);
}

static bool part_give(int connection, const char *name, const char *access, int fd)
{
    return container_give(connection, name, access, fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

bool container_give_root(const struct container_options *options, const struct container_root *root,
                         int connection)
{
    if (root->upper < 0) {
        return path_give(connection, "rootfs", options->rootfs, options->is_rootfs_read_only,
                         open(options->rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    return part_give(connection, "rootfs", "r", root->lower) &&
           (root->lower_index < 0 || part_give(connection, "rootfs-index", "r", root->lower_index)) &&
           part_give(connection, "upper", "rw", root->upper) &&
           part_give(connection, "upper-index", "rw", root->upper_index);
}

bool container_streams_give(int connection)
{
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    bool is_good = true;
    for (int i = 0; i < 3 && is_good; i++) {
        int fd = fcntl(i, F_DUPFD_CLOEXEC, 3), flags = fcntl(i, F_GETFL);
        int mode = flags & O_ACCMODE;
        if (fd >= 0 && !(flags & O_PATH)) {
            is_good = container_give(connection, names[i],
                                     mode == O_RDWR     ? "rw"
                                     : mode == O_WRONLY ? "w"
                                                        : "r",
                                     fd);
        }
    }
    return is_good;
}

bool container_nothing_give(int connection)
{
    return container_give(connection, "stdin", "r", open("/dev/null", O_RDONLY | O_CLOEXEC)) &&
           container_give(connection, "stdout", "w", open("/dev/null", O_WRONLY | O_CLOEXEC)) &&
           container_give(connection, "stderr", "w", open("/dev/null", O_WRONLY | O_CLOEXEC));
}
