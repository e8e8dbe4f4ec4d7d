/* SPDX-License-Identifier: BSD-2-Clause */
/* Being there for a container in the foreground: its signals, its terminal, its end. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_WAIT_H
#define SELKIE_CMD_SELKIE_CONTAINER_WAIT_H

#include <stdbool.h>

struct wait_plan {
    const char *name; /* of the container; NULL: what the connection itself started is waited for */
    double timeout;   /* seconds; 0: none */
    bool is_terminal; /* of ours, which the container uses */
    bool is_detached; /* only wait until it has started */
};

/* Before the request is sent: signals are the container's from now on. */
void container_wait_prepare(const struct wait_plan *plan);

/* The request was sent on this connection. An exit status. */
int container_wait(int connection, const struct wait_plan *plan);

#endif
