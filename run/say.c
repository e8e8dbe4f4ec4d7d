/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines on stderr. A line goes out with one write, so that lines of several programs do not mix.
 */
#include "run/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void say(const char *format, ...)
{
    char line[2048] = "selkie: ";
    size_t used = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line + used, sizeof(line) - used - 1, format, arguments);
    va_end(arguments);
    for (char *c = line; *c; c++) {
        if (*c == '\n') {
            *c = ' '; /* a file name may hold one; a message stays one line */
        }
    }
    strcat(line, "\n");
    (void)fputs(line, stderr);
}
