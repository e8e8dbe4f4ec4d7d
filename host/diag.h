/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What went wrong on the host, in one line that grows outwards: each layer adds
 * one clause in front ("cannot start an engine: cannot map the arena: Out of
 * memory"). Errors travel as negative errno beside it.
 */
#ifndef SELKIE_HOST_DIAG_H
#define SELKIE_HOST_DIAG_H

#include <stddef.h>

enum { DIAG_SIZE = 512 };

struct diag {
    char text[DIAG_SIZE]; /* terminated; empty: nothing was said */
};

/* Put a clause in front of what is there, with ": " between. Truncates at the end. NULL diag is allowed. */
void diag_add(struct diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Start anew with a clause and the text of `error` (an errno, sign ignored). Returns -|error|. */
int diag_errno(struct diag *diag, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for what is not the host's error: the clause alone. */
int diag_wrong(struct diag *diag, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
