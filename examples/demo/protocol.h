/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the demo agree upon: who is who, which capability lies in which
 * slot, what the labels of messages mean, and how shared pages are laid out.
 */
#ifndef DEMO_PROTOCOL_H
#define DEMO_PROTOCOL_H

#include <sel4_util.h>

/* Who is who. These are also the badges by which one knows another. */
enum demo_id {
    ID_ROOT,
    ID_NAMES,
    ID_STORE,
    ID_ORACLE,
    ID_SENSOR,
    ID_DISPLAY,
    ID_ALICE,
    ID_BOB,
    ID_COUNT
};

static const char *const demo_names[ID_COUNT] = {
    [ID_ROOT] = "root",     [ID_NAMES] = "names",     [ID_STORE] = "store", [ID_ORACLE] = "oracle",
    [ID_SENSOR] = "sensor", [ID_DISPLAY] = "display", [ID_ALICE] = "alice", [ID_BOB] = "bob",
};

/* A component's capability space. Who does not need a capability has nothing in its slot. */
enum demo_slot {
    SLOT_SUPERVISOR = SEL4_UTIL_COMPONENT_SLOT_FREE, /* send to the root task; faults go there, too */
    SLOT_NAMES,                                      /* call the name service */
    SLOT_CNODE,                                      /* this capability space itself */
    SLOT_SERVICE,                                    /* receive what is asked of us */
    SLOT_FILLED,                                     /* the ring's notifications */
    SLOT_DRAINED,
    SLOT_FREE /* from here on: what arrives in messages */
};

/* Labels. Those to the root task must not be mistaken for faults, which have small numbers. */
enum demo_label {
    REPORT_READY = 100,
    REPORT_DONE,
    NAMES_REGISTER, /* a name, and a capability; no answer but its label */
    NAMES_FIND,     /* a name; the answer has the capability */
    STORE_PUT,      /* question, answer; the answer is the row */
    ORACLE_PRIME,   /* n; the answer is the nth prime */
    ANSWER_OK = 0,
    ANSWER_UNKNOWN
};

/* A page that a component shares with others lies here. */
enum {
    SHARED_VADDR = 0x0e000000
};

/* The store writes it, everybody may read it without asking. */
enum {
    BOARD_ROWS = 16
};
struct board {
    seL4_Word row_count;
    struct board_row {
        seL4_Word owner; /* a demo_id */
        seL4_Word question;
        seL4_Word answer;
    } rows[BOARD_ROWS];
};

/* The oracle writes down whom it serves, so that after a crash the root task knows who waits in vain. */
struct journal {
    seL4_Word client; /* a demo_id, ID_ROOT: nobody */
    seL4_Word answered;
};

/* The sensor writes readings, the display takes them. */
enum {
    RING_SIZE = 4,
    READINGS = 12
};
struct ring {
    seL4_Word put_count;
    seL4_Word taken_count;
    seL4_Word readings[RING_SIZE];
};

/* What all components do (talk.c). */

/* A line of the console: who, and what. */
void say(enum demo_id who, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tell the root task how far we are. */
void report(enum demo_label label);

/* A name in a word: its first eight characters. */
seL4_Word name_pack(const char *name);
void name_unpack(seL4_Word word, char name[9]);

/* Tell the name service where we can be called. */
void service_register(const char *name);

/* Ask it for somebody; the capability lands in `slot`. False if nobody has that name. */
bool service_find(const char *name, seL4_Word slot);

#endif
