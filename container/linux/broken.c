/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a personality or a process server that cannot go on. */
#include <stdarg.h>

#include <sel4/sel4.h>
#include <sel4_util.h>

#include "container/linux/base.h"

_Noreturn void broken(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sel4_util_puts(broken_prefix);
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
