/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What clients ask for. Everything in a message is an allegation: names are looked up, numbers are bounded, and
 * what is missing or wrong is answered with an error.
 */
#include "connection.h"

#include <selkie/host.h>

enum {
    ANSWER_SIZE = 1024,
    RULES_SIZE = 1024
};

bool is_end_wanted;

static bool error_send(const struct connection *connection, const char *why)
{
    return connection_tell(connection, "error", why);
}

static bool give_serve(struct connection *connection, struct order_text message, bool has_object)
{
    const char *name = text_last(message, "give", ""), *access = text_last(message, "access", "r");
    seL4_Word mask = strcmp(access, "rw") == 0  ? HOST_READ | HOST_WRITE
                     : strcmp(access, "w") == 0 ? HOST_WRITE
                                                : HOST_READ;
    if (!has_object || !record_give(connection->record, name, mask)) {
        return error_send(connection,
                          "something for the container cannot be used: no descriptor, or a bad name");
    }
    return true;
}

/* Its own part of the manager's network. NULL, or what is wrong. */
static const char *network_add(struct record *record, struct order_text message,
                               const struct control_services *services)
{
    const char *rules = text_last(message, "network", NULL);
    if (!rules) {
        return NULL;
    }
    seL4_CPtr spare = services->network ? record_spare(record) : seL4_CapNull;
    if (!spare) {
        return "the manager has no network";
    }
    if (selkie_host_network_restrict(services->network, rules, spare) < 0) {
        return "the network rules are none";
    }
    return record_give(record, "network", HOST_READ | HOST_WRITE) ? NULL : "too many things of the host";
}

static const char *clock_add(struct record *record, const struct control_services *services)
{
    seL4_CPtr clock = sel4_util_cap_mint(&record->estate.allocator, services->clock, seL4_ReadWrite, 0);
    return clock && record_add(record, "clock", clock, HOST_CLOCK, HOST_READ | HOST_WRITE)
               ? NULL
               : "too many things of the host";
}

/* Its record is filled: start it. */
static bool unit_start_for(struct connection *connection, const char **why)
{
    struct unit *unit = unit_make(connection->record, why);
    connection->record = NULL;
    if (!unit) {
        (void)error_send(connection, *why);
        return false;
    }
    connection->unit = unit->is_detached ? NULL : unit;
    connection->is_owner = !unit->is_detached;
    return connection_tell(connection, "started", unit->name);
}

static bool run_serve(struct connection *connection, struct order_text message,
                      const struct control_services *services)
{
    const char *why =
        connection->unit || connection->command ? "this connection has a container already" : NULL;
    struct record *record = connection->record;
    if (!why && record_keep(record, message) != seL4_NoError) {
        why = "not enough memory is left in the manager";
    }
    why = why ? why : network_add(record, message, services);
    why = why ? why : clock_add(record, services);
    if (why) {
        (void)error_send(connection, why);
        return false;
    }
    return unit_start_for(connection, &why);
}

/* A command in a container that runs. */
static bool exec_serve(struct connection *connection, struct order_text message)
{
    struct unit *unit = unit_find(text_last(message, "name", ""));
    struct record *record = connection->record;
    const char *why = connection->unit || connection->command ? "this connection has a container already"
                      : !unit                                 ? "no such container runs"
                                                              : NULL;
    if (!why) {
        connection->record = NULL;
        connection->command = command_make(unit, record, message, &why);
    }
    if (why) {
        (void)error_send(connection, why);
    }
    return !why;
}

/* What it has used was counted when the bell last rang, and is counted again now for the next time. */
static void unit_describe_time(struct text_writer *to, struct unit *unit)
{
    const char *permille = text_last(unit->record->order, "cpu", NULL);
    if (permille) {
        text_add(to, "cpu", permille);
    }
    if (share_is_possible() && unit->state == UNIT_RUNNING) {
        struct container_board *board = unit->record->board;
        seL4_Word us = __atomic_load_n(&board->processor_us, __ATOMIC_RELAXED);
        text_add_number(to, "processor_us", us + share_server_us(&unit->container));
        __atomic_store_n(&board->wants_time, 1, __ATOMIC_RELEASE);
        seL4_Signal(unit->bell);
    }
}

/* One line of the list. */
static void unit_describe(struct text_writer *to, struct unit *unit, const struct control_services *services)
{
    const struct container_board *board = unit->record->board;
    bool is_running = unit->state == UNIT_RUNNING;
    text_add(to, "unit", unit->name);
    text_add(to, "state", is_running ? "running" : "restarting");
    text_add_number(to, "started", unit->started);
    text_add_number(to, "up_ms", is_running ? (clock_ns(services->clock) - unit->begun_ns) / 1000000 : 0);
    text_add_number(to, "restarts", unit->restarts);
    text_add_number(to, "memory", unit->memory);
    text_add_number(to, "memory_used", __atomic_load_n(&board->memory_used, __ATOMIC_RELAXED));
    text_add_number(to, "processes", __atomic_load_n(&board->process_count, __ATOMIC_RELAXED));
    unit_describe_time(to, unit);
    text_add(to, "detached", unit->is_detached ? "1" : "0");
    for (const char *value = NULL; (value = text_value(unit->record->order, "port", value));) {
        text_add(to, "port", value);
    }
    for (const char *value = NULL; (value = text_value(unit->record->order, "arg", value));) {
        text_add(to, "arg", value);
    }
}

static bool list_serve(const struct connection *connection, const struct control_services *services)
{
    static char buffer[ANSWER_SIZE];
    for (unsigned i = 0; i < UNITS; i++) {
        struct unit *unit = unit_at(i);
        struct text_writer writer = {.buffer = buffer, .size = sizeof buffer, .has_room = true};
        if (unit) {
            unit_describe(&writer, unit, services);
            if (!connection_send(connection, &writer)) {
                return false;
            }
        }
    }
    return connection_tell(connection, "done", "");
}

static bool kill_serve(const struct connection *connection, struct order_text message)
{
    bool is_own = connection->command && !text_value(message, "name", NULL);
    struct unit *unit = is_own ? connection->command->unit : unit_find(text_last(message, "name", ""));
    seL4_Word number = text_number(text_last(message, "signal", "15"), NULL);
    if (!unit) {
        return error_send(connection, "no such container runs");
    }
    if (number == 0 || number > 64) {
        return error_send(connection, "no such signal");
    }
    bool is_terminal = text_value(message, "terminal", NULL) != NULL;
    if (is_own) {
        command_signal(connection->command, (unsigned)number, is_terminal);
        return connection_tell(connection, "done", "");
    }
    if (text_value(message, "stop", NULL)) {
        unit->is_stopping = true;
    }
    unit_signal(unit, (unsigned)number, is_terminal);
    return connection_tell(connection, "done", "");
}

static bool wait_serve(struct connection *connection, struct order_text message)
{
    struct unit *unit = unit_find(text_last(message, "name", ""));
    if (!unit) {
        return error_send(connection, "no such container runs");
    }
    connection->unit = unit;
    connection->is_owner = false;
    return true;
}

static bool end_serve(const struct connection *connection)
{
    is_end_wanted = true;
    return connection_tell(connection, "done", "");
}

bool request_serve(struct connection *connection, struct order_text message, bool has_object,
                   const struct control_services *services)
{
    if (text_value(message, "give", NULL)) {
        return give_serve(connection, message, has_object);
    }
    const char *what = text_last(message, "do", "");
    if (strcmp(what, "run") == 0) {
        return run_serve(connection, message, services);
    }
    if (strcmp(what, "exec") == 0) {
        return exec_serve(connection, message);
    }
    if (strcmp(what, "list") == 0) {
        return list_serve(connection, services);
    }
    if (strcmp(what, "kill") == 0) {
        return kill_serve(connection, message);
    }
    if (strcmp(what, "wait") == 0) {
        return wait_serve(connection, message);
    }
    if (strcmp(what, "end") == 0) {
        return end_serve(connection);
    }
    return error_send(connection, "no such request");
}
