/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timing something short: many batches of about a millisecond each, so that most batches
 * fall between two interruptions by other work and the median is not disturbed by them.
 */
#ifndef SELKIE_BENCH_FLOOR_SAMPLE_H
#define SELKIE_BENCH_FLOOR_SAMPLE_H

struct sample {
    double median_ns; /* of one operation, over the batches */
    double min_ns;
    unsigned runs; /* batches */
};

/* Time `repeat(world, count)`, which does its operation `count` times and returns 0 or -errno. Chooses the
 * count itself and so warms up. Stops after 51 batches or, once there are 9, after a tenth of a second.
 * Returns 0 or what `repeat` failed with. */
int sample_take(struct sample *sample, int (*repeat)(void *world, unsigned count), void *world);

/* The same with batches of `count`: one to warm up, then 51, as the guests measure. For what is compared with a
 * guest so closely that the length of a batch counts. */
int sample_take_fixed(struct sample *sample, int (*repeat)(void *world, unsigned count), void *world,
                      unsigned count);

#endif
