/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways to measure, private to this folder. Each is called once in a child process of
 * its own (child.h), so it may change signal handlers and scheduling and undo nothing.
 * Each returns 0 and fills `sample`, or -errno.
 */
#ifndef SELKIE_BENCH_FLOOR_WAYS_H
#define SELKIE_BENCH_FLOOR_WAYS_H

struct sample;

/* From one process to another and back, on one processor. */
int handover_futex(struct sample *sample);
int handover_yield(struct sample *sample);
int handover_asymmetric(struct sample *sample); /* -EPERM: the host grants no real-time priorities */

int signals_sigsys(struct sample *sample);  /* a dispatched system call, to its handler and back */
int signals_sigsegv(struct sample *sample); /* a bad load, to its handler and past the load */

int mapping_touched(struct sample *sample); /* a shared page: map, write, unmap */
int mapping_untouched(struct sample *sample);
int mapping_run_64(struct sample *sample); /* 64 shared pages: map at once, write to each, unmap */

/* What the guest's loops and macro_compute do (bench/work), in batches of the same length. */
int work_integer(struct sample *sample);
int work_memory(struct sample *sample);
int work_memory_large(struct sample *sample);
int work_float(struct sample *sample);
int work_compute(struct sample *sample);

int syscall_getppid(struct sample *sample);
int syscall_read(struct sample *sample); /* 16 bytes of /dev/zero */

#endif
