/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes of the host: waiting for them and ending them.
 */
#ifndef SELKIE_HOST_PROCESS_H
#define SELKIE_HOST_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "host/diag.h"

/* Wait until the child changes state, repeating when signals interrupt. Returns 0 and what waitpid says,
 * or -errno. */
int process_wait(pid_t pid, int *status);

/* End a child for good and take its exit status, whatever state it is in. A pid that is no child is
 * ignored. */
void process_end(pid_t pid);

/* A descriptor that becomes readable when the child ends, close-on-exec; -1 if the host does not offer one. */
int process_watch(pid_t pid);

/* What the host says a process does: R (wants the processor), S (sleeps), T or t (stopped, by a signal or a
 * debugger) and so on, as in /proc/PID/stat; 0 if it cannot be read. */
char process_state(pid_t pid);

/* Processor time that a process has used so far; 0 if it cannot be read. */
uint64_t process_cpu_ns(pid_t pid);

/* A clause such as "process 12 was killed by signal 9 (Killed)". */
void process_describe(struct diag *diag, pid_t pid, int status);

#endif
