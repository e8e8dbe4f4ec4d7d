/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes as their personality sees them: fork, vfork, exec, the end, and what comes from other processes.
 *
 * A personality has one process of its own. After vfork(2) it *hosts* the child, too: another struct process, with
 * files and ids of its own, whose one thread runs in this address space until it calls exec or ends.
 */
#ifndef SELKIE_LINUX_PROCESS_H
#define SELKIE_LINUX_PROCESS_H

#include "container/linux/thread.h"

/* clone(2) without CLONE_THREAD. */
long process_fork(struct thread *thread, uint64_t flags, uint64_t stack, uint64_t parent_tid,
                  uint64_t child_tid, uint64_t tls);

/* execve(2): `path`, relative to the working directory or absolute, is what is run. */
long process_exec(struct thread *thread, const char *path, uint64_t arguments, uint64_t environment);

/* A process ends, as wait(2) tells: (code & 255) << 8, or a signal number. Goes back to the personality's loop if it
 * was one that is hosted. */
_Noreturn void process_end(struct process *process, int wait_status);

/* The server has news: signals, children that changed, frames that are ours alone again. */
void process_events(void);
bool process_has_news(void); /* that process_events did not get to, since a process ended by one */

/* What this process just asked the server for is news for itself, too: they are taken before its thread goes on. */
void process_expect_news(void);

/* The process stopped by a signal; 0: it goes on. */
void process_stopped(const struct process *process, int signal);

/* Is its group one that nobody in its session, but outside the group, could continue when it is stopped? */
bool process_is_orphaned(const struct process *process);

/* Where process_end of a hosted process goes on. */
extern void *process_loop[5];

/* In copy.c: a copy of this personality for `pid`, which a child of the server's making is built for. 0: here, the
 * caller goes on as before; 1: in the copy, where nothing of the kernel's is left but memory; or an error number.
 * `has_frames`: the copy gets the program's pages, too. */
long personality_copy(int pid, bool has_frames);

/* The same for this process itself, without the program's pages: 1, or an error number. */
long personality_renew(void);

/* In the copy: make this personality's objects anew. `thread` is the only one, and belongs to `process`, which is the
 * personality's own from now on. */
void personality_begin(struct process *process, struct thread *thread, int pid, bool has_frames);

/* Leave the host's process: the thread and the process struct of a hosted process go, the one that waits goes on. */
void process_unhost(struct process *process);

#endif
