/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of the control socket (container/control.h), as clients make and read them. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_MESSAGE_H
#define SELKIE_CMD_SELKIE_CONTAINER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "container/control.h"

struct message {
    size_t size;
    char text[CONTROL_MESSAGE];
};

/* Add a field. False: there is no room, which was said. */
bool message_add(struct message *message, const char *key, const char *value);
bool message_add_number(struct message *message, const char *key, unsigned long long value);

/* The value of the first field with this key behind the value `after`, or of all if that is NULL; NULL: none. */
const char *message_value(const struct message *message, const char *key, const char *after);

/* The key of the first field is this one. */
bool message_is(const struct message *message, const char *key);

/* Send it, with a descriptor unless that is -1. 0 or -errno. */
int message_send(int socket, const struct message *message, int descriptor);

/* Wait for one, `timeout_ms` at most (-1: for ever). 1: there it is; 0: the other side is gone; -errno, -EINTR and
 * -ETIMEDOUT among them. */
int message_receive(int socket, struct message *message, int timeout_ms);

#endif
