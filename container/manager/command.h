/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands: processes that clients start in a unit that runs. The unit's process server asks for what there is to know
 * of them (enum container_news) and says when they end; what it says is an allegation, and can do no more than end its
 * own commands.
 *
 * A command keeps its record until the server has read it, or its client has gone.
 */
#ifndef SELKIE_MANAGER_COMMAND_H
#define SELKIE_MANAGER_COMMAND_H

#include "unit.h"

struct command {
    struct unit *unit; /* NULL: this place is free */
    struct record *record;
    seL4_Word signals, terminal_signals; /* that it has not been told of; bit N - 1: signal N */
    bool is_told, has_begun, is_detached, must_end, is_end_told;
};

/* Who wants to know: `how` it ended, or why it could not be started. */
struct command_services {
    void (*started)(struct command *command);
    void (*ended)(struct command *command, const char *key, const char *value); /* it is gone afterwards */
};
void commands_init(const struct command_services *services);

/* Start one in this unit. Takes the record, also when it fails: then `why` says what is wrong. */
struct command *command_make(struct unit *unit, struct record *record, struct order_text order,
                             const char **why);

/* A signal for it, or for the foreground processes of its terminal. */
void command_signal(struct command *command, unsigned number, bool is_terminal);

/* Its client has gone: so does it. */
void command_leave(struct command *command);

/* A message of the unit's server. True: `answer` is to be sent. */
bool command_message(struct unit *unit, seL4_MessageInfo_t message, seL4_MessageInfo_t *answer);

/* The run that they belong to is over. */
void commands_end(const struct unit *unit);

#endif
