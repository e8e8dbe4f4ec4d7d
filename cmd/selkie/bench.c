/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of `selkie bench`, and its two forms of output. What JSON holds is kept: others read it.
 */
#include "bench.h"

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench/measure.h"
#include "run/run.h"
#include "run/say.h"

static const char help[] =
    "usage: selkie bench [--engine=NAME] [--json] [NAME...]\n"
    "\n"
    "Measure what kernel operations cost, in nanoseconds, and beside them what the same\n"
    "thing costs on bare Linux (the floor). Without a NAME all are measured.\n"
    "\n"
    "      --engine=NAME   how to run them; `selkie engines` lists what this host can\n"
    "      --json          one JSON array instead of a table\n"
    "  -h, --help          this text\n"
    "\n"
    "Benchmarks:\n";

enum option_key {
    OPTION_ENGINE = 256,
    OPTION_JSON
};

static const struct option long_options[] = {
    {"engine", required_argument, NULL, OPTION_ENGINE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct bench_options {
    const char *engine; /* NULL: the best */
    bool is_json;
    bool is_help;
    unsigned long chosen;
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
        options->chosen |= 1ul << index;
    }
    if (count == 0) {
        options->chosen = (1ul << MEASURE_COUNT) - 1;
    }
    return true;
}

static bool bench_options_parse(struct bench_options *options, int count, char **arguments)
{
    *options = (struct bench_options){0};
    optind = 1;
    opterr = 0;
    for (;;) {
        int at = optind;
        switch (getopt_long(count, arguments, ":h", long_options, NULL)) {
        case -1:
            return names_parse(options, count - optind, arguments + optind);
        case OPTION_ENGINE:
            options->engine = optarg;
            break;
        case OPTION_JSON:
            options->is_json = true;
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

/* The engine that this host can run: the named one, or the best. NULL: `diag` says why not. */
static const char *engine_find(const char *name, struct diag *diag)
{
    for (unsigned i = 0; i < run_engine_count; i++) {
        const struct engine_class *class = run_engines[i];
        if ((!name || strcmp(class->name, name) == 0) && class->probe(diag) == 0) {
            return class->name;
        }
        if (name && strcmp(class->name, name) == 0) {
            diag_add(diag, "engine %s cannot run here", name);
            return NULL;
        }
    }
    if (name) {
        diag_add(diag, "--engine=%s: no such engine; `selkie engines` lists them", name);
    } else {
        diag_add(diag, "no engine can run here");
    }
    return NULL;
}

static json_t *result_json(unsigned index, const struct measure_result *result, const char *engine)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:f, s:f, s:i}", "name", measure_names[index], "engine", engine, "unit",
                  "ns", "median", result->median_ns, "min", result->min_ns, "runs", (int)result->runs);
    if (object && result->has_floor) {
        (void)json_object_set_new(object, "floor", json_real(result->floor.median_ns));
        (void)json_object_set_new(object, "floor_name", json_string(result->floor.name));
    }
    return object;
}

static int json_print(const struct measure_result *results, unsigned long chosen, const char *engine)
{
    json_t *array = json_array();
    int error = array ? 0 : -1;
    for (unsigned i = 0; i < MEASURE_COUNT && !error; i++) {
        if (chosen >> i & 1) {
            error = json_array_append_new(array, result_json(i, &results[i], engine));
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

static void table_print(const struct measure_result *results, unsigned long chosen, const char *engine)
{
    printf("%-24s %12s %12s %5s %12s %8s  %s\n", engine, "median ns", "min ns", "runs", "floor ns", "ratio",
           "the floor is");
    for (unsigned i = 0; i < MEASURE_COUNT; i++) {
        const struct measure_result *result = &results[i];
        if (!(chosen >> i & 1)) {
            continue;
        }
        printf("%-24s %12.1f %12.1f %5u", measure_names[i], result->median_ns, result->min_ns, result->runs);
        if (result->has_floor && result->floor.median_ns > 0) {
            printf(" %12.1f %8.2f  %s", result->floor.median_ns, result->median_ns / result->floor.median_ns,
                   result->floor.name);
        }
        (void)putchar('\n');
    }
}

int command_bench(int count, char **arguments)
{
    struct bench_options options;
    struct measure_result results[MEASURE_COUNT];
    struct diag diag = {0};
    if (!bench_options_parse(&options, count, arguments)) {
        return RUN_BAD_INPUT;
    }
    if (options.is_help) {
        help_print();
        return RUN_OK;
    }
    const char *engine = engine_find(options.engine, &diag);
    if (!engine) {
        say("%s", diag.text);
        return RUN_BAD_INPUT;
    }
    int status = measure_run(results, options.chosen, engine, &diag);
    if (status) {
        if (diag.text[0]) {
            say("%s", diag.text);
        }
        return status;
    }
    if (options.is_json) {
        return json_print(results, options.chosen, engine);
    }
    table_print(results, options.chosen, engine);
    return RUN_OK;
}
