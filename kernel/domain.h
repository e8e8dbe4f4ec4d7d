/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The domain schedule: whose turn it is, and for how many ticks.
 * Manual: section "Domains".
 */
#ifndef SELKIE_KERNEL_DOMAIN_H
#define SELKIE_KERNEL_DOMAIN_H

#include "kernel/kernel.h"

/* At boot: domain 0 for as long as a turn can be, every other entry an end marker. */
void domain_schedule_init(struct kernel *k);

/* The turn of the current domain is over: go to the next entry, or back to the start of the round, and set
 * current_domain and domain_time. The caller chooses a thread afterwards. */
void domain_schedule_advance(struct kernel *k);

#endif
