/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs about deliberate differences share (docs/differences.md). Each is a root task with a function per
 * row. There is nothing to compare with a real kernel: the function says itself whether Selkie does what the row says.
 */
#ifndef DIFFERENCES_H
#define DIFFERENCES_H

#include "tests/conformance/subject.h"

#ifndef ENGINE_IS_DIRECT
#error "a program for each engine: ENGINE_IS_DIRECT is 1 or 0"
#endif

/* A line that begins with WRONG fails the run; the words are what the row says. */
#define ROW(holds, ...)                                                                                      \
    do {                                                                                                     \
        bool row_holds_ = (holds);                                                                           \
        SAY("%s: ", row_holds_ ? "yes" : "WRONG");                                                           \
        SAY(__VA_ARGS__);                                                                                    \
        SAY("\n");                                                                                           \
    } while (0)

/* The last line, which the run waits for. */
static inline void rows_end(void)
{
    SAY("as documented\n");
}

#endif
