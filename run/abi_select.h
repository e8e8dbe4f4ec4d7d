/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which ABI an image speaks, from whoever knows: the command line, the build's
 * gen_config.json, the image's debug information, the defaults of a release.
 *
 * The release comes from --abi, else from the enumerators, else it is the newest.
 * Parameters come from --kernel-config, else from the gen_config.json of the image's
 * build directory, else as far as enumerators tell, else they are the release's
 * defaults; what --abi says about MCS, debug and cores goes before all of them.
 */
#ifndef SELKIE_RUN_ABI_SELECT_H
#define SELKIE_RUN_ABI_SELECT_H

#include <limits.h>

#include "abi/abi.h"
#include "host/diag.h"
#include "run/image.h"

struct abi_choice {
    struct abi_config config;
    struct abi abi;
    const char *release_source;       /* for -v: "--abi", "the image's debug information", "the default" */
    char parameters_source[PATH_MAX]; /* a path, or words of the same kind */
    char doubt[160];                  /* empty, or one line: the image's own numbers disagree */
};

/* `name` and `kernel_config` may be NULL. Fails for what no source may say (a malformed
 * name or file) and for what Selkie cannot run. */
int abi_select(struct abi_choice *choice, const struct image *image, const char *name,
               const char *kernel_config, struct diag *diag);

#endif
