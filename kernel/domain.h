/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The domain schedule: whose turn it is, and for how many ticks.
 * Manual: section "Domains".
 */
#ifndef SELKIE_KERNEL_DOMAIN_H
#define SELKIE_KERNEL_DOMAIN_H

#include "kernel/kernel.h"

/* Domain 0 for as long as a turn can be; every other entry is an end marker. */
void domain_schedule_init(struct kernel *k);

/* The turn of the current domain is over: the next entry's begins, or that of the start of the round. The
 * caller chooses a thread afterwards. */
void domain_schedule_advance(struct kernel *k);

#endif
