/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work on memory that anybody may have written to: a crash or an endless loop in it ends the work, not the program.
 *
 * Meant for the end of a run: what the work held (memory, locks of the C library) may stay held. One guarded work at a
 * time; a guard inside another's work is none, so that the outer one ends it.
 */
#ifndef SELKIE_HOST_GUARD_H
#define SELKIE_HOST_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum {
    GUARD_PATIENCE_S = 5 /* of processor time without guard_alive */
};

/* Call work(world). True: it returned. False: it did not, and `why` says what happened instead, in one clause. */
bool guard_call(void (*work)(void *world), void *world, char *why, size_t size);

/* The work gets on. Cheap. */
void guard_alive(void);

/* End the guarded work with these words; returns if none is under way. */
void guard_leave(const char *why);

#endif
