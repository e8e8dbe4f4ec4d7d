/* SPDX-License-Identifier: BSD-2-Clause */
/* Files on their way between processes: enum server_passing. Bounded; what nobody can take any more is closed. */
#ifndef SELKIE_SERVER_PASSING_H
#define SELKIE_SERVER_PASSING_H

#include "container/server/server.h"

long serve_pass(const struct call *call);

/* Close what nobody can take any more. */
void parcels_collect(void);

#endif
