/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket: connections and their requests (container/control.h). */
#ifndef SELKIE_MANAGER_CONTROL_H
#define SELKIE_MANAGER_CONTROL_H

#include "command.h"
#include "unit.h"

struct control_services {
    struct sel4_util_allocator *allocator;
    seL4_CPtr listener;     /* the socket that clients connect to */
    seL4_CPtr notification; /* is signalled when something happens */
    seL4_CPtr clock;
    seL4_CPtr network; /* null: containers get none */
};

bool control_init(const struct control_services *services);

/* The notification was signalled. */
void control_events(void);

/* A unit ended for good: tell who waits for it. */
void control_unit_ended(struct unit *unit, const char *how);

/* A command runs; ended, or could not be started: tell its client. */
void control_command_started(struct command *command);
void control_command_ended(struct command *command, const char *key, const char *value);

/* After every event: start what is due, set the timer. True: nobody needs the manager any more. */
bool control_is_over(void);

#endif
