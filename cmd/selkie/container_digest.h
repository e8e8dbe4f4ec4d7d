/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 digests of the parts of images, as hexadecimal digits. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_DIGEST_H
#define SELKIE_CMD_SELKIE_CONTAINER_DIGEST_H

#include <stdbool.h>

#include "host/diag.h"

enum {
    DIGEST_LENGTH = 64
};

/* Is it a digest's digits, and nothing else? */
bool digest_is(const char *hex);

/* Does all that can be read from the regular file have this digest? 0, else -errno with a line that says so about
 * `name`. The position is at the beginning afterwards. */
int digest_check(int fd, const char *hex, const char *name, struct diag *diag);

/* The same of what is in a file that may be compressed. */
int digest_check_content(int fd, const char *hex, const char *name, struct diag *diag);

#endif
