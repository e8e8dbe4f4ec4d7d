/* SPDX-License-Identifier: BSD-2-Clause */
/* `selkie container`: its second word chooses what to do. */
#include "container.h"

#include <stdio.h>
#include <string.h>

#include "container_exec.h"
#include "container_list.h"
#include "container_run.h"
#include "run/run.h"
#include "run/say.h"

static const char help[] =
    "usage: selkie container run [options] COMMAND [ARGUMENTS]\n"
    "                                        run a Linux program in a container; see run --help\n"
    "       selkie container exec [-dit] [--env=NAME=VALUE] [--user=USER[:GROUP]] [--workdir=DIR] NAME "
    "COMMAND [ARGUMENTS]\n"
    "                                        a command inside a container that runs\n"
    "       selkie container ps [-a]         what runs; -a: and what ended\n"
    "       selkie container logs [-f] NAME  what a detached container wrote; -f: and what it will write\n"
    "       selkie container stop [-t SECONDS] NAME...\n"
    "                                        SIGTERM; SIGKILL if it still runs after 10 seconds\n"
    "       selkie container kill [-s SIGNAL] NAME...\n"
    "                                        a signal for its first process; default KILL\n"
    "       selkie container wait NAME...    wait for the end, print the exit status\n"
    "       selkie container rm [-f] NAME... remove a detached container that ended; -f: end it first\n"
    "       selkie container stats           memory, processes, processor time of what runs\n"
    "       selkie container inspect NAME... all about a container, as JSON\n"
    "       selkie container shutdown        end all containers and their manager\n"
    "\n"
    "Exit status: run: see run --help; else 0, 1 if something did not work, 2 bad usage.\n";

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
    if (count >= 2 && (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0)) {
        (void)fputs(help, stdout);
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
