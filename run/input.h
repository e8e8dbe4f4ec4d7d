/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's input: standard input, raw when it is a terminal.
 *
 * Raw means: every key reaches the system at once and unechoed, except that Ctrl-C still
 * ends Selkie; with a monitor (run/monitor.h) it is the system's, too, and Ctrl-A begins a command. The terminal's settings are restored by `input_close`, and by
 * `input_restore_terminal` on the ways out that skip it.
 */
#ifndef SELKIE_RUN_INPUT_H
#define SELKIE_RUN_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "run/monitor.h"

struct input {
    int fd;
    bool is_open;  /* more may come */
    bool is_lossy; /* keys for which there is no room are dropped, so that one behind them is seen */
    struct monitor monitor;
};

/* A descriptor that cannot be read (closed, or the terminal of a job in the background) counts as at its end. */
void input_open(struct input *input, int fd, bool has_monitor);
/* The system has standard input as a host file: it is not the console's, and a terminal's settings are the system's to
 * change until the end. */
void input_lend(int fd);
void input_close(struct input *input);

/* What is there for the system, up to `size` bytes, without blocking. Notices the end. */
size_t input_read(struct input *input, void *bytes, size_t size);

/* Put the terminal back. Safe in a signal handler, and any number of times. */
void input_restore_terminal(void);

#endif
