/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of `selkie container` take: their help, and saying what is wrong with what they were given. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_USAGE_H
#define SELKIE_CMD_SELKIE_CONTAINER_USAGE_H

#include <getopt.h>
#include <stdbool.h>

enum usage_outcome {
    USAGE_END = -1,  /* no more options: arguments from `optind` on */
    USAGE_HELP = -2, /* -h or --help: it was printed */
    USAGE_WRONG = -3 /* no such option, or without its value: that was said */
};

/* All commands, as `selkie container --help` shows them. */
void usage_print_all(void);

/* One of them. */
void usage_print(const char *command);

/* The next option's key, or an outcome. `arguments[0]` is the command; `shorts` and `longs` as for getopt_long(3),
 * beginning with ":h" or, where options end with the first other word, "+:h"; ending with USAGE_LONG_HELP. Begin with
 * usage_begin. */
#define USAGE_LONG_HELP                                                                                      \
    {"help", no_argument, NULL, 'h'},                                                                        \
    {                                                                                                        \
        NULL, 0, NULL, 0                                                                                     \
    }
void usage_begin(void);
int usage_next(int count, char **arguments, const char *shorts, const struct option *longs);

/* The exit status of an outcome. */
int usage_status(int outcome);

/* Say what is wrong and what the command takes. An exit status. */
int usage_say(const char *command, const char *problem, ...) __attribute__((format(printf, 2, 3)));

/* A command with one option, without a value: `*is_set` becomes whether it was given. False: as below. */
bool usage_flag(int count, char **arguments, const char *flag, bool *is_set, int *status);

/* A command without options: false if it was given one, or help was asked for; `status` says how to exit. */
bool usage_plain(int count, char **arguments, int *status);

#endif
