/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processor time: getrusage(2), times(2), clocks of processor time.
 *
 * The kernel does not say which thread ran for how long, but each personality hears when one of its threads calls or
 * faults. What has passed since then is a thread's that was let go before, and which nobody else has claimed: all
 * personalities of a container share a page that says up to when time is told (struct container_times). So the sum is
 * right; between programs that compute at the same time without calling anybody, its parts are rough. What is spent in
 * the personality is system time of the one that it serves.
 */
#ifndef SELKIE_LINUX_USAGE_H
#define SELKIE_LINUX_USAGE_H

#include "container/linux/thread.h"

enum {
    TICK_NS = 10000000 /* of times(2) and /proc */
};

/* A personality begins to serve this process of its own. `is_new`: one that has not run yet. */
void usage_begin(struct process *process, bool is_new);

/* Before waiting for a message, and when it came. Nobody's is the time before usage_skip. */
void usage_leave(void);
void usage_skip(void);
void usage_enter(const struct kernel_message *message);

/* Until now, of the caller (NULL: the personality's own process). */
struct usage usage_of_process(const struct thread *thread);
struct usage usage_of_thread(const struct thread *thread);

/* The clocks CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, and those that clock_getcpuclockid(3) makes: nanoseconds,
 * or an error number. */
bool usage_is_clock(unsigned clock);
int64_t usage_clock(unsigned clock);

/* What a process (NULL: the personality's own) and the children that it waited for used, to be told at its end. */
struct usage usage_at_end(const struct process *process);

/* A child was waited for: its usage as the server tells it. struct rusage of it, for wait4(2). */
void usage_child(struct process *process, const struct usage *usage);
long usage_write(uint64_t to, const struct usage *usage, uint64_t most_kilobytes);

#endif
