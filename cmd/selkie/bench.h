/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selkie bench`: choose, measure, print as a table or as JSON.
 */
#ifndef SELKIE_CMD_SELKIE_BENCH_H
#define SELKIE_CMD_SELKIE_BENCH_H

/* `arguments[0]` is the command's name ("bench"). Returns an exit status. */
int command_bench(int count, char **arguments);

#endif
