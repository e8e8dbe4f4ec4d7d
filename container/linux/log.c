/* SPDX-License-Identifier: BSD-2-Clause */
/* The log, and the end of a personality that cannot go on. */
#include <stdarg.h>

#include <sel4/sel4.h>
#include <sel4_util.h>

#include "container/linux/host.h"

/* To the container's standard error, else to the kernel's console. */
void log_text(const char *text)
{
    char line[LOG_LINE + 16];
    size_t length = (size_t)format_text(line, sizeof line, "linux: %s\n", text);
    cap_address file = host_find("stderr");
    if (!file || HOST(file, HOST_FILE_WRITE, 0, NULL, (uint64_t)line, length, ~0ul, 0) != (long)length) {
        sel4_util_puts(line);
    }
}

_Noreturn void broken(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sel4_util_puts("linux: broken: ");
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
