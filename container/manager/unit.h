/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Containers as their users see them: a name, a record, and how they go on: run, end, start again.
 *
 * Invariant: a unit that runs has an estate, in which everything of that run lies; one that waits for its restart
 * has none.
 */
#ifndef SELKIE_MANAGER_UNIT_H
#define SELKIE_MANAGER_UNIT_H

#include "container/control.h"
#include "manager.h"
#include "record.h"

enum {
    UNITS = 64
};

enum unit_state {
    UNIT_NONE,
    UNIT_RUNNING,
    UNIT_RESTARTING
};

enum unit_end {
    UNIT_EXITED,
    UNIT_SIGNALLED,
    UNIT_BROKEN
};

struct unit {
    enum unit_state state;
    unsigned index;
    char name[CONTROL_NAME];
    struct record *record;
    struct estate estate;
    struct container container;
    seL4_CPtr bell;
    seL4_Word memory; /* bytes */
    seL4_Word restarts;
    seL4_Word started;          /* seconds since 1970 */
    seL4_Word begun_ns, due_ns; /* of the monotonic clock: of this run, of the next one */
    bool is_detached, is_stopping;
};

/* What the manager has for all of them. */
struct unit_services {
    struct sel4_util_allocator *allocator;
    seL4_CPtr endpoint;
    seL4_CPtr clock;
    const void *personality;
    size_t personality_size;
    void (*ended)(struct unit *unit, const char *how); /* for good; the unit is gone afterwards */
};

bool units_init(const struct unit_services *services);
struct unit *unit_at(unsigned index); /* NULL: no such */
struct unit *unit_find(const char *name);
unsigned units_count(void); /* that there are */

/* Take the record, also when it fails: then `why` says what is wrong. */
struct unit *unit_make(struct record *record, const char **why);

/* Deliver a signal, or end it if that is what the signal does. */
void unit_signal(struct unit *unit, unsigned number, bool is_terminal);
void unit_end(struct unit *unit, enum unit_end how, seL4_Word number);

/* A message of the unit with this index, which `reply` answers (MCS). */
void unit_message(unsigned index, seL4_MessageInfo_t message, seL4_CPtr reply);

/* The manager ends: so do all, and it is written down. */
void units_end(void);

/* Start what is due. When to come again, on the monotonic clock; 0: never. */
seL4_Word units_continue(void);

seL4_Word clock_ns(seL4_CPtr clock); /* monotonic */

#endif
