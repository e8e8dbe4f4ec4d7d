/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports of the host that containers publish (port=ADDRESS:HOST:CONTAINER in their orders). */
#ifndef SELKIE_MANAGER_PORT_H
#define SELKIE_MANAGER_PORT_H

#include "text.h"

/* NULL, or that a unit that there is publishes one that this order is to publish, too. */
const char *port_problem(struct order_text order);

#endif
