/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selkie container exec`: a command in a container that runs, among its processes and in its memory.
 *
 * The connection to the manager is the command's life, unless it is detached: when this process goes, in whatever way,
 * the command and its session end, and nothing else in the container.
 */
#include "container_exec.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "container_give.h"
#include "container_image.h"
#include "container_live.h"
#include "container_manager.h"
#include "container_run.h"
#include "container_state.h"
#include "container_usage.h"
#include "container_wait.h"
#include "host/fd.h"
#include "run/run.h"
#include "run/say.h"

enum {
    CANNOT_RUN = 125
};

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
    if (!streams_give(exec, connection)) {
        return false;
    }
    container_wait_prepare(&exec->plan);
    if (message_send(connection, &exec->order, -1) == 0) {
        exec->status = container_wait(connection, &exec->plan);
    }
    return false;
}

static bool option_apply(struct exec *exec, int key)
{
    struct message *order = &exec->order;
    switch (key) {
    case 'd':
        exec->plan.is_detached = true;
        return true;
    case 't':
        exec->plan.is_terminal = true;
        return true;
    case 'e':
        return container_variable_add(order, optarg);
    case 'u':
        exec->user = optarg;
        return true;
    case 'w':
        return container_workdir_check(optarg) && message_add(order, "workdir", optarg);
    default: /* i */
        return true;
    }
}

/* What is set already stays. */
static bool terminal_add(struct message *order)
{
    bool has_type = false;
    for (const char *value = NULL; (value = message_value(order, "env", value));) {
        has_type |= strncmp(value, "TERM=", 5) == 0;
    }
    return message_add(order, "terminal", "1") && (has_type || message_add(order, "env", "TERM=xterm"));
}

/* What follows the options. 0 or an exit status. */
static int words_add(struct exec *exec, int count, char **words)
{
    struct message *order = &exec->order;
    if (exec->plan.is_detached && exec->plan.is_terminal) {
        return usage_say("exec", "--detach does not go with --tty");
    }
    if (count < 2) {
        return usage_say("exec",
                         count ? "no command was given" : "neither a container nor a command was given");
    }
    exec->name = words[0];
    bool is_good = message_add(order, "name", exec->name) &&
                   (!exec->plan.is_detached || message_add(order, "detach", "1")) &&
                   (!exec->plan.is_terminal || terminal_add(order));
    for (int i = 1; i < count && is_good; i++) {
        is_good = message_add(order, "arg", words[i]);
    }
    return is_good ? 0 : RUN_BAD_INPUT;
}

/* The options and what follows them, as an order. False: `status` says how to exit. */
static bool exec_parse(struct exec *exec, int count, char **arguments, int *status)
{
    static const struct option options[] = {{"interactive", no_argument, NULL, 'i'},
                                            {"tty", no_argument, NULL, 't'},
                                            {"detach", no_argument, NULL, 'd'},
                                            {"env", required_argument, NULL, 'e'},
                                            {"user", required_argument, NULL, 'u'},
                                            {"workdir", required_argument, NULL, 'w'},
                                            USAGE_LONG_HELP};
    int key;
    bool is_good = message_add(&exec->order, "do", "exec");
    usage_begin();
    while (is_good && (key = usage_next(count, arguments, "+:hdite:u:w:", options)) >= 0) {
        is_good = option_apply(exec, key);
    }
    *status = !is_good           ? RUN_BAD_INPUT
              : key != USAGE_END ? usage_status(key)
                                 : words_add(exec, count - optind, arguments + optind);
    return is_good && key == USAGE_END && *status == 0;
}

/* In what the container changed of its files, then in what it began with. */
static bool user_find(const char *name, const char *user, unsigned *uid, unsigned *gid, char home[IMAGE_HOME])
{
    struct diag diag = {0};
    HOST_FD int state = state_open(name, &diag);
    HOST_FD int upper = state < 0 ? -1 : openat(state, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    HOST_FD int lower = -1, owners = -1;
    struct image_config image = {0};
    json_t *config = state < 0 ? NULL : state_config_read(state);
    const char *rootfs = json_string_value(json_object_get(config, "rootfs"));
    const char *path = json_string_value(json_object_get(config, "image"));
    if (rootfs) {
        lower = open(rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } else if (path) {
        (void)image_root_open(path, &lower, &owners, &image, &diag);
    }
    bool is_found = image_user_find(upper, user, uid, gid) || image_user_find(lower, user, uid, gid);
    if (is_found && !image_home_find(upper, *uid, home)) {
        (void)image_home_find(lower, *uid, home);
    }
    image_config_drop(&image);
    json_decref(config);
    return is_found;
}

/* Another user has another home, unless the command line says which. */
static bool home_add(struct exec *exec, const char *home)
{
    for (const char *value = NULL; (value = message_value(&exec->order, "env", value));) {
        if (strncmp(value, "HOME=", sizeof("HOME=") - 1) == 0) {
            return true;
        }
    }
    return message_add(&exec->order, "env", home);
}

static bool user_add(struct exec *exec)
{
    unsigned uid = 0, gid = 0;
    char text[32], home[IMAGE_HOME] = "HOME=/";
    if (!exec->user) {
        return true;
    }
    if (!user_find(exec->name, exec->user, &uid, &gid, home)) {
        say("container exec: no user %s", exec->user);
        return false;
    }
    (void)snprintf(text, sizeof(text), "%u:%u", uid, gid);
    return message_add(&exec->order, "user", text) && home_add(exec, home);
}

int container_exec(int count, char **arguments)
{
    static struct exec exec = {.status = CANNOT_RUN};
    struct diag diag = {0};
    int status;
    if (!exec_parse(&exec, count, arguments, &status)) {
        return status;
    }
    if (exec.plan.is_terminal && !isatty(STDIN_FILENO)) {
        say("container exec: --tty: standard input is not a terminal");
        return RUN_BAD_INPUT;
    }
    json_t *live = live_all();
    exec.manager = json_string_value(json_object_get(json_object_get(live, exec.name), "manager"));
    if (live && !exec.manager) {
        live_missing_say("exec", exec.name);
    } else if (live) {
        exec.status = user_add(&exec) ? exec.status : RUN_BAD_INPUT;
        (void)(exec.status == CANNOT_RUN && managers_each(connected_exec, &exec, &diag));
    }
    json_decref(live);
    return exec.status;
}
