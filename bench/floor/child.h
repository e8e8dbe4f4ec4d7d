/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes to measure in. Invariants: a child never outlives its parent, and never
 * returns into its parent's code.
 */
#ifndef SELKIE_BENCH_FLOOR_CHILD_H
#define SELKIE_BENCH_FLOOR_CHILD_H

#include <sys/types.h>

struct sample;

/* Fork. Returns the child's pid to the parent, 0 to the child, or -errno. The child is killed when the thread
 * that made it ends. */
pid_t child_fork(void);

/* Call `measure` in a child that is pinned to the processor `cpu` (-1: the one it starts on), with no signal
 * blocked. Returns 0 and the sample, or -errno: what `measure` returned; -EPERM: cannot be pinned; -ETIMEDOUT:
 * did not end within five seconds and was killed; -ECHILD: died of something else. */
int child_measure(int (*measure)(struct sample *sample), int cpu, struct sample *sample);

#endif
