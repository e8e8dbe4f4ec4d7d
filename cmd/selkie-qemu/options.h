/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of qemu-system-x86_64, as far as somebody who starts an seL4 system writes it.
 *
 * Three kinds of options: those that mean something here; those that are accepted in silence, because what
 * they choose makes no difference to an seL4 system here (a processor's model, a screen); and those that ask for
 * something that is not there, which are refused, or warned about where the system may do without.
 */
#ifndef SELKIE_CMD_SELKIE_QEMU_OPTIONS_H
#define SELKIE_CMD_SELKIE_QEMU_OPTIONS_H

#include <limits.h>

#include "run/run.h"

enum options_outcome {
    OPTIONS_RUN,  /* `options` is filled */
    OPTIONS_DONE, /* help or version was printed; all is well */
    OPTIONS_BAD   /* one line was said */
};

struct qemu_options {
    struct run_options run;
    const char *kernel;                /* where the configuration is looked for; NULL: near the image */
    const char *console_path;          /* the serial port's output; NULL: standard output */
    bool has_input;                    /* standard input is the serial port's */
    char kernel_config_path[PATH_MAX]; /* what run.kernel_config points to */
};

/* The strings in `options` are the caller's arguments. */
enum options_outcome qemu_options_parse(struct qemu_options *options, int count, char **arguments);

#endif
