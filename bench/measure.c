/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measuring: one run of the benchmark image for all that it holds, several of the small one for booting.
 */
#define _GNU_SOURCE
#include "bench/measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/capture.h"
#include "bench/loop_floor.h"
#include "run/run.h"
#include "run/say.h"

enum {
    BOOT_RUNS = 11
};

extern const unsigned char image_bench_start[], image_bench_end[];
extern const unsigned char image_hello_start[], image_hello_end[];

const char *const measure_names[MEASURE_COUNT] = {
#define X(name) #name,
    BENCH_GUEST_LIST(X)
#undef X
        [MEASURE_BOOT] = "boot_to_first_output",
};

int measure_find(const char *name)
{
    for (int i = 0; i < MEASURE_COUNT; i++) {
        if (strcmp(measure_names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* One line of the image's output; others are not ours to judge. */
static void line_parse(struct measure_result results[MEASURE_COUNT], const char *line)
{
    char name[64];
    struct measure_result result = {0};
    if (sscanf(line, "bench %63s %lf %lf %u", name, &result.median_ns, &result.min_ns, &result.runs) != 4) {
        return;
    }
    int index = measure_find(name);
    if (index >= 0) {
        results[index] = result;
    }
}

static void text_parse(struct measure_result results[MEASURE_COUNT], char *text)
{
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        line_parse(results, line);
    }
}

/* A copy of the image that runs only what is chosen; the caller frees it. NULL: no memory. */
static unsigned char *image_select(size_t size, unsigned long chosen)
{
    const size_t mark_size = sizeof(BENCH_SELECTION_MARK) - 1;
    unsigned char *image = malloc(size);
    if (!image) {
        return NULL;
    }
    memcpy(image, image_bench_start, size);
    unsigned char *mark = memmem(image, size, BENCH_SELECTION_MARK, mark_size);
    if (mark) {
        memcpy(mark + offsetof(struct bench_selection, mask), &chosen, sizeof(chosen));
    }
    return image;
}

static int guest_measure(struct measure_result results[MEASURE_COUNT], unsigned long chosen,
                         const char *engine, struct diag *diag)
{
    size_t size = (size_t)(image_bench_end - image_bench_start);
    struct capture capture;
    unsigned char *image = image_select(size, chosen);
    if (!image) {
        diag_add(diag, "out of memory");
        return RUN_HOST;
    }
    int error = capture_run(&capture, image, size, engine, diag);
    free(image);
    if (error || capture.status) {
        return error ? RUN_HOST : capture.status;
    }
    text_parse(results, capture.text);
    for (unsigned i = 0; i < BENCH_GUEST_COUNT; i++) {
        if (chosen >> i & 1 && !results[i].runs) {
            diag_add(diag, "bench: %s: the benchmark image ended without a result for it", measure_names[i]);
            return RUN_UNEXPECTED;
        }
    }
    return RUN_OK;
}

static int number_compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static int boot_measure(struct measure_result *result, const char *engine, struct diag *diag)
{
    size_t size = (size_t)(image_hello_end - image_hello_start);
    double ns[BOOT_RUNS];
    struct capture capture;
    for (unsigned i = 0; i < BOOT_RUNS; i++) {
        int error = capture_run(&capture, image_hello_start, size, engine, diag);
        if (error || capture.status) {
            return error ? RUN_HOST : capture.status;
        }
        if (!capture.first_output_ns) {
            diag_add(diag, "bench: %s: the image printed nothing", measure_names[MEASURE_BOOT]);
            return RUN_UNEXPECTED;
        }
        ns[i] = (double)capture.first_output_ns;
    }
    qsort(ns, BOOT_RUNS, sizeof(ns[0]), number_compare);
    *result = (struct measure_result){.median_ns = ns[BOOT_RUNS / 2], .min_ns = ns[0], .runs = BOOT_RUNS};
    return RUN_OK;
}

/* A floor that cannot be measured is no reason to lose the figure above it. */
static void floors_measure(struct measure_result results[MEASURE_COUNT], unsigned long chosen)
{
    for (unsigned i = 0; i < MEASURE_COUNT; i++) {
        if (!(chosen >> i & 1)) {
            continue;
        }
        int error = loop_floor_measure(measure_names[i], &results[i].floor);
        if (error == -ENOENT) {
            error = floor_measure(measure_names[i], &results[i].floor);
        }
        if (error && error != -ENOENT) {
            say("warning: cannot measure the floor of %s: %s", measure_names[i], strerror(-error));
        }
        results[i].has_floor = !error;
    }
}

int measure_run(struct measure_result results[MEASURE_COUNT], unsigned long chosen, const char *engine,
                struct diag *diag)
{
    const unsigned long guests = chosen & ((1ul << BENCH_GUEST_COUNT) - 1);
    int status = RUN_OK;
    memset(results, 0, MEASURE_COUNT * sizeof(*results));
    if (guests) {
        status = guest_measure(results, guests, engine, diag);
    }
    if (!status && chosen >> MEASURE_BOOT & 1) {
        status = boot_measure(&results[MEASURE_BOOT], engine, diag);
    }
    if (!status) {
        floors_measure(results, chosen);
    }
    return status;
}
