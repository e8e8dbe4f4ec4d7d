/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The work of macro_compute: jobs that sort, hash and multiply matrices. Their answers do not depend on who
 * computes them or when, so that every result can be checked. Freestanding; the same object code runs in a
 * guest and on bare Linux.
 */
#ifndef SELKIE_BENCH_WORK_COMPUTE_H
#define SELKIE_BENCH_WORK_COMPUTE_H

enum {
    COMPUTE_WORDS = 2048,
    COMPUTE_ORDER = 24, /* of the matrices */
    COMPUTE_JOBS = 12,  /* in one operation, with the seeds from 1 on */
    COMPUTE_WORKERS = 3
};

/* The sum of the answers to the jobs of one operation. */
#define COMPUTE_SUM 0xcff6612c4d37296cul

/* What one worker works in. */
struct compute_space {
    unsigned long words[COMPUTE_WORDS];
    double left[COMPUTE_ORDER][COMPUTE_ORDER];
    double right[COMPUTE_ORDER][COMPUTE_ORDER];
    double product[COMPUTE_ORDER][COMPUTE_ORDER];
};

/* Do one job; what the space held before does not matter. `seed` is not 0. */
unsigned long compute_job(struct compute_space *space, unsigned long seed);

#endif
