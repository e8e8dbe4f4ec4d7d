/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing the index of an image that is being unpacked. */
#define _GNU_SOURCE
#include "container_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/index.h"

enum {
    ENTRY_SIZE = 96
};

int owner_keep(int index, int directory, const char *name, struct owner owner)
{
    char key[32], text[ENTRY_SIZE];
    struct statx status;
    if (statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &status) < 0) {
        return -errno;
    }
    bool is_link = S_ISLNK(status.stx_mode);
    bool is_plain = !owner.user && !owner.group && (is_link || owner.mode == (status.stx_mode & OWNER_MODE));
    (void)snprintf(key, sizeof(key), "%llx", (unsigned long long)status.stx_ino);
    (void)unlinkat(index, key, 0); /* of what had the number before */
    if (is_plain) {
        return 0;
    }
    (void)snprintf(text, sizeof(text), INDEX_ENTRY, owner.user, owner.group,
                   is_link ? (unsigned)(status.stx_mode & OWNER_MODE) : owner.mode, 0ul,
                   (unsigned long)status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
    if (symlinkat(text, index, key) < 0) {
        return -errno;
    }
    return is_link || fchmodat(directory, name, (status.stx_mode & 0777) | S_ISVTX, 0) == 0 ? 0 : -errno;
}
