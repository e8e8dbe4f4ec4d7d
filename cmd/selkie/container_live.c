/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to the managers that run. */
#include "container_live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "container_manager.h"
#include "container_message.h"
#include "container_state.h"
#include "host/fd.h"
#include "run/say.h"

enum {
    ANSWER_MS = 20000,
    CANNOT_RUN = 125,
    MEASURED_MS = 400,
    COUNTED_MS = 20
};

static struct message message; /* one request at a time */

static bool is_array(const char *key)
{
    return strcmp(key, "port") == 0 || strcmp(key, "arg") == 0;
}

static void field_add(json_t *unit, const char *field)
{
    char key[32];
    const char *value = strchr(field, '=');
    if (!value || (size_t)(value - field) >= sizeof(key)) {
        return;
    }
    memcpy(key, field, (size_t)(value - field));
    key[value - field] = '\0';
    value++;
    if (is_array(key)) {
        (void)json_array_append_new(json_object_get(unit, key), json_string(value));
    } else if (value[0] && value[strspn(value, "0123456789")] == '\0') {
        (void)json_object_set_new(unit, key, json_integer(strtoll(value, NULL, 10)));
    } else {
        (void)json_object_set_new(unit, key, json_string(value));
    }
}

static json_t *unit_read(const char *manager)
{
    json_t *unit = json_pack("{s:s, s:[], s:[]}", "manager", manager, "port", "arg");
    const char *end = message.text + message.size;
    for (const char *at = message.text + strlen(message.text) + 1; at < end; at += strlen(at) + 1) {
        field_add(unit, at);
    }
    return unit;
}

static bool list_one(int connection, const char *manager, void *argument)
{
    json_t *all = argument;
    message.size = 0;
    if (!message_add(&message, "do", "list") || message_send(connection, &message, -1) != 0) {
        return true; /* it ends just now */
    }
    while (message_receive(connection, &message, ANSWER_MS) == 1 && message_is(&message, "unit")) {
        const char *name = message_value(&message, "unit", NULL);
        (void)json_object_set_new(all, name, unit_read(manager));
    }
    return true;
}

json_t *live_all(void)
{
    struct diag diag = {0};
    json_t *all = json_object();
    if (!managers_each(list_one, all, &diag)) {
        say("container: %s", diag.text);
        json_decref(all);
        return NULL;
    }
    return all;
}

static void pause_ms(unsigned ms)
{
    struct timespec time = {.tv_nsec = ms * 1000000l};
    (void)nanosleep(&time, NULL);
}

static long long number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* What a list tells was counted at the list before: so the third has the second's, the second the first's. */
static void use_add(json_t *now, const json_t *later, const json_t *earlier)
{
    const json_t *end = json_object_get(now, "processor_us");
    long long us = json_integer_value(end) - number_of(later, "processor_us");
    long long ms = number_of(later, "up_ms") - number_of(earlier, "up_ms");
    if (end && earlier && later && ms > 0 && us >= 0) {
        (void)json_object_set_new(now, "cpu_permille", json_integer(us / ms));
    }
}

static bool is_counted(json_t *all)
{
    const char *name;
    json_t *unit;
    json_object_foreach(all, name, unit)
    {
        if (json_object_get(unit, "processor_us")) {
            return true;
        }
    }
    return false;
}

json_t *live_all_measured(void)
{
    json_t *first = live_all(), *unit;
    if (!is_counted(first)) {
        return first;
    }
    pause_ms(MEASURED_MS);
    json_t *second = live_all();
    pause_ms(COUNTED_MS);
    json_t *third = live_all();
    const char *name;
    json_object_foreach(third, name, unit)
    {
        use_add(unit, json_object_get(second, name), json_object_get(first, name));
    }
    json_decref(first);
    json_decref(second);
    return third;
}

struct signal_request {
    const char *name;
    int number;
    bool is_stop, is_done;
};

static bool signal_one(int connection, const char *manager, void *argument)
{
    struct signal_request *request = argument;
    (void)manager;
    message.size = 0;
    bool is_sent = message_add(&message, "do", "kill") && message_add(&message, "name", request->name) &&
                   message_add_number(&message, "signal", (unsigned)request->number) &&
                   (!request->is_stop || message_add(&message, "stop", "1")) &&
                   message_send(connection, &message, -1) == 0;
    request->is_done =
        is_sent && message_receive(connection, &message, ANSWER_MS) == 1 && message_is(&message, "done");
    return !request->is_done;
}

int live_signal(const char *name, int number, bool is_stop)
{
    struct diag diag = {0};
    struct signal_request request = {.name = name, .number = number, .is_stop = is_stop};
    if (!managers_each(signal_one, &request, &diag) && !request.is_done) {
        say("container: %s", diag.text);
        return -1;
    }
    return request.is_done;
}

void live_elsewhere_say(const char *command, const char *name, int state)
{
    say("container %s: %s runs %s", command, name,
        state_holder(state) == STATE_OF_MANAGER
            ? "under another manager, to which XDG_RUNTIME_DIR does not lead"
            : "in the hands of another command, which starts it, or removes it when it ends");
}

void live_exists_say(const char *name)
{
    struct diag diag = {0};
    HOST_FD int state = state_open(name, &diag);
    if (state >= 0 && state_holder(state) != STATE_FREE) {
        say("container run: a container %s runs already", name);
    } else {
        say("container run: there is a container %s; selkie container rm %s removes it", name, name);
    }
}

void live_missing_say(const char *command, const char *name)
{
    struct diag diag = {0};
    HOST_FD int state = state_open(name, &diag);
    if (state >= 0 && state_holder(state) != STATE_FREE) {
        live_elsewhere_say(command, name, state);
    } else if (state >= 0) {
        say("container %s: %s does not run", command, name);
    } else {
        say("container %s: %s", command, diag.text);
    }
}

struct wait_request {
    const char *name;
    int timeout_ms, status;
};

static bool wait_one(int connection, const char *manager, void *argument)
{
    struct wait_request *request = argument;
    (void)manager;
    message.size = 0;
    if (!message_add(&message, "do", "wait") || !message_add(&message, "name", request->name) ||
        message_send(connection, &message, -1) != 0) {
        return true;
    }
    int got;
    do {
        got = message_receive(connection, &message, request->timeout_ms);
    } while (got == -EINTR);
    if (got == 1 && message_is(&message, "error")) {
        return true; /* another manager may have it */
    }
    const char *how = got == 1 ? message_value(&message, "ended", NULL) : NULL;
    request->status = got == -ETIMEDOUT ? LIVE_STILL : how ? state_exit_status(how) : CANNOT_RUN;
    return false;
}

int live_wait(const char *name, int timeout_ms)
{
    struct diag diag = {0};
    struct wait_request request = {.name = name, .timeout_ms = timeout_ms, .status = LIVE_NONE};
    (void)managers_each(wait_one, &request, &diag);
    return request.status;
}

static bool end_one(int connection, const char *manager, void *argument)
{
    (void)manager;
    (void)argument;
    message.size = 0;
    if (message_add(&message, "do", "end") && message_send(connection, &message, -1) == 0) {
        while (message_receive(connection, &message, ANSWER_MS) == 1) { /* until it is gone */
        }
    }
    return true;
}

bool live_end(void)
{
    struct diag diag = {0};
    bool is_good = managers_each(end_one, NULL, &diag);
    if (!is_good) {
        say("container: %s", diag.text);
    }
    return is_good;
}
