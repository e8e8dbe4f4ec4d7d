/* SPDX-License-Identifier: BSD-2-Clause */
/* A fault message in words. */
#ifndef DEMO_FAULT_H
#define DEMO_FAULT_H

#include <sel4_util.h>

/* Is it a fault at all? */
bool fault_is(seL4_MessageInfo_t message);

/* Two lines about the fault that was just received, for the thread of this name. */
void fault_print(const char *name, seL4_MessageInfo_t message);

#endif
