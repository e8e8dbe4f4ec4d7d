/* SPDX-License-Identifier: BSD-2-Clause */
/* The manager as a service for many clients. */
#ifndef SELKIE_MANAGER_SERVICE_H
#define SELKIE_MANAGER_SERVICE_H

#include <sel4/sel4.h>

/* Returns when nobody needs it any more, or when it cannot start. */
void service_run(const seL4_BootInfo *info);

#endif
