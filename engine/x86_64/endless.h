/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops without an exit, for virtual time: a thread that stands in one does nothing else until it is interrupted,
 * so it can be sent ahead to the next event at once. Only what compilers make of `for (;;) counter++;` and less
 * is known; a loop that is not recognized is one that may end. Freestanding.
 */
#ifndef SELKIE_ENGINE_X86_64_ENDLESS_H
#define SELKIE_ENGINE_X86_64_ENDLESS_H

#include "kernel/kernel.h"

/* The code at `ip` goes round in a circle by jumps without a condition, and does nothing on the way (`is_idle`), or
 * no more than move and add. */
bool endless_loop(const struct kernel *k, uint64_t vspace, uint64_t ip, bool is_idle);

/* The length of the instruction at `bytes`, and where it goes on relative to its start; 0: unknown, or not
 * allowed in such a loop. */
unsigned endless_instruction(const unsigned char *bytes, unsigned size, bool is_idle, int64_t *next);

#endif
