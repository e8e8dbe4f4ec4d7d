/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs for a kernel, the same ones on every kernel.
 *
 * A *program* is a short random sequence of invocations and of system calls by three
 * threads, in a world of its own: a CNode of 64 slots with a few of everything. The
 * *driver* (the root task) makes the world, carries the program out, prints what
 * came of each step, and takes the world's memory back. What a step is depends on
 * nothing but the program's number.
 *
 * No two threads that run have one priority, and everything comes to rest between two
 * steps, so no result depends on when a timer ticks.
 */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include <sel4_util.h>

enum {
    WORLD_BITS = 6, /* slots of a world's CNode, log2 */
    WORLD_SLOTS = 1 << WORLD_BITS,
    ACTORS = 3,
    WORDS_MAX = 20,
    CAPS_MAX = 3,
    PRIORITY_DRIVER = 100,
    PRIORITY_BELOW = 2 /* the driver's while it lets everybody else run */
};

/* Slots of a world. */
enum slot {
    SLOT_ACTOR = 1, /* and the next two: threads that wait for commands */
    SLOT_CNODE = 4, /* the world's own */
    SLOT_SMALL_CNODE,
    SLOT_ENDPOINT,
    SLOT_ENDPOINT_BADGED,
    SLOT_ENDPOINT_OTHER,
    SLOT_NOTIFICATION_BADGED,
    SLOT_NOTIFICATION,
    SLOT_NOTIFICATION_OTHER,
    SLOT_UNTYPED, /* 2^15, 2^12, 2^10 and 2^6 bytes */
    SLOT_FRAME = 16,
    SLOT_PAGE_TABLE,
    SLOT_PAGE_DIRECTORY,
    SLOT_PDPT,
    SLOT_PML4, /* assigned to an ASID */
    SLOT_PML4_OTHER,
    SLOT_VSPACE,  /* the driver's and everybody's */
    SLOT_COMMAND, /* a notification for each actor */
    SLOT_IRQ = 26,
    SLOT_IO_PORT,
    SLOT_ASID_POOL,
    SLOT_DOMAIN,
    SLOT_THREAD,       /* not configured */
    SLOT_CONTEXT,      /* MCS: one for each actor, and one that is nobody's */
    SLOT_REPLY = 35,   /* MCS: two */
    SLOT_CONTROL = 37, /* MCS */
    SLOT_FREE = 40     /* from here on */
};

/* A slot of the world, as the driver names it: its CSpace has the world beside the initial CNode. */
static inline seL4_CPtr world(seL4_Word slot)
{
    return 1ul << 63 | slot % WORLD_SLOTS; /* else the driver would fault */
}

/* --- a kernel entry with every register that may matter --- */
struct trap {
    seL4_Word number, destination, info, mr[4], reply, send_to;
};
void trap_take(struct trap *trap);

/* --- actors: threads that do one system call at a time, for the driver --- */
enum actor_action {
    ACTION_SYSCALL,
    ACTION_LOAD, /* from address mr[0] */
    ACTION_STORE,
    ACTION_UNDEFINED_INSTRUCTION,
    ACTION_NONE /* until the next command */
};
struct mailbox {
    seL4_Word action;
    struct trap trap; /* what to do; then, what came of it */
    seL4_Word done;   /* how often that was */
};
extern struct mailbox mailboxes[ACTORS];
/* Where each begins to wait for commands. */
extern const seL4_Word actor_entry[ACTORS];
/* Code addresses are printed relative to the actors' code. */
extern const char actors_start[], actors_end[];

/* --- the world --- */
struct actor {
    seL4_IPCBuffer *buffer;
    seL4_CPtr frame;    /* of the buffer */
    seL4_Word commands; /* given so far */
    seL4_Word seen;     /* answers printed so far */
};
extern struct actor actors[ACTORS];
void driver_open(const seL4_BootInfo *info);
void world_make(void);
void world_destroy(void);
/* What is in a slot, as the kernel numbers it. */
seL4_Word world_kind(seL4_Word slot);
/* The driver's own capability to SLOT_ENDPOINT (0) or SLOT_ENDPOINT_OTHER (1); null when it was revoked. */
seL4_CPtr driver_endpoint(unsigned which);
seL4_CPtr driver_reply(unsigned which); /* MCS: to SLOT_REPLY and the next */
void let_run(void);                     /* until everybody waits */

/* --- the program --- */
void random_start(seL4_Word seed);
seL4_Word random_below(seL4_Word end);
static inline bool random_chance(seL4_Word percent)
{
    return random_below(100) < percent;
}

/* A step, chosen but not taken. */
struct step {
    seL4_Word actor; /* whose it is; ACTORS: the driver's */
    enum actor_action action;
    seL4_Word number; /* of the system call */
    seL4_Word destination, label, reply, send_to;
    unsigned word_count, cap_count;
    seL4_Word words[WORDS_MAX];
    seL4_CPtr caps[CAPS_MAX];
    struct {
        seL4_Word slot, depth;
    } receive; /* where an actor takes a capability */
};
struct step step_choose(void);
void step_choose_invocation(struct step *step); /* choose_objects.c */
seL4_Word choose_slot(void);
seL4_Word choose_free_slot(void);
seL4_Word choose_of(const seL4_Word *words, unsigned count);
#define ONE_OF(...)                                                                                          \
    choose_of((const seL4_Word[]){__VA_ARGS__}, sizeof((seL4_Word[]){__VA_ARGS__}) / sizeof(seL4_Word))

#endif
