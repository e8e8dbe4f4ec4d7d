/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container's terminals: whose controlling terminal each is, and which group is in its foreground. Their line
 * discipline is the host's; keys that mean a signal are noticed by who writes to the master, or by the manager.
 */
#ifndef SELKIE_SERVER_TERMINAL_H
#define SELKIE_SERVER_TERMINAL_H

#include "container/server/server.h"

/* The first process has one, as its order says. */
void terminals_init(const struct container_order *order);

/* A terminal from outside, which becomes this session leader's. Its id; -1: too many, or no memory. */
int console_add(const struct process *leader, cap_address file);

/* Signals for who is in the foreground; bit N - 1 is signal N. Of the container's terminal, if it has one. */
void terminal_signals(int id, uint64_t signals);
void console_signals(uint64_t signals);

/* The terminal of this session; -1: it has none. */
int terminal_of_session(int session);

/* That of a process: its id plus 1, 0 for none, and the group in its foreground. */
void terminal_describe(const struct process *process, uint64_t words[2]);

/* A process that its host made gets its masters. It ends: it holds none, and its session loses its terminal. */
void terminals_inherit(const struct process *process);
void terminals_end(struct process *process);

/* A master is on its way to another process, or not any more. False: there is no such terminal (as -1). */
bool terminal_pass(int id, bool is_begun);

/* SERVER_TERMINAL: word 0 names `process`. */
long serve_terminal(struct process *process, const struct call *call);

#endif
