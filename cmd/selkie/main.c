/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selkie: the command line's first word chooses what to do.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "cmd/streams.h"
#include "container.h"
#include "options.h"
#include "run/run.h"
#include "run/say.h"

static const char help[] =
    "usage: selkie run [options] IMAGE   run an seL4 system; see selkie run --help\n"
    "       selkie container COMMAND     Linux programs in containers; see selkie container --help\n"
    "       selkie bench [options]       what kernel operations cost; see selkie bench --help\n"
    "       selkie engines               what this host can run, and why not\n"
    "       selkie --version\n"
    "       selkie --help\n";

static int command_run(int count, char **arguments)
{
    struct run_options options;
    switch (options_parse(&options, count, arguments)) {
    case OPTIONS_RUN:
        return run_image(&options);
    case OPTIONS_HELP:
        return RUN_OK;
    case OPTIONS_BAD:
        break;
    }
    return RUN_BAD_INPUT;
}

static int command_engines(int count, char **arguments)
{
    if (count > 1) {
        say("engines: takes no argument, but '%s' was given", arguments[1]);
        return RUN_BAD_INPUT;
    }
    for (unsigned i = 0; i < run_engine_count; i++) {
        const struct engine_class *class = run_engines[i];
        struct diag diag = {0};
        int error = class->probe(&diag);
        printf("%-8s %s%s\n", class->name, class->summary,
               class->is_boundary ? "" : " (no boundary: do not run hostile systems with it)");
        if (error) {
            printf("         cannot run here: %s\n", diag.text);
        } else {
            printf("         can run here\n");
        }
    }
    return RUN_OK;
}

static int command_version(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    puts("selkie " SELKIE_VERSION);
    return RUN_OK;
}

static int command_help(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    (void)fputs(help, stdout);
    return RUN_OK;
}

static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
} commands[] = {
    {"run", command_run},           {"bench", command_bench}, {"engines", command_engines},
    {"container", command_container},
    {"--version", command_version}, {"--help", command_help}, {"-h", command_help},
    {"help", command_help},
};

int main(int count, char **arguments)
{
    streams_open();
    if (count < 2) {
        say("no command was given; see selkie --help");
        return RUN_BAD_INPUT;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(arguments[1], commands[i].name) == 0) {
            return streams_finish(commands[i].run(count - 1, arguments + 1));
        }
    }
    say("%s: no such command; see selkie --help", arguments[1]);
    return RUN_BAD_INPUT;
}
