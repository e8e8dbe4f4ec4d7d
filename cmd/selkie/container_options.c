/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the options of `selkie container run`. */
#include "container_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container_publish.h"
#include "container_usage.h"
#include "container_volume.h"
#include "hostio/hostio.h"
#include "run/network_rules.h"
#include "run/run.h"
#include "run/say.h"

enum {
    MEMORY_LEAST = 4 << 20, /* with less no process starts, or not on every processor */
    SHM_DEFAULT = 64 << 20,
    TIMES_DIGITS = 9 /* of restarts */
};

enum option_key {
    OPTION_ROOTFS = 256,
    OPTION_IMAGE,
    OPTION_NAME,
    OPTION_RM,
    OPTION_RESTART,
    OPTION_SHM,
    OPTION_CPU,
    OPTION_NETWORK,
    OPTION_ENGINE,
    OPTION_MCS,
    OPTION_ALONE,
    OPTION_TIMEOUT,
    OPTION_VERBOSE
};

static const struct option long_options[] = {
    {"rootfs", required_argument, NULL, OPTION_ROOTFS},
    {"image", required_argument, NULL, OPTION_IMAGE},
    {"name", required_argument, NULL, OPTION_NAME},
    {"detach", no_argument, NULL, 'd'},
    {"interactive", no_argument, NULL, 'i'},
    {"tty", no_argument, NULL, 't'},
    {"rm", no_argument, NULL, OPTION_RM},
    {"restart", required_argument, NULL, OPTION_RESTART},
    {"memory", required_argument, NULL, 'm'},
    {"shm-size", required_argument, NULL, OPTION_SHM},
    {"cpu", required_argument, NULL, OPTION_CPU},
    {"env", required_argument, NULL, 'e'},
    {"workdir", required_argument, NULL, 'w'},
    {"user", required_argument, NULL, 'u'},
    {"volume", required_argument, NULL, 'v'},
    {"publish", required_argument, NULL, 'p'},
    {"network", required_argument, NULL, OPTION_NETWORK},
    {"engine", required_argument, NULL, OPTION_ENGINE},
    {"mcs", no_argument, NULL, OPTION_MCS},
    {"alone", no_argument, NULL, OPTION_ALONE},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},
    USAGE_LONG_HELP,
};

/* Cut ":O" off the end. */
static bool overlay_cut(char *path)
{
    size_t length = strlen(path);
    bool is_overlay = length > 2 && strcmp(path + length - 2, ":O") == 0;
    if (is_overlay) {
        path[length - 2] = '\0';
    }
    return is_overlay;
}

/* With K, M or G, up to 16G. */
static bool size_read(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMG";
    char *end = NULL;
    errno = 0;
    unsigned long long size = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end & ~0x20) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    *bytes = size << shift;
    return end != text && text[0] >= '0' && text[0] <= '9' && !errno && (!*end || (unit && !end[1])) &&
           size <= (16ull << 30) >> shift;
}

static bool memory_set(struct container_options *options, const char *text)
{
    if (!size_read(text, &options->memory) || options->memory < MEMORY_LEAST) {
        say("--memory=%s: not a size from 4M to 16G", text);
        return false;
    }
    return true;
}

static bool shm_set(struct container_options *options, const char *text)
{
    if (!size_read(text, &options->shm_bytes)) {
        say("--shm-size=%s: not a size up to 16G", text);
        return false;
    }
    return true;
}

static bool timeout_set(struct container_options *options, const char *text)
{
    char *end = NULL;
    options->timeout = strtod(text, &end);
    if (end == text || *end || !(options->timeout > 0) || options->timeout > 1e6) {
        say("--timeout=%s: not a number of seconds above 0", text);
        return false;
    }
    return true;
}

static bool network_set(struct container_options *options, const char *rules)
{
    struct hostio_policy policy;
    struct diag diag = {0};
    if (strlen(rules) >= sizeof(options->network) || !network_rules_parse(&policy, rules, &diag)) {
        say("--network: %s", diag.text[0] ? diag.text : "its rules are too long");
        return false;
    }
    (void)snprintf(options->network, sizeof(options->network), "%s", rules);
    return true;
}

bool container_variable_add(struct message *environment, const char *text)
{
    char pair[4096];
    if (!text[0] || text[0] == '=') {
        say("--env=%s: no name", text);
        return false;
    }
    if (strchr(text, '=')) {
        return message_add(environment, "env", text);
    }
    const char *value = getenv(text); /* as docker has it: pass on what is there */
    if (!value) {
        return true;
    }
    int length = snprintf(pair, sizeof(pair), "%s=%s", text, value);
    if (length < 0 || (size_t)length >= sizeof(pair)) {
        say("--env=%s: its value is too long to be passed on", text);
        return false;
    }
    return message_add(environment, "env", pair);
}

static bool restart_set(struct container_options *options, const char *text)
{
    static const char on_failure[] = "on-failure";
    size_t length = sizeof(on_failure) - 1;
    bool is_limited = strncmp(text, on_failure, length) == 0 && text[length] == ':';
    const char *times = is_limited ? text + length + 1 : "";
    options->restart = text;
    if (strcmp(text, "no") != 0 && strcmp(text, "always") != 0 && strcmp(text, on_failure) != 0 &&
        !(times[0] > '0' && strlen(times) <= TIMES_DIGITS && strspn(times, "0123456789") == strlen(times))) {
        say("--restart=%s: neither no, always, on-failure nor on-failure:TIMES", text);
        return false;
    }
    return true;
}

static bool cpu_set(struct container_options *options, const char *text)
{
    char *end = NULL;
    double percent = strtod(text, &end);
    if (end == text || (*end && strcmp(end, "%") != 0) || !(percent >= 1) || percent > 100) {
        say("--cpu=%s: not a share from 1%% to 100%%", text);
        return false;
    }
    options->cpu_permille = (unsigned)(percent * 10 + 0.5);
    return true;
}

static bool engine_set(struct container_options *options, const char *name)
{
    struct diag diag = {0};
    options->kind.engine = name;
    if (!run_engine_find(name, &diag)) {
        say("%s", diag.text);
        return false;
    }
    return true;
}

static bool is_given(const char *option, const char *value)
{
    if (!value[0]) {
        say("%s: its value is empty", option);
    }
    return value[0];
}

bool container_workdir_check(const char *directory)
{
    if (directory[0] != '/') {
        say("--workdir=%s: not an absolute path", directory);
    }
    return directory[0] == '/';
}

static bool text_set(const char **to, const char *value)
{
    *to = value;
    return true;
}

static bool flag_set(bool *to)
{
    *to = true;
    return true;
}

static bool option_apply(struct container_options *options, int key, char *value)
{
    switch (key) {
    case OPTION_ROOTFS:
        options->is_overlay = overlay_cut(value);
        options->is_rootfs_read_only = !options->is_overlay && volume_read_only_cut(value);
        options->rootfs = value;
        return is_given("--rootfs", value);
    case OPTION_IMAGE:
        options->image = value;
        return is_given("--image", value);
    case OPTION_NAME:
        return text_set(&options->name, value);
    case 'd':
        return flag_set(&options->is_detached);
    case 'i':
        return true;
    case 't':
        return flag_set(&options->is_terminal);
    case OPTION_RM:
        return flag_set(&options->is_removed);
    case OPTION_RESTART:
        return restart_set(options, value);
    case 'm':
        return memory_set(options, value);
    case OPTION_SHM:
        return shm_set(options, value);
    case OPTION_CPU:
        return cpu_set(options, value);
    case 'e':
        return container_variable_add(&options->environment, value);
    case 'w':
        options->workdir = value;
        return container_workdir_check(value);
    case 'u':
        return text_set(&options->user, value);
    case 'v':
        return volume_add(options, value);
    case 'p':
        return publish_add(options, value);
    case OPTION_NETWORK:
        return network_set(options, value);
    case OPTION_ENGINE:
        return engine_set(options, value);
    case OPTION_MCS:
        return flag_set(&options->kind.is_mcs);
    case OPTION_ALONE:
        return flag_set(&options->is_alone);
    case OPTION_TIMEOUT:
        return timeout_set(options, value);
    case OPTION_VERBOSE:
        return flag_set(&options->is_verbose) && flag_set(&options->is_alone);
    default:
        return false;
    }
}

static bool name_is_good(const char *name)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(name);
    return length > 0 && length < CONTROL_NAME && strspn(name, characters) == length && name[0] != '.' &&
           name[0] != '-';
}

/* NULL, or what does not fit together. */
static const char *options_judge(const struct container_options *options)
{
    if (!options->rootfs && !options->image) {
        return "neither --rootfs nor --image was given";
    }
    if (options->rootfs && options->image) {
        return "both --rootfs and --image were given";
    }
    if (!options->command[0] && !options->image) {
        return "no command was given";
    }
    if (options->name && !name_is_good(options->name)) {
        return "--name: letters, digits and . _ - only, not too many, and no . or - first";
    }
    if (options->cpu_permille && !options->kind.is_mcs) {
        return "--cpu: the classic kernel knows no shares of the processor; --mcs runs it on the one that "
               "does";
    }
    if (options->cpu_permille && options->is_alone) {
        return "--cpu does not go with --alone, whose container has a processor of its own";
    }
    if (options->is_alone && (options->is_detached || options->is_terminal || options->restart)) {
        return "--alone does not go with --detach, --tty and --restart";
    }
    if (options->is_detached && (options->is_terminal || options->timeout > 0)) {
        return "--detach does not go with --tty and --timeout";
    }
    if (options->is_removed && options->restart && strcmp(options->restart, "no") != 0) {
        return "--rm does not go with --restart";
    }
    return NULL;
}

int container_options_parse(struct container_options *options, int count, char **arguments)
{
    int key;
    options->shm_bytes = SHM_DEFAULT;
    usage_begin();
    while ((key = usage_next(count, arguments, "+:hdite:m:p:u:v:w:", long_options)) >= 0) {
        if (!option_apply(options, key, optarg)) {
            return RUN_BAD_INPUT + 1;
        }
    }
    if (key != USAGE_END) {
        return usage_status(key) + 1;
    }
    options->command = arguments + optind;
    const char *problem = options_judge(options);
    if (problem) {
        say("container run: %s; see selkie container run --help", problem);
        return RUN_BAD_INPUT + 1;
    }
    return 0;
}
