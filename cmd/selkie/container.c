/* SPDX-License-Identifier: BSD-2-Clause */
/* `selkie container`: its second word chooses what to do. */
#include "container.h"

#include <stdio.h>
#include <string.h>

#include "container_act.h"
#include "container_exec.h"
#include "container_list.h"
#include "container_run.h"
#include "container_usage.h"
#include "run/run.h"
#include "run/say.h"

static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
} commands[] = {
    {"run", container_run},
    {"exec", container_exec},
    {"ps", container_ps},
    {"logs", container_logs},
    {"stop", container_stop},
    {"kill", container_kill},
    {"wait", container_await},
    {"rm", container_rm},
    {"stats", container_stats},
    {"inspect", container_inspect},
    {"shutdown", container_shutdown},
};

int command_container(int count, char **arguments)
{
    if (count >= 2 && (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0 ||
                       strcmp(arguments[1], "help") == 0)) {
        usage_print_all();
        return RUN_OK;
    }
    for (size_t i = 0; count >= 2 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(arguments[1], commands[i].name) == 0) {
            return commands[i].run(count - 1, arguments + 1);
        }
    }
    if (count < 2) {
        say("container: what to do was not said; see selkie container --help");
    } else {
        say("container %s: no such command; see selkie container --help", arguments[1]);
    }
    return RUN_BAD_INPUT;
}
