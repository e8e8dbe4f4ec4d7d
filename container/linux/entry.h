/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short way into the personality: a rewritten `syscall` (sites.h) jumps to code that runs on the program's own
 * thread, puts its registers into an area of the thread's own, and calls the personality's endpoint. What neither
 * changes nor needs anything shared, like getpid(2), is answered there at once.
 *
 * The area is found through gs: its base belongs to the personality for as long as no program asks for it
 * (arch_prctl(2)); then all sites of the process are put back, and calls are faults again. The code leaves the flags,
 * the vector registers and the program's stack alone.
 *
 * A thread that computes may be stopped anywhere in here. entry_settle makes of its registers those of a thread that
 * stands before the call or behind it; such code as a signal handler sees nothing else.
 */
#ifndef SELKIE_LINUX_ENTRY_H
#define SELKIE_LINUX_ENTRY_H

#include "container/linux/kernel.h"

struct fast_file;
struct thread;

enum {
    ENTRY_LABEL = 0x53, /* of a call that came this way; it has no words */
    ENTRY_VALUES = 7    /* calls that are answered at once */
};

enum entry_phase {
    ENTRY_OUTSIDE, /* or on the way to the call */
    ENTRY_SERVED,  /* the personality has it */
    ENTRY_ANSWERED /* the thread may not have noticed */
};

struct entry_area {
    struct user_registers registers; /* rip: behind the call. rflags stands last, since it is pushed */
    uint64_t stack;                  /* behind rflags */
    uint64_t endpoint;
    uint64_t phase;
    uint64_t handler[ENTRY_VALUES]; /* entry_call while the value is unknown */
    uint64_t value[ENTRY_VALUES];
    struct fast_file *files; /* fast.h; NULL: none are known */
};

/* An area for a thread whose calls go to `endpoint`. NULL: no memory. */
struct entry_area *entry_area_make(uint64_t endpoint);

/* In the child of a fork: the areas of the parent's threads go. */
void entry_fork(void);

/* The thread starts anew: it is in no call, and nothing is known of it. */
void entry_area_reset(struct entry_area *area);

/* The thread goes on elsewhere: a call that it is in will not be answered. */
void entry_area_leave(struct entry_area *area);

/* A call came: its registers, as a fault would tell them (rip at the `syscall`). */
void entry_message(struct entry_area *area, struct user_registers *registers);

/* Is the thread's call one that came by entry_message and is not answered yet? */
bool entry_is_served(const struct entry_area *area);

/* Answer it. True: an empty reply is all that it needs. False: it must be given all of these registers. */
bool entry_answer(struct entry_area *area, const struct user_registers *after);

/* See above. */
void entry_settle(const struct entry_area *area, struct user_registers *registers);

/* What was answered at once is to be asked again, by all threads: ids may have changed, or the parent. */
void entry_forget(void);

/* No thread knows files any more. */
void entry_files_forget(void);

/* The program wants gs: no call comes this way any more. To be called before the thread gets its wish. */
void entry_give_up(const struct thread *caller);

/* The parts of entry_settle: is it there; the thread stands before the call, or behind it, its registers being in the
 * area. */
bool entry_is_between(uint64_t ip, const char *start, const char *end);
void entry_roll_back(const struct entry_area *area, struct user_registers *registers);
void entry_finish(const struct entry_area *area, struct user_registers *registers);

/* Where a site's stub goes on: rcx is the address behind the call, rax its number. */
extern const char entry_call[];

/* The same for a call of this number, which may be answered at once. NULL: it is none of these. */
const void *entry_for(unsigned number);

#endif
