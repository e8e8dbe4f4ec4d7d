/* SPDX-License-Identifier: BSD-2-Clause */
/* Ending containers, waiting for their ends, removing what is left of them. */
#include "container_act.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "container_live.h"
#include "container_remove.h"
#include "container_signal.h"
#include "container_state.h"
#include "container_usage.h"
#include "host/fd.h"
#include "run/run.h"
#include "run/say.h"

enum {
    FAILED = 1,
    STOP_SECONDS = 10,
    STOP_SECONDS_MAX = 1000000
};

static const char nobody[] = "no container was named";

static bool container_stop_one(const char *name, int seconds)
{
    struct diag diag = {0};
    HOST_FD int state = state_open(name, &diag);
    int is_there = live_signal(name, SIGTERM, true);
    if (is_there == 0 && state >= 0 && state_holder(state) != STATE_OF_MANAGER) {
        return true; /* it has ended already */
    }
    if (is_there <= 0) {
        if (is_there == 0) {
            live_missing_say("stop", name);
        }
        return false;
    }
    if (live_wait(name, seconds * 1000) == LIVE_STILL && live_signal(name, SIGKILL, true) > 0) {
        (void)live_wait(name, -1);
    }
    return remove_if_wanted("stop", name, state);
}

int container_stop(int count, char **arguments)
{
    static const struct option options[] = {{"time", required_argument, NULL, 't'}, USAGE_LONG_HELP};
    long seconds = STOP_SECONDS;
    int key, status = RUN_OK;
    usage_begin();
    while ((key = usage_next(count, arguments, ":ht:", options)) >= 0) {
        char *end = optarg;
        seconds = strtol(optarg, &end, 10);
        if (*end || end == optarg || seconds < 0 || seconds > STOP_SECONDS_MAX) {
            return usage_say("stop", "%s is no number of seconds", optarg);
        }
    }
    if (key != USAGE_END) {
        return usage_status(key);
    }
    if (optind == count) {
        return usage_say("stop", nobody);
    }
    for (int i = optind; i < count; i++) {
        status = container_stop_one(arguments[i], (int)seconds) ? status : FAILED;
    }
    return status;
}

int container_kill(int count, char **arguments)
{
    static const struct option options[] = {{"signal", required_argument, NULL, 's'}, USAGE_LONG_HELP};
    int key, number = SIGKILL, status = RUN_OK;
    usage_begin();
    while ((key = usage_next(count, arguments, ":hs:", options)) >= 0) {
        number = signal_number(optarg);
        if (number == 0) {
            say("container kill: no such signal: %s", optarg);
            return RUN_BAD_INPUT;
        }
    }
    if (key != USAGE_END) {
        return usage_status(key);
    }
    if (optind == count) {
        return usage_say("kill", nobody);
    }
    for (int i = optind; i < count; i++) {
        int is_there = live_signal(arguments[i], number, number == SIGKILL);
        if (is_there == 0) {
            live_missing_say("kill", arguments[i]);
        }
        status = is_there > 0 ? status : FAILED;
    }
    return status;
}

/* Its exit status, also if it ended before; negative: nobody knows, which was said. */
static int container_await_one(const char *name)
{
    struct diag diag = {0};
    char how[STATE_HOW_SIZE] = "";
    long long ended;
    HOST_FD int state = state_open(name, &diag);
    int status = live_wait(name, -1);
    if (status == LIVE_NONE && state >= 0) {
        state_how(state, how, &ended);
        status = state_exit_status(how);
        diag_add(&diag, "nobody wrote down how %s ended", name);
    }
    if (status < 0 && state >= 0 && state_holder(state) != STATE_FREE) {
        live_elsewhere_say("wait", name, state);
        return status;
    }
    if (status < 0) {
        say("container wait: %s", diag.text);
        return status;
    }
    (void)remove_if_wanted("wait", name, state);
    return status;
}

int container_await(int count, char **arguments)
{
    int result;
    if (!usage_plain(count, arguments, &result)) {
        return result;
    }
    if (optind == count) {
        return usage_say("wait", nobody);
    }
    for (int i = optind; i < count; i++) {
        int status = container_await_one(arguments[i]);
        if (status >= 0) {
            printf("%d\n", status);
            (void)fflush(stdout);
        } else {
            result = FAILED;
        }
    }
    return result;
}

static bool container_remove(const char *name, bool is_forced, const json_t *live)
{
    struct diag diag = {0};
    HOST_FD int state = state_open(name, &diag);
    bool is_live = json_object_get(live, name);
    if (is_live && !is_forced) {
        say("container rm: %s runs; stop it first, or use -f", name);
        return false;
    }
    if (!is_live && state >= 0 && state_holder(state) != STATE_FREE) {
        live_elsewhere_say("rm", name, state);
        return false;
    }
    if (is_live && live_signal(name, SIGKILL, true) > 0) {
        (void)live_wait(name, -1);
    }
    if (state < 0 && is_live) {
        return true; /* it left nothing */
    }
    if (state < 0 || state_remove(name, state, &diag) != 0) {
        say("container rm: %s", diag.text);
        return false;
    }
    return true;
}

int container_rm(int count, char **arguments)
{
    int status;
    bool is_forced;
    if (!usage_flag(count, arguments, "force", &is_forced, &status)) {
        return status;
    }
    if (optind == count) {
        return usage_say("rm", nobody);
    }
    json_t *live = live_all();
    for (int i = optind; i < count; i++) {
        status = live && container_remove(arguments[i], is_forced, live) ? status : FAILED;
    }
    json_decref(live);
    return status;
}

int container_shutdown(int count, char **arguments)
{
    int status;
    if (!usage_plain(count, arguments, &status)) {
        return status;
    }
    if (optind < count) {
        return usage_say("shutdown", "it takes no arguments");
    }
    status = live_end() ? RUN_OK : FAILED;
    remove_leftovers();
    return status;
}
