/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's output: to stdout untouched, and line by line past two regular expressions.
 *
 * Bytes are held back until a line ends or somebody writes them; whoever waits for
 * the outside must do so first. After a verdict nothing more goes out: the run ended at
 * that line.
 */
#ifndef SELKIE_RUN_CONSOLE_H
#define SELKIE_RUN_CONSOLE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/diag.h"

enum {
    CONSOLE_BUFFER = 4096,
    CONSOLE_LINE = 65536
};

enum console_verdict {
    CONSOLE_NOTHING,
    CONSOLE_EXPECTED,
    CONSOLE_FAILED
};

struct console {
    int fd;
    int write_error; /* errno of the write that failed for good; 0 */
    enum console_verdict verdict;
    bool has_expect, has_fail;
    bool is_fresh; /* the unfinished line grew since it was last matched */
    bool (*must_end)(void *world); /* asked while nobody takes the output: true drops it; NULL is never */
    void *world;
    regex_t expect, fail;
    size_t pending; /* bytes in buffer */
    size_t length;  /* bytes in line; longer ones are matched by their beginning */
    char last;      /* last byte written */
    char buffer[CONSOLE_BUFFER];
    char line[CONSOLE_LINE + 1];
};

/* Either expression may be NULL. A malformed one is named in `diag`; then nothing is to be closed. */
int console_open(struct console *console, int fd, const char *expect, const char *fail, struct diag *diag);
void console_close(struct console *console);

void console_put(struct console *console, char character);

/* Write what is held back. */
void console_write(struct console *console);

/* The system pauses: write what is held back, and match the unfinished line as it stands. */
void console_finish_line(struct console *console);

#endif
