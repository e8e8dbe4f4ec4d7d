/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of `selkie bench`, and its two forms of output. What JSON holds is kept: others read it.
 */
#include "bench.h"

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "run/run.h"
#include "run/say.h"

static const char help[] =
    "usage: selkie bench [--engine=NAME]... [--json] [--rounds=N] [NAME...]\n"
    "\n"
    "Measure what kernel operations cost, in nanoseconds, and beside them what the same\n"
    "thing costs on bare Linux (the floor). Without a NAME all are measured.\n"
    "\n"
    "      --engine=NAME   how to run them, more than once for several; without it,\n"
    "                      everything that `selkie engines` says this host can run\n"
    "      --json          one JSON array instead of tables\n"
    "      --rounds=N      measure everything N times, keep the best median (default 3)\n"
    "  -h, --help          this text\n"
    "\n"
    "Benchmarks:\n";

enum option_key {
    OPTION_ENGINE = 256,
    OPTION_JSON,
    OPTION_ROUNDS
};

static const struct option long_options[] = {
    {"engine", required_argument, NULL, OPTION_ENGINE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"rounds", required_argument, NULL, OPTION_ROUNDS},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct bench_options {
    struct measure_request request; /* the engines as they were named; none: all */
    bool is_json;
    bool is_help;
};

static void help_print(void)
{
    (void)fputs(help, stdout);
    for (unsigned i = 0; i < MEASURE_COUNT; i++) {
        printf("      %s\n", measure_names[i]);
    }
}

static bool names_parse(struct bench_options *options, int count, char **names)
{
    for (int i = 0; i < count; i++) {
        int index = measure_find(names[i]);
        if (index < 0) {
            say("bench: %s: no such benchmark; see selkie bench --help", names[i]);
            return false;
        }
        options->request.chosen |= 1ul << index;
    }
    if (count == 0) {
        options->request.chosen = (1ul << MEASURE_COUNT) - 1;
    }
    return true;
}

static bool engine_parse(struct measure_request *request, const char *name)
{
    for (unsigned i = 0; i < request->engine_count; i++) {
        if (strcmp(request->engines[i], name) == 0) {
            return true;
        }
    }
    if (request->engine_count == MEASURE_ENGINES_MAX) {
        say("bench: --engine=%s: too many engines", name);
        return false;
    }
    request->engines[request->engine_count++] = name;
    return true;
}

static bool rounds_parse(struct measure_request *request, const char *text)
{
    char *end;
    unsigned long rounds = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || !rounds || rounds > MEASURE_ROUNDS_MAX) {
        say("bench: --rounds=%s: not a number from 1 to %d", text, MEASURE_ROUNDS_MAX);
        return false;
    }
    request->rounds = (unsigned)rounds;
    return true;
}

static bool bench_options_parse(struct bench_options *options, int count, char **arguments)
{
    *options = (struct bench_options){.request.rounds = MEASURE_ROUNDS};
    optind = 1;
    opterr = 0;
    for (;;) {
        int at = optind;
        switch (getopt_long(count, arguments, ":h", long_options, NULL)) {
        case -1:
            return names_parse(options, count - optind, arguments + optind);
        case OPTION_ENGINE:
            if (!engine_parse(&options->request, optarg)) {
                return false;
            }
            break;
        case OPTION_JSON:
            options->is_json = true;
            break;
        case OPTION_ROUNDS:
            if (!rounds_parse(&options->request, optarg)) {
                return false;
            }
            break;
        case 'h':
            options->is_help = true;
            return true;
        default:
            say("%s: no such option, or a value it lacks or does not take; see selkie bench --help",
                arguments[optind > at ? optind - 1 : at]);
            return false;
        }
    }
}

/* Put in place of the named engines those of this build, best first where none was named. */
static bool engines_find(struct measure_request *request, struct diag *diag)
{
    const struct measure_request named = *request;
    request->engine_count = 0;
    for (unsigned i = 0; i < run_engine_count && !named.engine_count; i++) {
        struct diag why_not = {0};
        if (run_engines[i]->probe(&why_not) == 0 && request->engine_count < MEASURE_ENGINES_MAX) {
            request->engines[request->engine_count++] = run_engines[i]->name;
        }
    }
    for (unsigned i = 0; i < named.engine_count; i++) {
        const struct engine_class *class = run_engine_find(named.engines[i], diag);
        if (!class || run_engine_probe(class, diag) != 0) {
            return false;
        }
        request->engines[request->engine_count++] = class->name;
    }
    if (!request->engine_count) {
        diag_add(diag, "no engine can run here; `selkie engines` says why");
    }
    return request->engine_count > 0;
}

/* All ways to do it, by name, where there are several. */
static void ways_json(json_t *object, const struct floor_ways *ways)
{
    json_t *floors = ways->count > 1 ? json_object() : NULL;
    for (unsigned i = 0; floors && i < ways->count; i++) {
        (void)json_object_set_new(floors, ways->ways[i].name, json_real(ways->ways[i].median_ns));
    }
    if (floors) {
        (void)json_object_set_new(object, "floors", floors);
    }
}

static json_t *result_json(unsigned index, const struct measure_result *result, const struct floor_ways *ways,
                           const char *engine)
{
    const struct floor_way *cheapest = floor_cheapest(ways);
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:f, s:f, s:i}", "name", measure_names[index], "engine", engine, "unit",
                  "ns", "median", result->median_ns, "min", result->min_ns, "runs", (int)result->runs);
    if (object && cheapest) {
        (void)json_object_set_new(object, "floor", json_real(cheapest->median_ns));
        (void)json_object_set_new(object, "floor_name", json_string(cheapest->name));
        ways_json(object, ways);
    }
    return object;
}

static int json_print(const struct measure_report *report, const struct measure_request *request)
{
    json_t *array = json_array();
    int error = array ? 0 : -1;
    for (unsigned i = 0; i < request->engine_count * MEASURE_COUNT && !error; i++) {
        unsigned engine = i / MEASURE_COUNT;
        unsigned index = i % MEASURE_COUNT;
        if (request->chosen >> index & 1) {
            error =
                json_array_append_new(array, result_json(index, &report->results[engine][index],
                                                         &report->floors[index], request->engines[engine]));
        }
    }
    if (!error) {
        error = json_dumpf(array, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    }
    json_decref(array);
    if (error) {
        say("bench: cannot write the results");
        return RUN_HOST;
    }
    (void)fputc('\n', stdout);
    return RUN_OK;
}

static void row_print(const char *name, const struct measure_result *result, const struct floor_way *floor)
{
    printf("%-26s %12.1f %12.1f %5u", name, result->median_ns, result->min_ns, result->runs);
    if (floor && floor->median_ns > 0) {
        printf(" %12.1f %8.2f  %s", floor->median_ns, result->median_ns / floor->median_ns, floor->name);
    }
    (void)putchar('\n');
}

/* What a figure is as a multiple of all that it can be compared with, where that is more than the floor. */
static void comparison_print(unsigned index, const struct measure_result *result,
                             const struct floor_ways *ways)
{
    double published_ns = measure_published_ns(index);
    if (ways->count < 2 && published_ns <= 0) {
        return;
    }
    printf("%s is", measure_names[index]);
    for (unsigned i = 0; i < ways->count; i++) {
        const struct floor_way *way = &ways->ways[i];
        printf("%s %.2f times %s (%.1f)", i ? "," : "", result->median_ns / way->median_ns, way->name,
               way->median_ns);
    }
    if (published_ns > 0) {
        printf("%s %.1f times seL4 on hardware (%.0f, published)", ways->count ? "," : "",
               result->median_ns / published_ns, published_ns);
    }
    (void)putchar('\n');
}

static void table_print(const struct measure_report *report, const struct measure_request *request,
                        unsigned engine)
{
    const struct measure_result *results = report->results[engine];
    printf("%-26s %12s %12s %5s %12s %8s  %s\n", request->engines[engine], "median ns", "min ns", "runs",
           "floor ns", "ratio", "the floor is");
    for (unsigned i = 0; i < MEASURE_COUNT; i++) {
        if (request->chosen >> i & 1) {
            row_print(measure_names[i], &results[i], floor_cheapest(&report->floors[i]));
        }
    }
    for (unsigned i = 0; i < MEASURE_COUNT; i++) {
        if (request->chosen >> i & 1) {
            comparison_print(i, &results[i], &report->floors[i]);
        }
    }
}

static void tables_print(const struct measure_report *report, const struct measure_request *request)
{
    for (unsigned i = 0; i < request->engine_count; i++) {
        if (i) {
            (void)putchar('\n');
        }
        table_print(report, request, i);
    }
}

int command_bench(int count, char **arguments)
{
    struct bench_options options;
    struct measure_report report;
    struct diag diag = {0};
    if (!bench_options_parse(&options, count, arguments)) {
        return RUN_BAD_INPUT;
    }
    if (options.is_help) {
        help_print();
        return RUN_OK;
    }
    if (!engines_find(&options.request, &diag)) {
        say("%s", diag.text);
        return RUN_BAD_INPUT;
    }
    int status = measure_run(&report, &options.request, &diag);
    if (status) {
        if (diag.text[0]) {
            say("%s", diag.text);
        }
        return status;
    }
    if (options.is_json) {
        return json_print(&report, &options.request);
    }
    tables_print(&report, &options.request);
    return RUN_OK;
}
