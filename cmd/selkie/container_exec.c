/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selkie container exec`: a command in a container that runs, among its processes and in its memory.
 *
 * The connection to the manager is the command's life, unless it is detached: when this process goes, in whatever way,
 * the command and its session end, and nothing else in the container.
 */
#include "container_exec.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "container_give.h"
#include "container_image.h"
#include "container_live.h"
#include "container_manager.h"
#include "container_run.h"
#include "container_state.h"
#include "container_wait.h"
#include "host/fd.h"
#include "run/run.h"
#include "run/say.h"

enum {
    CANNOT_RUN = 125
};

static const char usage[] = "usage: selkie container exec [-dit] [--env=NAME=VALUE] [--user=USER[:GROUP]] "
                            "[--workdir=DIR] NAME COMMAND "
                            "[ARGUMENTS]";

struct exec {
    struct message order;
    struct wait_plan plan;
    const char *name, *user;
    const char *manager; /* which has the container */
    int status;
};

/* A detached command has nothing of ours. */
static bool streams_give(const struct exec *exec, int connection)
{
    return exec->plan.is_detached ? container_nothing_give(connection) : container_streams_give(connection);
}

static bool connected_exec(int connection, const char *manager, void *argument)
{
    struct exec *exec = argument;
    if (strcmp(manager, exec->manager) != 0) {
        return true;
    }
    exec->status = CANNOT_RUN;
    if (streams_give(exec, connection) && message_send(connection, &exec->order, -1) == 0) {
        exec->status = container_wait(connection, &exec->plan);
    }
    return false;
}

/* The options and what follows them, as an order. False: that was no good use. */
static bool exec_parse(struct exec *exec, int count, char **arguments)
{
    static const struct option options[] = {{"interactive", no_argument, NULL, 'i'},
                                            {"tty", no_argument, NULL, 't'},
                                            {"detach", no_argument, NULL, 'd'},
                                            {"env", required_argument, NULL, 'e'},
                                            {"user", required_argument, NULL, 'u'},
                                            {"workdir", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    struct message *order = &exec->order;
    int key;
    optind = 1;
    opterr = 0;
    bool is_good = message_add(order, "do", "exec");
    while (is_good && (key = getopt_long(count, arguments, "+dite:u:w:", options, NULL)) != -1) {
        exec->plan.is_terminal |= key == 't';
        exec->plan.is_detached |= key == 'd';
        exec->user = key == 'u' ? optarg : exec->user;
        is_good =
            key == 'i' || key == 'u' || (key == 'd' && message_add(order, "detach", "1")) ||
            (key == 't' && message_add(order, "terminal", "1") && message_add(order, "env", "TERM=xterm")) ||
            (key == 'e' && message_add(order, "env", optarg)) ||
            (key == 'w' && message_add(order, "workdir", optarg));
    }
    is_good = is_good && !(exec->plan.is_detached && exec->plan.is_terminal) && count - optind >= 2 &&
              message_add(order, "name", arguments[optind]);
    exec->name = is_good ? arguments[optind] : NULL;
    for (int i = optind + 1; i < count && is_good; i++) {
        is_good = message_add(order, "arg", arguments[i]);
    }
    return is_good;
}

/* By number, or by name where the container has files of its own. */
static bool user_add(struct exec *exec)
{
    struct diag diag = {0};
    unsigned uid = 0, gid = 0;
    char text[32];
    if (!exec->user) {
        return true;
    }
    HOST_FD int state = state_open(exec->name, &diag);
    if (!image_user_find(state < 0 ? -1 : state, exec->user, &uid, &gid)) {
        say("container exec: no user %s", exec->user);
        return false;
    }
    (void)snprintf(text, sizeof(text), "%u:%u", uid, gid);
    return message_add(&exec->order, "user", text);
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
    if (!user_add(&exec)) {
        return RUN_BAD_INPUT;
    }
    json_t *live = live_all();
    exec.manager = json_string_value(json_object_get(json_object_get(live, exec.name), "manager"));
    if (!exec.manager) {
        say("container exec: no container %s runs", exec.name);
    } else {
        (void)managers_each(connected_exec, &exec, &diag);
    }
    json_decref(live);
    return exec.status;
}
