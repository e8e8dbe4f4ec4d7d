/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's output. See console.h.
 */
#include "run/console.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    STALL_MS = 50 /* how often a run whose output nobody takes looks whether it has to end */
};
_Static_assert(CONSOLE_BUFFER <= PIPE_BUF, "a pipe that is ready takes the whole buffer");

static int expression_compile(regex_t *regex, const char *option, const char *text, struct diag *diag)
{
    int error = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
    if (error) {
        char reason[128];
        (void)regerror(error, regex, reason, sizeof(reason));
        diag_add(diag, "%s=%s: %s", option, text, reason);
        return -EINVAL;
    }
    return 0;
}

int console_open(struct console *console, int fd, const char *expect, const char *fail, struct diag *diag)
{
    memset(console, 0, sizeof(*console));
    console->fd = fd;
    console->last = '\n';
    if (expect) {
        int error = expression_compile(&console->expect, "--expect", expect, diag);
        if (error) {
            return error;
        }
        console->has_expect = true;
    }
    if (fail) {
        int error = expression_compile(&console->fail, "--fail", fail, diag);
        if (error) {
            console_close(console);
            return error;
        }
        console->has_fail = true;
    }
    return 0;
}

void console_close(struct console *console)
{
    if (console->has_expect) {
        regfree(&console->expect);
    }
    if (console->has_fail) {
        regfree(&console->fail);
    }
    console->has_expect = false;
    console->has_fail = false;
}

static bool expression_matches(const regex_t *regex, const char *line, size_t length)
{
    regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)length}; /* a line may hold zero bytes */
    return regexec(regex, line, 1, &range, REG_STARTEND) == 0;
}

static void line_match(struct console *console)
{
    size_t length = console->length;
    console->is_fresh = false;
    while (length && console->line[length - 1] == '\r') {
        length--;
    }
    char kept = console->line[length];
    console->line[length] = '\0';
    if (console->has_fail && expression_matches(&console->fail, console->line, length)) {
        console->verdict = CONSOLE_FAILED;
    } else if (console->has_expect && expression_matches(&console->expect, console->line, length)) {
        console->verdict = CONSOLE_EXPECTED;
    } else {
        console->line[length] = kept;
    }
}

/* Wait until somebody takes output; false: the run has to end first. */
static bool console_wait(const struct console *console)
{
    struct pollfd wait = {.fd = console->fd, .events = POLLOUT};
    for (;;) {
        if (poll(&wait, 1, 0) != 0) {
            return true;
        }
        if (console->must_end && console->must_end(console->world)) {
            return false;
        }
        (void)poll(&wait, 1, STALL_MS);
    }
}

void console_write(struct console *console)
{
    size_t done = 0;
    while (done < console->pending && !console->write_error && console_wait(console)) {
        ssize_t wrote = write(console->fd, console->buffer + done, console->pending - done);
        if (wrote >= 0) {
            done += (size_t)wrote;
        } else if (errno != EINTR && errno != EAGAIN) {
            console->write_error = errno;
        }
    }
    if (console->pending) {
        console->last = console->buffer[console->pending - 1];
    }
    console->pending = 0;
}

void console_put(struct console *console, char character)
{
    if (console->verdict != CONSOLE_NOTHING) {
        return;
    }
    console->buffer[console->pending++] = character;
    if (character == '\n') {
        line_match(console);
        console->length = console->verdict == CONSOLE_NOTHING ? 0 : console->length;
    } else if (console->length < CONSOLE_LINE) {
        console->line[console->length++] = character;
        console->is_fresh = true;
    }
    if (character == '\n' || console->pending == CONSOLE_BUFFER) {
        console_write(console);
    }
}

void console_finish_line(struct console *console)
{
    if (console->is_fresh && console->verdict == CONSOLE_NOTHING) {
        line_match(console);
    }
    console_write(console);
}
