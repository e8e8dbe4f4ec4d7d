/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening the layers of a container's root, and making the upper one. */
#define _GNU_SOURCE
#include "container_root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MODE = 0777
};

static int directory_make(int state, const char *name)
{
    return mkdirat(state, name, S_IRWXU) < 0 ? -1 : openat(state, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The root directory is what it was, at first. */
static int upper_make(struct container_root *root, int state)
{
    struct stat status;
    root->upper = directory_make(state, "upper");
    root->upper_index = root->upper < 0 ? -1 : directory_make(state, "index");
    if (root->upper_index < 0 || fstat(root->lower, &status) < 0) {
        return -errno;
    }
    const struct timespec times[2] = {status.st_atim, status.st_mtim};
    bool is_good =
        fchmod(root->upper, (status.st_mode & MODE) | S_IRWXU) == 0 && futimens(root->upper, times) == 0;
    return is_good ? 0 : -errno;
}

int root_open(struct container_root *root, const struct container_options *options, int state,
              struct image_config *config, struct diag *diag)
{
    int error = 0;
    if (options->image) {
        error = image_root_open(options->image, &root->lower, &root->lower_index, config, diag);
    } else {
        root->lower = open(options->rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        error = root->lower < 0 ? diag_errno(diag, errno, "cannot open %s", options->rootfs) : 0;
    }
    if (error) {
        return error;
    }
    error = upper_make(root, state);
    return error ? diag_errno(diag, error, "cannot make the container's files") : 0;
}

void root_close(struct container_root *root)
{
    const int fds[] = {root->lower, root->lower_index, root->upper, root->upper_index};
    for (unsigned i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
    *root = (struct container_root){-1, -1, -1, -1};
}
