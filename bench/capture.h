/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run an image in a child process and keep what its console showed.
 */
#ifndef SELKIE_BENCH_CAPTURE_H
#define SELKIE_BENCH_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "host/diag.h"

enum {
    CAPTURE_TEXT_MAX = 16 << 10
};

struct capture {
    char text[CAPTURE_TEXT_MAX]; /* the console, terminated; what does not fit is dropped */
    size_t length;
    uint64_t first_output_ns; /* from before the child was made until its first byte; 0: there was none */
    int status;               /* the run's exit status; 128 and more: the signal that ended the child */
};

struct run_options;

/* Run the ELF image in memory with these options (image and timeout are filled here), from the processor `cpu` on. What the run said on
 * standard error is passed on only if it did not end with status 0. Returns 0 or -errno; then nothing was run. */
int capture_run(struct capture *capture, const void *image, size_t size, const struct run_options *options,
                int cpu, struct diag *diag);

#endif
