/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration that a build of seL4 leaves behind: gen_config.json.
 */
#ifndef SELKIE_RUN_GEN_CONFIG_H
#define SELKIE_RUN_GEN_CONFIG_H

#include <limits.h>
#include <stdbool.h>

#include "abi/abi.h"
#include "host/diag.h"

/* Look for the kernel's gen_config.json in the build directory that `image` lies in: the image's folder and the
 * four above it. Returns false if there is none. */
bool gen_config_find(const char *image, char path[PATH_MAX]);

/* Put what the file says into `config`; what it does not mention stays. The release is never in it. */
int gen_config_read(struct abi_config *config, const char *path, struct diag *diag);

#endif
