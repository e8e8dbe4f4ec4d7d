/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The diagnostic line: clauses are put in front, so the text is moved right first.
 */
#include "host/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void clause_add(struct diag *diag, const char *format, va_list arguments)
{
    char old[DIAG_SIZE];
    memcpy(old, diag->text, sizeof(old));
    old[DIAG_SIZE - 1] = 0;
    int written = vsnprintf(diag->text, DIAG_SIZE, format, arguments);
    size_t length = written < 0 ? 0 : (size_t)written;
    if (length >= DIAG_SIZE || !old[0])
        return;
    if (snprintf(diag->text + length, DIAG_SIZE - length, ": %s", old) < 0)
        diag->text[length] = 0; /* what does not fit is cut */
}

void diag_add(struct diag *diag, const char *format, ...)
{
    if (!diag)
        return;
    va_list arguments;
    va_start(arguments, format);
    clause_add(diag, format, arguments);
    va_end(arguments);
}

int diag_errno(struct diag *diag, int error, const char *format, ...)
{
    int positive = error < 0 ? -error : error;
    if (diag) {
        /* strerror's text is copied at once; there is one thread that reports. */
        snprintf(diag->text, DIAG_SIZE, "%s", strerror(positive));
        va_list arguments;
        va_start(arguments, format);
        clause_add(diag, format, arguments);
        va_end(arguments);
    }
    return -positive;
}

int diag_wrong(struct diag *diag, int error, const char *format, ...)
{
    if (diag) {
        va_list arguments;
        diag->text[0] = 0;
        va_start(arguments, format);
        clause_add(diag, format, arguments);
        va_end(arguments);
    }
    return error < 0 ? error : -error;
}
