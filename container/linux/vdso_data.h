/* SPDX-License-Identifier: BSD-2-Clause */
/* The personality's side of the vDSO: keeping the counter's scale, and mapping the object for programs. */
#ifndef SELKIE_LINUX_VDSO_DATA_H
#define SELKIE_LINUX_VDSO_DATA_H

#include "container/linux/base.h"

/* Begin to watch the counter. `now` reads the host's clock in ns (0: realtime, 1: monotonic). */
void vdso_init(int64_t (*now)(unsigned clock));

/* Time by the counter; the scale is renewed when it is old. -1: not known yet. */
int64_t vdso_now(unsigned clock);

/* How long so many steps of the counter take, in nanoseconds. */
int64_t vdso_span(uint64_t cycles);

/* Map the object into the program's space: the address for AT_SYSINFO_EHDR, 0 if there is none. */
uint64_t vdso_map(void);

#endif
