/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections. All are watched through one ready set; nothing here waits for a client: one that does not take what
 * it is sent is closed, and a container that it owned ends.
 */
#include "control.h"

#include <selkie/host.h>

#include "connection.h"

enum {
    CONNECTIONS = 80,
    EVENTS = 16,
    TOKEN_LISTENER = CONNECTIONS,
    TOKEN_TIMER,
    ONCE = 4 /* messages of one client before others have their turn */
};

#define IDLE_NS (60ul * 1000000000ul)

static struct control_services services;
static struct connection connections[CONNECTIONS];
static seL4_CPtr ready_set, timer;
static seL4_Word idle_since_ns; /* 0: somebody is there */
static seL4_Word armed_ns;      /* what the timer is set to; 0: nothing */
static char message_text[CONTROL_MESSAGE];

static bool watch(seL4_CPtr file, seL4_Word token)
{
    return selkie_host_file_watch(file, ready_set, SELKIE_EPOLLIN | SELKIE_EPOLLRDHUP, token) >= 0;
}

bool connection_send(const struct connection *connection, const struct text_writer *message)
{
    return selkie_host_socket_send(connection->socket, message->buffer, message->used, 0, NULL, 0) ==
           (long)message->used;
}

bool connection_tell(const struct connection *connection, const char *key, const char *value)
{
    char buffer[256];
    struct text_writer writer = {.buffer = buffer, .size = sizeof buffer, .has_room = true};
    text_add(&writer, key, value);
    return connection_send(connection, &writer);
}

static void connection_close(struct connection *connection)
{
    struct unit *unit = connection->unit;
    seL4_CNode_Delete(services.allocator->cnode, connection->socket, seL4_WordBits);
    if (connection->record) {
        record_drop(connection->record);
    }
    bool is_owner = connection->is_owner;
    struct command *command = connection->command;
    connection->record = NULL;
    connection->unit = NULL;
    connection->command = NULL;
    connection->is_owner = connection->is_open = false;
    if (unit && is_owner) {
        unit->is_stopping = true;
        unit_end(unit, UNIT_SIGNALLED, 9);
    }
    if (command) {
        command_leave(command);
    }
}

static bool connection_make(struct connection *connection)
{
    if (!connection->untyped) {
        connection->untyped = sel4_util_object_alloc(services.allocator, seL4_UntypedObject, HOST_IO_BITS);
        connection->socket = connection->untyped ? sel4_util_slot_alloc(services.allocator) : seL4_CapNull;
    }
    return connection->socket &&
           selkie_host_make(connection->untyped, services.allocator->cnode, connection->socket, 1) == 0;
}

static struct connection *connection_free(void)
{
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        if (!connections[i].is_open) {
            return &connections[i];
        }
    }
    return NULL;
}

/* More clients than there is room for wait in the host's queue: nobody watches the listener until one goes. */
static bool is_listener_watched;

static void listener_watch(void)
{
    is_listener_watched =
        is_listener_watched || (connection_free() && watch(services.listener, TOKEN_LISTENER));
}

static void clients_accept(void)
{
    struct connection *connection;
    is_listener_watched = false;
    while ((connection = connection_free()) && connection_make(connection)) {
        if (selkie_host_socket_accept(services.listener, connection->socket, NULL, 0, NULL) < 0) {
            seL4_CNode_Delete(services.allocator->cnode, connection->socket, seL4_WordBits);
            break;
        }
        connection->is_open = true;
        if (!connection_tell(connection, "welcome", CONTROL_VERSION) ||
            !watch(connection->socket, (seL4_Word)(connection - connections))) {
            connection_close(connection);
        }
    }
}

/* One message. False: the connection is over. `is_empty`: there was none. */
static bool message_take(struct connection *connection, bool *is_empty)
{
    seL4_Word has_object = 0;
    if (!connection->record) {
        connection->record = record_make();
    }
    seL4_CPtr spare = connection->record ? record_spare(connection->record) : seL4_CapNull;
    if (!spare) {
        (void)connection_tell(connection, "error", "not enough memory is left in the manager");
        return false;
    }
    long size = selkie_host_socket_receive_object(connection->socket, message_text, sizeof message_text,
                                                  spare, &has_object);
    *is_empty = size == -SELKIE_EAGAIN;
    if (size <= 0) {
        if (!*is_empty && size < 0) {
            (void)connection_tell(connection, "error", "what came along cannot be given to a container");
        }
        return *is_empty;
    }
    return request_serve(connection, (struct order_text){message_text, (size_t)size}, has_object, &services);
}

static void client_serve(struct connection *connection)
{
    bool is_empty = false;
    for (unsigned i = 0; i < ONCE && !is_empty; i++) {
        if (!message_take(connection, &is_empty)) {
            connection_close(connection);
            return;
        }
    }
    if (!watch(connection->socket, (seL4_Word)(connection - connections))) {
        connection_close(connection);
    }
}

static void event_serve(const struct host_event *event)
{
    if (event->token == TOKEN_LISTENER) {
        clients_accept();
    } else if (event->token == TOKEN_TIMER) {
        uint64_t expirations;
        selkie_host_file_read(timer, &expirations, sizeof expirations);
        armed_ns =
            0; /* our clock may be a little behind the one that fired: then the same moment is set again */
        watch(timer, TOKEN_TIMER);
    } else if (event->token < CONNECTIONS && connections[event->token].is_open) {
        client_serve(&connections[event->token]);
    }
}

void control_events(void)
{
    struct host_event events[EVENTS];
    long count;
    do {
        count = selkie_host_ready_take(ready_set, events, EVENTS);
        for (long i = 0; i < count; i++) {
            event_serve(&events[i]);
        }
    } while (count == EVENTS);
    listener_watch();
}

void control_unit_ended(struct unit *unit, const char *how)
{
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &connections[i];
        if (connection->is_open && connection->unit == unit) {
            connection->unit = NULL;
            connection->is_owner = false;
            (void)connection_tell(connection, "ended", how);
        }
    }
}

static struct connection *connection_of(const struct command *command)
{
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        if (connections[i].is_open && connections[i].command == command) {
            return &connections[i];
        }
    }
    return NULL;
}

void control_command_started(struct command *command)
{
    struct connection *connection = connection_of(command);
    if (connection) {
        (void)connection_tell(connection, "started", command->unit->name);
        connection->command = command->is_detached ? NULL : command;
    }
}

void control_command_ended(struct command *command, const char *key, const char *value)
{
    struct connection *connection = connection_of(command);
    if (connection) {
        connection->command = NULL;
        (void)connection_tell(connection, key, value);
    }
}

static bool is_idle(void)
{
    bool is_alone = units_count() == 0;
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        is_alone &= !connections[i].is_open;
    }
    return is_alone;
}

bool control_is_over(void)
{
    seL4_Word now = clock_ns(services.clock), next = units_continue();
    if (!is_idle()) {
        idle_since_ns = 0;
    } else {
        idle_since_ns = idle_since_ns ? idle_since_ns : now;
        next = idle_since_ns + IDLE_NS;
    }
    if (next != armed_ns) {
        selkie_host_timer_set(timer, next, 0, 1);
        armed_ns = next;
    }
    return is_end_wanted || (idle_since_ns && now >= idle_since_ns + IDLE_NS);
}

bool control_init(const struct control_services *given)
{
    services = *given;
    struct sel4_util_allocator *allocator = services.allocator;
    ready_set = sel4_util_object_alloc(allocator, HOST_IO_TYPE, HOST_IO_BITS);
    timer = sel4_util_object_alloc(allocator, HOST_IO_TYPE, HOST_IO_BITS);
    if (!ready_set || !timer || selkie_host_ready_make(ready_set) < 0 ||
        selkie_host_ready_bind(ready_set, services.notification) < 0 ||
        selkie_host_clock_timer(services.clock, SELKIE_CLOCK_MONOTONIC, timer) < 0 ||
        !watch(timer, TOKEN_TIMER)) {
        return false;
    }
    listener_watch();
    return is_listener_watched;
}
