/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands about containers: those that a manager runs, and those whose directories tell of them.
 */
#include "container_list.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "container_live.h"
#include "container_signal.h"
#include "container_state.h"
#include "host/fd.h"
#include "run/run.h"
#include "run/say.h"

enum {
    FAILED = 1,
    STOP_SECONDS = 10,
    TEXT_SIZE = 256
};

static int usage_say(const char *command, const char *usage)
{
    say("container %s: usage: selkie container %s %s", command, command, usage);
    return RUN_BAD_INPUT;
}

static long long number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* Words with spaces between, as far as there is room. */
static void words_join(const json_t *array, char text[TEXT_SIZE])
{
    const json_t *word;
    size_t i, used = 0;
    text[0] = '\0';
    json_array_foreach(array, i, word)
    {
        int length = snprintf(text + used, TEXT_SIZE - used, "%s%s", i ? " " : "", json_string_value(word));
        used += length > 0 ? (size_t)length : 0;
        if (used >= TEXT_SIZE) {
            return;
        }
    }
}

static void duration_format(char text[32], long long seconds)
{
    if (seconds < 120) {
        (void)snprintf(text, 32, "%lld seconds", seconds);
    } else if (seconds < 7200) {
        (void)snprintf(text, 32, "%lld minutes", seconds / 60);
    } else {
        (void)snprintf(text, 32, "%lld hours", seconds / 3600);
    }
}

static void ps_print(const char *name, const char *status, const char *ports, const char *command)
{
    printf("%-20s  %-24s  %-28s  %.60s\n", name, status, ports, command);
}

static void live_print(const char *name, const json_t *unit)
{
    char command[TEXT_SIZE], ports[TEXT_SIZE], status[64], duration[32];
    words_join(json_object_get(unit, "arg"), command);
    words_join(json_object_get(unit, "port"), ports);
    duration_format(duration, number_of(unit, "up_ms") / 1000);
    bool is_running = strcmp(json_string_value(json_object_get(unit, "state")), "running") == 0;
    (void)snprintf(status, sizeof(status), is_running ? "Up %s" : "Restarting", duration);
    ps_print(name, status, ports, command);
}

static void ended_print(const char *name)
{
    struct diag diag = {0};
    char how[STATE_HOW_SIZE], status[64], command[TEXT_SIZE], duration[32];
    long long ended;
    HOST_FD int state = state_open(name, &diag);
    if (state < 0) {
        return;
    }
    json_t *config = state_config_read(state);
    state_how(state, how, &ended);
    words_join(json_object_get(config, "command"), command);
    duration_format(duration, ended ? (long long)time(NULL) - ended : 0);
    if (how[0]) {
        (void)snprintf(status, sizeof(status), "Exited (%d) %s ago", state_exit_status(how), duration);
    } else {
        (void)snprintf(status, sizeof(status), "Lost");
    }
    ps_print(name, status, "", command);
    json_decref(config);
}

int container_ps(int count, char **arguments)
{
    bool is_all = count == 2 && (strcmp(arguments[1], "-a") == 0 || strcmp(arguments[1], "--all") == 0);
    if (count > 1 && !is_all) {
        return usage_say("ps", "[-a]");
    }
    json_t *live = live_all();
    if (!live) {
        return FAILED;
    }
    const char *name;
    json_t *unit;
    ps_print("NAME", "STATUS", "PORTS", "COMMAND");
    json_object_foreach(live, name, unit)
    {
        live_print(name, unit);
    }
    struct diag diag = {0};
    char **names = NULL;
    int ended = is_all ? state_names(&names, &diag) : 0;
    for (int i = 0; i < ended; i++) {
        if (!json_object_get(live, names[i])) {
            ended_print(names[i]);
        }
    }
    state_names_free(names, ended < 0 ? 0 : ended);
    json_decref(live);
    return RUN_OK;
}

static void log_copy(int log)
{
    char bytes[65536];
    for (ssize_t size; (size = read(log, bytes, sizeof(bytes))) > 0;) {
        (void)fwrite(bytes, 1, (size_t)size, stdout);
    }
    (void)fflush(stdout);
}

int container_logs(int count, char **arguments)
{
    struct diag diag = {0};
    bool is_following =
        count == 3 && (strcmp(arguments[1], "-f") == 0 || strcmp(arguments[1], "--follow") == 0);
    if (count != 2 && !is_following) {
        return usage_say("logs", "[-f] NAME");
    }
    const char *name = arguments[count - 1];
    HOST_FD int state = state_open(name, &diag);
    HOST_FD int log = state < 0 ? -1 : openat(state, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (log < 0) {
        say("container logs: %s", state < 0 ? diag.text : "it is not detached, so it has no log");
        return FAILED;
    }
    while (is_following && live_wait(name, 100) == -2) {
        log_copy(log);
    }
    log_copy(log);
    return RUN_OK;
}

int container_stop(int count, char **arguments)
{
    long seconds = STOP_SECONDS;
    int key, status = RUN_OK;
    optind = 1;
    opterr = 0;
    while ((key = getopt(count, arguments, "+t:")) != -1) {
        char *end = optarg;
        seconds = key == 't' ? strtol(optarg, &end, 10) : -1;
        if (key != 't' || *end || end == optarg || seconds < 0 || seconds > 1000000) {
            return usage_say("stop", "[-t SECONDS] NAME...");
        }
    }
    if (optind == count) {
        return usage_say("stop", "[-t SECONDS] NAME...");
    }
    for (int i = optind; i < count; i++) {
        const char *name = arguments[i];
        if (!live_signal(name, SIGTERM, true, true)) {
            status = FAILED;
        } else if (live_wait(name, (int)seconds * 1000) == -2) {
            (void)live_signal(name, SIGKILL, true, false);
        }
    }
    return status;
}

int container_kill(int count, char **arguments)
{
    int key, number = SIGKILL, status = RUN_OK;
    static const struct option options[] = {{"signal", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
    optind = 1;
    opterr = 0;
    while ((key = getopt_long(count, arguments, "+s:", options, NULL)) != -1) {
        number = key == 's' ? signal_number(optarg) : 0;
        if (number == 0) {
            return usage_say("kill", "[-s SIGNAL] NAME...");
        }
    }
    if (optind == count) {
        return usage_say("kill", "[-s SIGNAL] NAME...");
    }
    for (int i = optind; i < count; i++) {
        status = live_signal(arguments[i], number, number == SIGKILL, true) ? status : FAILED;
    }
    return status;
}

/* The exit status of one that ended; -1: nobody knows. */
static int status_recall(const char *name, struct diag *diag)
{
    char how[STATE_HOW_SIZE];
    long long ended;
    HOST_FD int state = state_open(name, diag);
    if (state < 0) {
        return -1;
    }
    state_how(state, how, &ended);
    return state_exit_status(how);
}

int container_await(int count, char **arguments)
{
    if (count < 2) {
        return usage_say("wait", "NAME...");
    }
    int result = RUN_OK;
    for (int i = 1; i < count; i++) {
        struct diag diag = {0};
        int status = live_wait(arguments[i], -1);
        status = status == -1 ? status_recall(arguments[i], &diag) : status;
        if (status < 0) {
            say("container wait: %s", diag.text[0] ? diag.text : "nobody wrote down how it ended");
            result = FAILED;
        } else {
            printf("%d\n", status);
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
    if (is_live && live_signal(name, SIGKILL, true, false)) {
        (void)live_wait(name, -1);
    }
    if (state < 0 || state_remove(name, &diag) != 0) {
        say("container rm: %s", diag.text);
        return false;
    }
    return true;
}

int container_rm(int count, char **arguments)
{
    bool is_forced = count > 1 && (strcmp(arguments[1], "-f") == 0 || strcmp(arguments[1], "--force") == 0);
    int first = is_forced ? 2 : 1, status = RUN_OK;
    if (first >= count) {
        return usage_say("rm", "[-f] NAME...");
    }
    json_t *live = live_all();
    for (int i = first; i < count; i++) {
        status = live && container_remove(arguments[i], is_forced, live) ? status : FAILED;
    }
    json_decref(live);
    return status;
}

/* Processor time, of late and altogether; the classic kernel does not count it. */
static void time_format(const json_t *unit, char time[32], char cpu[32], char share[32])
{
    const json_t *used = json_object_get(unit, "processor_us"), *late = json_object_get(unit, "cpu_permille");
    long long permille = number_of(unit, "cpu");
    (void)snprintf(time, 32, used ? "%.2f s" : "unknown", (double)json_integer_value(used) / 1e6);
    (void)snprintf(cpu, 32, late ? "%.1f%%" : "unknown", (double)json_integer_value(late) / 10);
    (void)snprintf(share, 32, permille ? "%.1f%%" : "-", (double)permille / 10);
}

int container_stats(int count, char **arguments)
{
    (void)arguments;
    if (count > 1) {
        return usage_say("stats", "");
    }
    json_t *live = live_all_measured();
    const char *name;
    json_t *unit;
    if (!live) {
        return FAILED;
    }
    printf("%-20s  %12s  %12s  %9s  %8s  %7s  %7s  %10s\n", "NAME", "MEMORY", "LIMIT", "PROCESSES",
           "RESTARTS", "CPU", "SHARE", "CPU TIME");
    json_object_foreach(live, name, unit)
    {
        char time[32], cpu[32], share[32];
        time_format(unit, time, cpu, share);
        printf("%-20s  %9.1f MiB  %8.1f MiB  %9lld  %8lld  %7s  %7s  %10s\n", name,
               (double)number_of(unit, "memory_used") / 1048576, (double)number_of(unit, "memory") / 1048576,
               number_of(unit, "processes"), number_of(unit, "restarts"), cpu, share, time);
    }
    json_decref(live);
    return RUN_OK;
}

static json_t *inspect_one(const char *name, const json_t *live)
{
    struct diag diag = {0};
    HOST_FD int state = state_open(name, &diag);
    json_t *unit = json_object_get(live, name), *config = state < 0 ? NULL : state_config_read(state);
    if (!unit && state < 0) {
        say("container inspect: %s", diag.text);
        return NULL;
    }
    config = config ? config : json_pack("{s:s}", "name", name);
    if (unit) {
        (void)json_object_set(config, "live", unit);
    } else {
        char how[STATE_HOW_SIZE];
        long long ended;
        state_how(state, how, &ended);
        (void)json_object_set_new(config, "ended", json_integer(ended));
        (void)json_object_set_new(config, "status", json_string(how[0] ? how : "lost"));
    }
    return config;
}

int container_inspect(int count, char **arguments)
{
    if (count < 2) {
        return usage_say("inspect", "NAME...");
    }
    json_t *live = live_all_measured(), *all = json_array();
    int status = live ? RUN_OK : FAILED;
    for (int i = 1; i < count && live; i++) {
        json_t *one = inspect_one(arguments[i], live);
        status = one ? status : FAILED;
        if (one) {
            (void)json_array_append_new(all, one);
        }
    }
    if (live) {
        (void)json_dumpf(all, stdout, JSON_INDENT(2));
        puts("");
    }
    json_decref(live);
    json_decref(all);
    return status;
}

int container_shutdown(int count, char **arguments)
{
    (void)arguments;
    if (count > 1) {
        return usage_say("shutdown", "");
    }
    return live_end() ? RUN_OK : FAILED;
}
