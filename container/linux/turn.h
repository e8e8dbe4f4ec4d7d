/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns: what the personalities of a container spend counts against its programs.
 *
 * A personality runs above the programs of all containers, since it must not be interrupted by threads of its own
 * process: it sees and changes their memory and registers. But when it answers, the kernel switches directly to the
 * thread that called, past others of that priority that wait; and a thread that does little but call hardly uses its own
 * turn. So personalities count what they spend, together, and when it comes to a turn, the one that finds out goes to
 * the end of the line of programs, with the answer that it has. It does so between two messages, where nothing is
 * half done.
 */
#ifndef SELKIE_LINUX_TURN_H
#define SELKIE_LINUX_TURN_H

#include <stdbool.h>
#include <stdint.h>

/* So many cycles were spent. */
void turn_count(uint64_t cycles);

/* Between two messages: if the turn is over, let others run. False: it is not. */
bool turn_end(void);

#endif
