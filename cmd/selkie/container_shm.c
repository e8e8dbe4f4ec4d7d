/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A user without privileges makes it in a user namespace: a child's, which shares our descriptors and leaves the
 * directory there.
 */
#define _GNU_SOURCE
#include "container_shm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/fd.h"
#include "host/process.h"

enum {
    NOTHING = 255, /* a status: no descriptor */
    INODE_BYTES = 4096,
    INODES_LEAST = 256
};

static bool option_set(int context, const char *name, unsigned long long value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%llu", value);
    return syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, name, text, 0) == 0;
}

static int directory_make(uint64_t bytes)
{
    HOST_FD int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (context < 0 || !option_set(context, "size", bytes) ||
        !option_set(context, "nr_inodes", bytes / INODE_BYTES + INODES_LEAST) ||
        syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "1777", 0) != 0 ||
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0) {
        return -errno;
    }
    HOST_FD int mount =
        (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
    int directory = mount < 0 ? -1 : openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return directory < 0 ? -errno : directory;
}

static bool file_write(const char *path, const char *text)
{
    HOST_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* We, and nobody else, are there what we are here. */
static bool namespace_enter(void)
{
    char users[64], groups[64];
    (void)snprintf(users, sizeof(users), "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
    (void)snprintf(groups, sizeof(groups), "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && file_write("/proc/self/setgroups", "deny") &&
           file_write("/proc/self/uid_map", users) && file_write("/proc/self/gid_map", groups);
}

int container_shm_open(uint64_t bytes)
{
    int directory = bytes ? directory_make(bytes) : -ENOENT, status;
    if (directory != -EPERM) {
        return directory;
    }
    pid_t child =
        (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0); /* as fork, but for the descriptors */
    if (child == 0) {
        directory = namespace_enter() ? directory_make(bytes) : -1;
        _exit(directory >= 0 && directory < NOTHING ? directory : NOTHING);
    }
    if (child < 0 || process_wait(child, &status) != 0 || !WIFEXITED(status) ||
        WEXITSTATUS(status) == NOTHING) {
        return -EPERM;
    }
    return WEXITSTATUS(status);
}
