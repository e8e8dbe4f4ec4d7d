/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RDTSC and RDTSCP in virtual time: guest processes have them trap, and they are carried out here. Freestanding.
 */
#ifndef SELKIE_ENGINE_X86_64_TSC_H
#define SELKIE_ENGINE_X86_64_TSC_H

#include "kernel/kernel.h"

/* The guest stands at a general-protection exception. If its instruction reads the time stamp counter and time
 * is virtual: do that, charge for it, and step over it. False: it is something else. */
bool tsc_emulate(const struct kernel *k, uint64_t vspace, struct context *context);

#endif
