/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Showing containers: those that a manager runs, and those whose directories tell of them.
 */
#include "container_list.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "container/control.h"
#include "container_live.h"
#include "container_remove.h"
#include "container_state.h"
#include "container_usage.h"
#include "host/fd.h"
#include "run/run.h"
#include "run/say.h"

enum {
    FAILED = 1,
    TEXT_SIZE = 256,
    COMMAND_WIDTH = 60
};

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
    static const struct {
        const char *unit;
        long long seconds, from; /* in one, and with how many of them it is told so */
    } units[] = {{"day", 86400, 2}, {"hour", 3600, 2}, {"minute", 60, 2}, {"second", 1, 0}};
    size_t i = 0;
    seconds = seconds < 0 ? 0 : seconds; /* the clock was set */
    while (seconds < units[i].from * units[i].seconds) {
        i++;
    }
    long long count = seconds / units[i].seconds;
    (void)snprintf(text, 32, "%lld %s%s", count, units[i].unit, count == 1 ? "" : "s");
}

/* A line of ps. */
struct row {
    char name[CONTROL_NAME], status[64], ports[TEXT_SIZE], command[TEXT_SIZE];
};

struct table {
    struct row *rows;
    size_t count, room;
};

/* Another line; NULL: no memory. */
static struct row *row_add(struct table *table, const char *name)
{
    if (table->count == table->room) {
        size_t room = table->room ? 2 * table->room : 16;
        struct row *rows = realloc(table->rows, room * sizeof(*rows));
        if (!rows) {
            return NULL;
        }
        table->rows = rows;
        table->room = room;
    }
    struct row *row = &table->rows[table->count++];
    *row = (struct row){.name = ""};
    (void)snprintf(row->name, sizeof(row->name), "%s", name);
    return row;
}

static void live_add(struct table *table, const char *name, const json_t *unit)
{
    char duration[32];
    struct row *row = row_add(table, name);
    const char *state = json_string_value(json_object_get(unit, "state"));
    if (row) {
        words_join(json_object_get(unit, "arg"), row->command);
        words_join(json_object_get(unit, "port"), row->ports);
        duration_format(duration, number_of(unit, "up_ms") / 1000);
        bool is_running = state && strcmp(state, "running") == 0;
        (void)snprintf(row->status, sizeof(row->status), is_running ? "Up %s" : "Restarting", duration);
    }
}

/* One that no manager of ours runs. */
static void other_add(struct table *table, const char *name, bool is_all)
{
    static const char *const held[] = {"Lost", "Held by a command", "Up, under another manager"};
    struct diag diag = {0};
    char how[STATE_HOW_SIZE], duration[32];
    long long ended;
    HOST_FD int state = state_open(name, &diag);
    enum state_holder holder = state < 0 ? STATE_FREE : state_holder(state);
    bool is_wanted = state >= 0 && (is_all || holder == STATE_OF_MANAGER);
    struct row *row = is_wanted ? row_add(table, name) : NULL;
    if (!row) {
        return;
    }
    json_t *config = state_config_read(state);
    state_how(state, how, &ended);
    words_join(json_object_get(config, "command"), row->command);
    duration_format(duration, ended ? (long long)time(NULL) - ended : 0);
    if (how[0]) {
        (void)snprintf(row->status, sizeof(row->status), "Exited (%d) %s ago", state_exit_status(how),
                       duration);
    } else {
        (void)snprintf(row->status, sizeof(row->status), "%s", held[holder]);
    }
    json_decref(config);
}

/* Columns are as wide as what is in them. */
static void width_add(int *width, const char *text)
{
    int length = (int)strlen(text);
    *width = length > *width ? length : *width;
}

static void table_print(const struct table *table)
{
    int name = 0, status = 0, ports = 0;
    for (size_t i = 0; i < table->count; i++) {
        width_add(&name, table->rows[i].name);
        width_add(&status, table->rows[i].status);
        width_add(&ports, table->rows[i].ports);
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct row *row = &table->rows[i];
        printf("%-*s  %-*s  %-*s  %.*s\n", name, row->name, status, row->status, ports, row->ports,
               COMMAND_WIDTH, row->command);
    }
}

static void others_add(struct table *table, const json_t *live, bool is_all)
{
    struct diag diag = {0};
    char **names = NULL;
    int count = state_names(&names, &diag);
    for (int i = 0; i < count; i++) {
        if (!json_object_get(live, names[i])) {
            other_add(table, names[i], is_all);
        }
    }
    if (count < 0) {
        say("container ps: %s", diag.text);
    }
    state_names_free(names, count < 0 ? 0 : count);
}

/* Those of our managers. Where others seem to run some, we look again: they may have been started meanwhile. */
static json_t *live_now(void)
{
    struct table others = {0};
    json_t *live = live_all();
    if (live) {
        others_add(&others, live, false);
    }
    if (others.count) {
        json_decref(live);
        live = live_all();
    }
    free(others.rows);
    return live;
}

int container_ps(int count, char **arguments)
{
    bool is_all;
    int status;
    if (!usage_flag(count, arguments, "all", &is_all, &status)) {
        return status;
    }
    if (optind < count) {
        return usage_say("ps", "it takes no names, but '%s' was given", arguments[optind]);
    }
    if (is_all) {
        remove_leftovers();
    }
    json_t *live = live_now();
    if (!live) {
        return FAILED;
    }
    const char *name;
    json_t *unit;
    struct table table = {0};
    struct row *head = row_add(&table, "NAME");
    if (head) {
        (void)snprintf(head->status, sizeof(head->status), "STATUS");
        (void)snprintf(head->ports, sizeof(head->ports), "PORTS");
        (void)snprintf(head->command, sizeof(head->command), "COMMAND");
    }
    json_object_foreach(live, name, unit)
    {
        live_add(&table, name, unit);
    }
    others_add(&table, live, is_all);
    table_print(&table);
    free(table.rows);
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

/* Where a container's log is, or negative, which was said. */
static int log_open(const char *name)
{
    struct diag diag = {0};
    HOST_FD int state = state_open(name, &diag);
    int log = state < 0 ? -1 : openat(state, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (log >= 0) {
        return log;
    }
    json_t *live = live_all();
    if (live && (state >= 0 || json_object_get(live, name))) {
        say("container logs: %s is not detached, so it has no log", name);
    } else if (live) {
        say("container logs: %s", diag.text);
    }
    json_decref(live);
    return -1;
}

int container_logs(int count, char **arguments)
{
    bool is_following;
    int status;
    if (!usage_flag(count, arguments, "follow", &is_following, &status)) {
        return status;
    }
    if (optind != count - 1) {
        return usage_say("logs",
                         optind == count ? "no container was named" : "more than one container was named");
    }
    const char *name = arguments[optind];
    HOST_FD int log = log_open(name);
    while (log >= 0 && is_following && live_wait(name, 100) == LIVE_STILL) {
        log_copy(log);
    }
    log_copy(log);
    return log < 0 ? FAILED : RUN_OK;
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
    int status, width = (int)sizeof("NAME") - 1;
    if (!usage_plain(count, arguments, &status)) {
        return status;
    }
    if (optind < count) {
        return usage_say("stats", "it takes no names, but '%s' was given", arguments[optind]);
    }
    json_t *live = live_all_measured();
    const char *name;
    json_t *unit;
    if (!live) {
        return FAILED;
    }
    json_object_foreach(live, name, unit)
    {
        width_add(&width, name);
    }
    printf("%-*s  %12s  %12s  %9s  %8s  %7s  %7s  %10s\n", width, "NAME", "MEMORY", "LIMIT", "PROCESSES",
           "RESTARTS", "CPU", "SHARE", "CPU TIME");
    json_object_foreach(live, name, unit)
    {
        char time[32], cpu[32], share[32];
        time_format(unit, time, cpu, share);
        printf("%-*s  %8.1f MiB  %8.1f MiB  %9lld  %8lld  %7s  %7s  %10s\n", width, name,
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
        static const char *const held[] = {"lost", "held by a command", "up, under another manager"};
        char how[STATE_HOW_SIZE];
        long long ended;
        state_how(state, how, &ended);
        (void)json_object_set_new(config, "ended", json_integer(ended));
        (void)json_object_set_new(config, "status", json_string(how[0] ? how : held[state_holder(state)]));
    }
    return config;
}

static bool is_any(json_t *live, char **names, int count)
{
    for (int i = 0; i < count; i++) {
        if (json_object_get(live, names[i])) {
            return true;
        }
    }
    return false;
}

int container_inspect(int count, char **arguments)
{
    int status;
    if (!usage_plain(count, arguments, &status)) {
        return status;
    }
    if (optind == count) {
        return usage_say("inspect", "no container was named");
    }
    json_t *live = live_all(), *all = json_array();
    if (is_any(live, arguments + optind, count - optind)) {
        json_decref(live);
        live = live_all_measured();
    }
    status = live ? RUN_OK : FAILED;
    for (int i = optind; i < count && live; i++) {
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
