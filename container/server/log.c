/* SPDX-License-Identifier: BSD-2-Clause */
/* The server's log: the container's standard error, else the kernel's console. */
#include <sel4_util.h>
#include <selkie/host.h>

#include "container/server/server.h"

static seL4_CPtr stderr_cap;

void log_init(const struct container_order *order)
{
    for (unsigned i = 0; i < order->host_count; i++) {
        if (strncmp(order->host[i].name, "stderr", sizeof order->host[i].name) == 0) {
            stderr_cap = CONTAINER_SLOT_HOST + i;
        }
    }
}

void log_text(const char *text)
{
    static char line[LOG_LINE + 16];
    size_t length = (size_t)format_text(line, sizeof line, "container: %s\n", text);
    if (!stderr_cap || selkie_host_file_write(stderr_cap, line, length) != (long)length) {
        sel4_util_puts(line);
    }
}

const char broken_prefix[] = "container: the process server is broken: ";
