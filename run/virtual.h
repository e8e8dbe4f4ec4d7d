/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outside of a run in virtual time (docs/time.md): as run/world.c, but by the clock in the kernel's memory.
 */
#ifndef SELKIE_RUN_VIRTUAL_H
#define SELKIE_RUN_VIRTUAL_H

#include "run/session.h"

/* After world_connect: devices, kernel and engine ask the virtual clock. 0, or -errno and why this host cannot. */
int virtual_connect(struct session *session, struct diag *diag);

/* After the boot: time begins. */
int virtual_start(struct session *session, struct diag *diag);

void virtual_close(struct session *session);

/* What devices ask while they are made. */
uint64_t virtual_now_ns(void *world);
int64_t virtual_unix_seconds(void *world);

#endif
