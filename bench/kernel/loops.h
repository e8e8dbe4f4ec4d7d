/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops that are timed. Each does its own set-up in a fresh system and says
 * how many kernel entries one round takes.
 */
#ifndef SELKIE_BENCH_KERNEL_LOOPS_H
#define SELKIE_BENCH_KERNEL_LOOPS_H

#include "bench/kernel/system.h"

struct loop {
    const char *name;
    unsigned entries;                  /* kernel entries of a round */
    void (*prepare)(struct system *s); /* NULL: nothing is needed */
    void (*rounds)(struct system *s, unsigned count);
};

extern const struct loop loops[];
extern const unsigned loop_count;

#endif
