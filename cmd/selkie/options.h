/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of `selkie run`.
 */
#ifndef SELKIE_CMD_SELKIE_OPTIONS_H
#define SELKIE_CMD_SELKIE_OPTIONS_H

#include "run/run.h"

enum options_outcome {
    OPTIONS_RUN,  /* `options` is filled */
    OPTIONS_HELP, /* help was printed; all is well */
    OPTIONS_BAD   /* one line was said */
};

/* `arguments[0]` is the command's name ("run"). The strings in `options` are the caller's arguments, some of them
 * cut. */
enum options_outcome options_parse(struct run_options *options, int count, char **arguments);

#endif
