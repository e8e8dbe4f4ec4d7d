/* SPDX-License-Identifier: BSD-2-Clause */
/* The server's log: the container's standard error, else the kernel's console; and its end when it cannot go on. */
#include <stdarg.h>

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

_Noreturn void broken(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sel4_util_puts("container: the process server is broken: ");
    sel4_util_vprintf(format, arguments);
    sel4_util_putchar('\n');
    va_end(arguments);
    for (;;) {
        seL4_Call(CONTAINER_SLOT_CONTROL, seL4_MessageInfo_new(CONTAINER_BROKEN, 0, 0, 0));
    }
}

/* What libsel4's assertions call. */
void __assert_fail(const char *fact, const char *file, int line, const char *function);
void __assert_fail(const char *fact, const char *file, int line, const char *function)
{
    broken("%s:%d: %s: %s", file, line, function, fact);
}
