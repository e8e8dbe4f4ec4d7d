/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selkie container exec`: a command with the files and the network of a container that runs.
 *
 * It is a container of its own: it sees the files and ports of the other one, but not its processes, and its memory is
 * not the other one's.
 */
#include "container_exec.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "container_give.h"
#include "container_live.h"
#include "container_manager.h"
#include "container_run.h"
#include "container_wait.h"
#include "run/run.h"
#include "run/say.h"

enum {
    CANNOT_RUN = 125
};

static const char usage[] =
    "usage: selkie container exec [-it] [--env=NAME=VALUE] [--workdir=DIR] NAME COMMAND [ARGUMENTS]";

struct exec {
    struct message order;
    struct wait_plan plan;
    char name[CONTROL_NAME];
    const char *manager; /* which has the container */
    int status;
};

static bool connected_exec(int connection, const char *manager, void *argument)
{
    struct exec *exec = argument;
    if (strcmp(manager, exec->manager) != 0) {
        return true;
    }
    exec->status = CANNOT_RUN;
    if (container_streams_give(connection) && message_send(connection, &exec->order, -1) == 0) {
        exec->status = container_wait(connection, &exec->plan);
    }
    return false;
}

/* The options and what follows them, as an order. False: that was no good use. */
static bool exec_parse(struct exec *exec, int count, char **arguments)
{
    static const struct option options[] = {{"interactive", no_argument, NULL, 'i'},
                                            {"tty", no_argument, NULL, 't'},
                                            {"env", required_argument, NULL, 'e'},
                                            {"workdir", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    struct message *order = &exec->order;
    int key;
    optind = 1;
    opterr = 0;
    container_name_make(exec->name);
    bool is_good =
        message_add(order, "do", "exec") && message_add(order, "as", exec->name) &&
        message_add(order, "env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") &&
        message_add(order, "env", "HOME=/root");
    while (is_good && (key = getopt_long(count, arguments, "+ite:w:", options, NULL)) != -1) {
        exec->plan.is_terminal |= key == 't';
        is_good =
            key == 'i' ||
            (key == 't' && message_add(order, "terminal", "1") && message_add(order, "env", "TERM=xterm")) ||
            (key == 'e' && message_add(order, "env", optarg)) ||
            (key == 'w' && message_add(order, "workdir", optarg));
    }
    is_good = is_good && count - optind >= 2 && message_add(order, "name", arguments[optind]);
    for (int i = optind + 1; i < count && is_good; i++) {
        is_good = message_add(order, "arg", arguments[i]);
    }
    return is_good;
}

int container_exec(int count, char **arguments)
{
    static struct exec exec = {.status = CANNOT_RUN};
    struct diag diag = {0};
    if (!exec_parse(&exec, count, arguments)) {
        say("container exec: %s", usage);
        return RUN_BAD_INPUT;
    }
    if (exec.plan.is_terminal && !isatty(STDIN_FILENO)) {
        say("container exec: --tty: standard input is not a terminal");
        return RUN_BAD_INPUT;
    }
    exec.plan.name = exec.name;
    json_t *live = live_all();
    exec.manager = json_string_value(json_object_get(json_object_get(live, arguments[optind]), "manager"));
    if (!exec.manager) {
        say("container exec: no container %s runs", arguments[optind]);
    } else {
        (void)managers_each(connected_exec, &exec, &diag);
    }
    json_decref(live);
    return exec.status;
}
