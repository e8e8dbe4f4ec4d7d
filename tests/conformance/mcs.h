/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the conformance programs of the MCS personality share besides conformance.h.
 *
 * They print no times. What several threads did is noted in a log and printed when they are done, so that no
 * end of a time slice falls into a line.
 */
#ifndef CONFORMANCE_MCS_H
#define CONFORMANCE_MCS_H

#include "conformance.h"

#define LONG_US     100000000 /* a budget that lasts */
#define OWN_CONTEXT ((seL4_CPtr)seL4_CapInitThreadSC)

extern seL4_CPtr sched_control;

/* conformance.h's open, for these programs: the initial thread is not interrupted by its equals. */
void mcs_open(const seL4_BootInfo *info);

/* A scheduling context: configured with as much time as there is, or not at all. */
seL4_CPtr context_make(void);
seL4_CPtr context_make_unconfigured(void);
seL4_CPtr context_make_periodic(seL4_Time budget_us, seL4_Time period_us, seL4_Word badge);

/* A thread on this scheduling context (0: none). */
struct sel4_util_thread *thread_make(const char *name, void (*entry)(void *), void *argument,
                                     seL4_Word priority, seL4_CPtr context, seL4_CPtr fault_endpoint);

/* The same; it runs on a scheduling context of its own until it blocks, and then has none. */
struct sel4_util_thread *passive_make(const char *name, void (*entry)(void *), void *argument,
                                      seL4_Word priority);

/* The log. */
#define note(...) note_end(sel4_util_snprintf(note_begin(), NOTE_MAX, __VA_ARGS__))
enum {
    NOTE_MAX = 80
};
char *note_begin(void);
void note_end(int length);
void notes_print(const char *title);

/* Is the scheduling context a thread's? Asks by trying to bind it to another. */
const char *context_state(seL4_CPtr context);

#endif
