/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values of the --host-* options: what the system gets of the host. Each function says one line and
 * returns false if the value is none, or if there are too many of them.
 */
#ifndef SELKIE_CMD_SELKIE_GRANTS_H
#define SELKIE_CMD_SELKIE_GRANTS_H

#include "run/run.h"

/* NAME=PATH[:ro|:rw]; `kind` is HOST_DIRECTORY or HOST_FILE. The path stays in `text`, which is cut. */
bool grant_path(struct run_options *options, enum host_kind kind, char *text);
/* NAME=NUMBER[:ro|:rw]: an open descriptor of ours. */
bool grant_fd(struct run_options *options, char *text);
bool grant_stdio(struct run_options *options);
bool grant_network(struct run_options *options, const char *text); /* NAME=RULES, see run/network_rules.h */
bool grant_clock(struct run_options *options, const char *name);

#endif
