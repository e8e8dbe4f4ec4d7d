/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the root task and the workers of the stress test agree on: who is who, and which capability is where.
 *
 * Thread t is number t % THREADS_PER_SPACE of VSpace t / THREADS_PER_SPACE. Clients call and send to servers
 * of any VSpace; middle servers call leaf servers now and then; pairs signal each other. Nobody waits in a
 * circle.
 */
#ifndef STRESS_H
#define STRESS_H

#include <sel4_util.h>

enum {
    SPACES = 20,
    THREADS_PER_SPACE = 5,
    THREADS = SPACES * THREADS_PER_SPACE,
    SERVERS = 2 * SPACES, /* server 2 * space is the middle one, 2 * space + 1 the leaf */
    INITIATORS = THREADS - SERVERS,
    LONG_MAX = 40 /* words of a message */
};

/* Slots of a worker's CNode; slot 1 is the component's own TCB. */
enum {
    SLOT_REPORT = 2,
    SLOT_SERVER = 4,                              /* SERVERS of them, to send to */
    SLOT_OWN = SLOT_SERVER + SERVERS,             /* middle, leaf: to receive from */
    SLOT_WAIT = SLOT_OWN + 2,                     /* of each thread that belongs to a pair */
    SLOT_SIGNAL = SLOT_WAIT + THREADS_PER_SPACE,  /* its partner's */
    SLOT_FAULT = SLOT_SIGNAL + THREADS_PER_SPACE, /* of each thread */
    SLOT_END = SLOT_FAULT + THREADS_PER_SPACE
};
_Static_assert(SLOT_END <= 1 << SEL4_UTIL_COMPONENT_CNODE_BITS, "the slots fit");

/* Labels of the messages to the root task; faults have those of the kernel, below 16. */
enum {
    REPORT_DONE = 16, /* thread, messages, sum of what was sent */
    REPORT_WRONG,     /* thread, kind, expected, found; not answered */
    REPORT_THREAD     /* + number: entry, stack, fs, gs of a thread to make */
};

/* Labels of the messages to servers. */
enum {
    MESSAGE_CALL = 1,
    MESSAGE_SEND,
    MESSAGE_END /* answered with: received, nested, sum of what was received, sum of what was sent */
};

#define WRONG_LIST(X)                                                                                        \
    X(VECTOR, "vector register")                                                                             \
    X(X87, "x87 register")                                                                                   \
    X(CONTROL, "x87 control word")                                                                           \
    X(MXCSR, "MXCSR")                                                                                        \
    X(MASK, "mask register")                                                                                 \
    X(FS, "fs base")                                                                                         \
    X(GS, "gs base")                                                                                         \
    X(REQUEST, "words of a request")                                                                         \
    X(REPLY, "words of a reply")                                                                             \
    X(BADGE, "badge")
enum wrong {
#define X(name, text) WRONG_##name,
    WRONG_LIST(X)
#undef X
};

enum role {
    ROLE_CLIENT,
    ROLE_PAIR,
    ROLE_MIDDLE,
    ROLE_LEAF
};

static inline enum role stress_role(unsigned thread)
{
    unsigned space = thread / THREADS_PER_SPACE, number = thread % THREADS_PER_SPACE;
    switch (number) {
    case 0:
        return ROLE_CLIENT;
    case 1:
        return space < 4 ? ROLE_PAIR : ROLE_CLIENT;
    case 2:
        return ROLE_MIDDLE;
    case 3:
        return ROLE_LEAF;
    default:
        return space < 12 ? ROLE_PAIR : ROLE_CLIENT;
    }
}

/* Pairs lie within a VSpace in the first four, across two in the next eight. */
static inline unsigned stress_partner(unsigned thread)
{
    unsigned space = thread / THREADS_PER_SPACE, number = thread % THREADS_PER_SPACE;
    return space < 4 ? space * THREADS_PER_SPACE + (number == 1 ? 4 : 1)
                     : (space ^ 1) * THREADS_PER_SPACE + number;
}

/* Stands once in the image: see run.py. */
#define STRESS_MARK "selkie-stressrun"
struct stress_selection {
    char mark[16]; /* not terminated */
    seL4_Word messages, seed;
};

#endif
