/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bounded exhaustive check: every sequence of operations from a menu, up to
 * some depth, on a tiny kernel, with the heap check and the oracles at every
 * state that was not met before.
 *
 * A *step* is what one thread does to the kernel (a system call, a fault), or
 * the world (a tick, an interrupt). After each step the threads that run clear
 * their registers and message buffers, as if their programs did, so that states
 * differ by what the kernel knows and not by what a program has left lying about.
 */
#ifndef SELKIE_TESTS_EXHAUSTIVE_H
#define SELKIE_TESTS_EXHAUSTIVE_H

#include "tests/kernel/rig.h"

enum {
    STEP_NAME_SIZE = 56,
    STEPS_MAX = 256, /* in a menu */
    DEPTH_MAX = 16,
    SLOTS_MAX = 512, /* of all CNodes and threads of a tiny kernel */
    CHANGES_MAX = 2048
};

/* --- the menu --- */
enum step_kind {
    STEP_SYSCALL,
    STEP_AGAIN, /* the system call that was preempted */
    STEP_VM_FAULT,
    STEP_EXCEPTION,
    STEP_TICK, /* MCS: when the kernel asked for it */
    STEP_INTERRUPT,
    STEP_WAIT /* MCS: so much time passes, then a tick that nobody asked for */
};

enum actor {
    ACTOR_ROOT = 1,
    ACTOR_CHILD = 2,
    ACTOR_BOTH = 3
};

struct step {
    char name[STEP_NAME_SIZE];
    enum step_kind kind;
    enum actor actors;
    enum syscall syscall;
    uint64_t cptr;
    uint64_t label; /* when `message` has no operation */
    struct message message;
    uint64_t reply; /* MCS: the reply capability of a receiving call, and the other address of NBSendRecv */
    uint64_t send_to;
    uint32_t number;     /* exception, interrupt, page fault status */
    uint64_t address;    /* page fault */
    uint64_t time_ns;    /* STEP_WAIT */
    unsigned preempt_at; /* the question at which an interrupt is pending; 0: never */
};

/* The two threads, and where things are: capability addresses of the initial CNode. */
struct tiny {
    struct rig rig;
    uint64_t root, child; /* paddrs of the TCBs */
    uint64_t endpoint, badged, send_only, notification, signal_only;
    uint64_t thread, cnode, small, half, page, frame, spare, irq, port, pml4;
    uint64_t context, context_spare, reply, reply_spare, control; /* MCS */
    uint64_t empty[4];
    struct step menu[STEPS_MAX];
    unsigned steps;
};

struct tiny_options {
    const char *world; /* subjects, joined by '+' */
    bool is_mcs;
};
extern const char *const tiny_worlds[]; /* those that are explored when none is named; ends with NULL */
extern const char *const tiny_mcs_worlds[];
bool tiny_is_world(const char *name);
struct tiny tiny_open(const struct tiny_options *options);
void tiny_menu(struct tiny *tiny, const struct tiny_options *options); /* menu.c */

/* Can this step be taken now? */
bool step_applies(const struct tiny *tiny, const struct step *step);
/* What the caller saw. */
struct outcome {
    bool is_answered;  /* it made a Call, which has returned: `label` */
    bool is_preempted; /* the same step goes on with STEP_AGAIN */
    uint64_t label;
};
struct outcome step_take(struct tiny *tiny, const struct step *step);

/* --- the arena, as it was before the step and as it is (arena.c) --- */
struct change { /* of one line of 64 bytes */
    unsigned char *now;
    const unsigned char *before;
    uint64_t paddr;
};
enum {
    LINE_SIZE = 64
};
struct hash {
    uint64_t a, b;
};

/* From now on writes are noticed. The present state is the initial one, of hash 0. */
void arena_watch(struct kernel *k);
void arena_unwatch(void);
void arena_reset(void); /* back to the initial state */
void arena_mark(void);  /* the present state becomes the one that changes are relative to */
unsigned arena_changes(struct change changes[CHANGES_MAX]); /* since the mark */
void arena_undo(const struct change *changes, unsigned count);
struct hash arena_hash(struct hash before, const struct change *changes, unsigned count);
/* What an address of the arena held at the mark. */
const void *arena_before(const struct kernel *k, uint64_t paddr);
unsigned arena_pages(void); /* that were ever written */

/* --- what must hold (oracle.c) --- */
struct reach {
    uint64_t slot[SLOTS_MAX]; /* paddrs */
    unsigned count;
};
/* Look at the state at the mark: who can reach which slots. */
void oracle_mark(const struct tiny *tiny);
/* What must hold of a step that was taken from there. */
void oracle_step(const struct tiny *tiny, const struct step *step, struct outcome outcome,
                 const struct change *changes, unsigned count);
/* At a new state: every object in its place. */
void oracle_state(const struct tiny *tiny);

#endif
