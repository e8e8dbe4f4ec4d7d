/* SPDX-License-Identifier: BSD-2-Clause */
/* One client, as control.c and request.c see it. */
#ifndef SELKIE_MANAGER_CONNECTION_H
#define SELKIE_MANAGER_CONNECTION_H

#include "command.h"
#include "control.h"

struct connection {
    bool is_open;
    seL4_CPtr untyped, socket; /* the socket's object is made from this untyped again and again */
    struct record *record;     /* of what it gave so far; NULL */
    struct unit *unit;         /* whose end it waits for; NULL */
    struct command *command;   /* that it started; NULL */
    bool is_owner;             /* that unit ends when this client goes */
};

/* What do=end asked for. */
extern bool is_end_wanted;

/* Serve one message. False: the connection is to be closed. */
bool request_serve(struct connection *connection, struct order_text message, bool has_object,
                   const struct control_services *services);

/* Send a message. False: the client does not take it. */
bool connection_send(const struct connection *connection, const struct text_writer *message);
bool connection_tell(const struct connection *connection, const char *key, const char *value);

#endif
