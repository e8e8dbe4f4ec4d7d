/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measuring. A machine that others use as well has good and bad times, of seconds each, in which the same loop
 * takes twice as long. So a benchmark and its floor are measured next to each other, in a run of their own, and
 * the rounds lie apart: of each figure the best round is kept, of a floor as of an engine.
 */
#define _GNU_SOURCE
#include "bench/measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/capture.h"
#include "host/cpu.h"
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

/* Returns the last line that is not empty, which tells what went wrong when results are missing. */
static const char *text_parse(struct measure_result results[MEASURE_COUNT], char *text)
{
    const char *last = "";
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\r\n")) != NULL;) {
        line_parse(results, line);
        last = *line ? line : last;
    }
    return last;
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

double measure_published_ns(unsigned index)
{
    return index == BENCH_call_cross_vspace ? 381 : 0; /* 718 and 576 cycles */
}

static void result_keep(struct measure_result *kept, const struct measure_result *result)
{
    if (!kept->runs || result->median_ns < kept->median_ns) {
        *kept = *result;
    }
}

/* The options of a user who names none but the engine, and gives what the benchmark needs of the host. */
static struct run_options options_of(unsigned index, const char *engine)
{
    struct run_options options = {.engine = engine};
    if (index == BENCH_host_read) {
        options.grant[options.grant_count++] =
            (struct run_grant){.name = "zero", .kind = HOST_FILE, .access = HOST_READ, .path = "/dev/zero"};
    }
    return options;
}

static int guest_measure(struct measure_result *kept, unsigned index, const char *engine, int cpu,
                         struct diag *diag)
{
    const struct run_options options = options_of(index, engine);
    size_t size = (size_t)(image_bench_end - image_bench_start);
    struct measure_result round[MEASURE_COUNT] = {0};
    struct capture capture;
    unsigned char *image = image_select(size, 1ul << index);
    if (!image) {
        diag_add(diag, "out of memory");
        return RUN_HOST;
    }
    int error = capture_run(&capture, image, size, &options, cpu, diag);
    free(image);
    if (error || capture.status) {
        return error ? RUN_HOST : capture.status;
    }
    const char *last_line = text_parse(round, capture.text);
    if (!round[index].runs) {
        diag_add(diag, "bench: %s: the benchmark image ended without a result; its last line: %s",
                 measure_names[index], last_line);
        return RUN_UNEXPECTED;
    }
    result_keep(kept, &round[index]);
    return RUN_OK;
}

static int number_compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static int boot_measure(struct measure_result *kept, const char *engine, int cpu, struct diag *diag)
{
    size_t size = (size_t)(image_hello_end - image_hello_start);
    const struct run_options options = options_of(MEASURE_BOOT, engine);
    double ns[BOOT_RUNS];
    struct capture capture;
    for (unsigned i = 0; i < BOOT_RUNS; i++) {
        int error = capture_run(&capture, image_hello_start, size, &options, cpu, diag);
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
    result_keep(kept, &(struct measure_result){ns[BOOT_RUNS / 2], ns[0], BOOT_RUNS});
    return RUN_OK;
}

/* A floor that cannot be measured is no reason to lose the figure above it. */
static void floor_try(struct floor_ways *ways, unsigned index, int cpu, bool is_last)
{
    int error = floor_measure(measure_names[index], cpu, ways);
    if (error && error != -ENOENT && is_last && !ways->count) {
        say("warning: cannot measure the floor of %s: %s", measure_names[index], strerror(-error));
    }
}

static int engine_measure(struct measure_result *kept, unsigned index, const char *engine, int cpu,
                          struct diag *diag)
{
    return index == MEASURE_BOOT ? boot_measure(kept, engine, cpu, diag)
                                 : guest_measure(kept, index, engine, cpu, diag);
}

static int benchmark_measure(struct measure_report *report, const struct measure_request *request,
                             unsigned index, int cpu, bool is_last, struct diag *diag)
{
    int status = RUN_OK;
    floor_try(&report->floors[index], index, cpu, is_last);
    for (unsigned i = 0; i < request->engine_count && !status; i++) {
        status = engine_measure(&report->results[i][index], index, request->engines[i], cpu, diag);
    }
    return status;
}

static int round_measure(struct measure_report *report, const struct measure_request *request, int cpu,
                         bool is_last, struct diag *diag)
{
    int status = RUN_OK;
    for (unsigned i = 0; i < MEASURE_COUNT && !status; i++) {
        if (request->chosen >> i & 1) {
            status = benchmark_measure(report, request, i, cpu, is_last, diag);
        }
    }
    return status;
}

/* The processor that everything is measured on: where we are. */
static int cpu_choose(void)
{
    struct cpu_pin pin = {.cpu = -1};
    cpu_pin(&pin);
    cpu_unpin(&pin);
    return pin.cpu;
}

int measure_run(struct measure_report *report, const struct measure_request *request, struct diag *diag)
{
    int cpu = cpu_choose();
    int status = RUN_OK;
    memset(report, 0, sizeof(*report));
    for (unsigned round = 1; round <= request->rounds && !status; round++) {
        status = round_measure(report, request, cpu, round == request->rounds, diag);
    }
    return status;
}
