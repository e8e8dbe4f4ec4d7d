/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parsing the options of `selkie run` with getopt_long.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grants.h"
#include "run/arena.h"
#include "run/say.h"

static const char help[] =
    "usage: selkie run [options] IMAGE\n"
    "\n"
    "Run the seL4 system whose root task is IMAGE: what an seL4 build leaves in\n"
    "images/*-image-x86_64-pc99. Its console is standard output and input; Ctrl-C ends the run.\n"
    "\n"
    "      --engine=NAME         how to run it; `selkie engines` lists what this host can\n"
    "      --abi=RELEASE[-mcs][-debug|-release][-smp]\n"
    "                            for example 16.0.0 or 13.0.0-release; default: from the image\n"
    "      --kernel-config=FILE  a build's gen_config.json; default: from the image's build directory\n"
    "      --memory=SIZE         with K, M, G or T; default 4G, sparse\n"
    "      --time=real|virtual   the host's clock (the default), or one that goes by what the system does\n"
    "      --seed=N              with virtual time: vary when interrupts and ticks come; 0: do not\n"
    "      --timeout=SECONDS     end the run after that, with status 124\n"
    "      --expect=REGEX        end with status 0 at a console line that matches (POSIX extended)\n"
    "      --fail=REGEX          end with status 1 at a console line that matches\n"
    "  -v, --verbose             say what came from where, decode errors, and what the run cost\n"
    "  -h, --help                this text\n"
    "\n"
    "What the system gets of the host, by capability; without any of these nothing but the console.\n"
    "Each may be repeated; NAME is what the system finds it by.\n"
    "      --host-directory=NAME=PATH[:ro]\n"
    "                            a directory and what is in it, to read and, without :ro, to change\n"
    "      --host-file=NAME=PATH[:ro]\n"
    "                            one file, pipe or terminal\n"
    "      --host-stdio          stdin, stdout and stderr; standard input is the console's no more\n"
    "      --host-fd=NAME=NUMBER[:ro]\n"
    "                            what this descriptor is open on: a file, directory or socket\n"
    "      --host-network=NAME=RULES\n"
    "                            sockets: any, or listen:HOST:PORTS and connect:HOST:PORTS with commas\n"
    "                            between; HOST is *, 10.0.0.0/8 or [::1], PORTS is *, 80 or 8000-8999\n"
    "      --host-clock=NAME     the host's clocks, and timers\n"
    "\n"
    "Exit status: 0 the expected line was seen or, without --expect, the system halted or came to\n"
    "rest without an unhandled fault; 1 the --fail line; 2 bad usage, unreadable or unsupported\n"
    "image; 3 the run ended without the --expect line; 4 at rest after a fault that nobody\n"
    "handled; 5 the host took a process away; 70 Selkie's own state is broken; 124 timeout;\n"
    "128 + N signal N.\n";

enum option_key {
    OPTION_ENGINE = 256,
    OPTION_ABI,
    OPTION_KERNEL_CONFIG,
    OPTION_MEMORY,
    OPTION_TIME,
    OPTION_SEED,
    OPTION_TIMEOUT,
    OPTION_EXPECT,
    OPTION_FAIL,
    OPTION_HOST_DIRECTORY,
    OPTION_HOST_FILE,
    OPTION_HOST_STDIO,
    OPTION_HOST_FD,
    OPTION_HOST_NETWORK,
    OPTION_HOST_CLOCK
};

static const struct option long_options[] = {
    {"engine", required_argument, NULL, OPTION_ENGINE},
    {"abi", required_argument, NULL, OPTION_ABI},
    {"kernel-config", required_argument, NULL, OPTION_KERNEL_CONFIG},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"time", required_argument, NULL, OPTION_TIME},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"expect", required_argument, NULL, OPTION_EXPECT},
    {"fail", required_argument, NULL, OPTION_FAIL},
    {"host-directory", required_argument, NULL, OPTION_HOST_DIRECTORY},
    {"host-file", required_argument, NULL, OPTION_HOST_FILE},
    {"host-stdio", no_argument, NULL, OPTION_HOST_STDIO},
    {"host-fd", required_argument, NULL, OPTION_HOST_FD},
    {"host-network", required_argument, NULL, OPTION_HOST_NETWORK},
    {"host-clock", required_argument, NULL, OPTION_HOST_CLOCK},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool memory_parse(struct run_options *options, const char *text)
{
    static const char units[] = "KMGT";
    char *end = NULL;
    errno = 0;
    unsigned long long size = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    bool is_whole =
        end != text && text[0] >= '0' && text[0] <= '9' && (*end == '\0' || (unit && end[1] == '\0'));
    if (!is_whole || errno || size > ARENA_SIZE_MAX >> shift) {
        say("--memory=%s: not a size like 512M or 4G", text);
        return false;
    }
    size <<= shift;
    if (size < ARENA_SIZE_MIN || size % ARENA_SIZE_UNIT) {
        say("--memory=%s: must be at least 16M and a multiple of 2M", text);
        return false;
    }
    options->memory_size = size;
    return true;
}

static bool timeout_parse(struct run_options *options, const char *text)
{
    char *end = NULL;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds > 0) || seconds > 1e9) {
        say("--timeout=%s: not a number of seconds above 0", text);
        return false;
    }
    options->timeout_ns = (uint64_t)ceil(seconds * 1e9);
    return true;
}

static bool time_parse(struct run_options *options, const char *text)
{
    options->is_time_virtual = strcmp(text, "virtual") == 0;
    if (!options->is_time_virtual && strcmp(text, "real") != 0) {
        say("--time=%s: neither real nor virtual", text);
        return false;
    }
    return true;
}

static bool seed_parse(struct run_options *options, const char *text)
{
    char *end = NULL;
    errno = 0;
    options->seed = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end || errno) {
        say("--seed=%s: not a number from 0 to 2^64 - 1", text);
        return false;
    }
    return true;
}

static bool option_apply(struct run_options *options, int key, char *value)
{
    switch (key) {
    case OPTION_ENGINE:
        options->engine = value;
        return true;
    case OPTION_ABI:
        options->abi = value;
        return true;
    case OPTION_KERNEL_CONFIG:
        options->kernel_config = value;
        return true;
    case OPTION_MEMORY:
        return memory_parse(options, value);
    case OPTION_TIME:
        return time_parse(options, value);
    case OPTION_SEED:
        return seed_parse(options, value);
    case OPTION_TIMEOUT:
        return timeout_parse(options, value);
    case OPTION_EXPECT:
        options->expect = value;
        return true;
    case OPTION_FAIL:
        options->fail = value;
        return true;
    case OPTION_HOST_DIRECTORY:
        return grant_path(options, HOST_DIRECTORY, value);
    case OPTION_HOST_FILE:
        return grant_path(options, HOST_FILE, value);
    case OPTION_HOST_STDIO:
        return grant_stdio(options);
    case OPTION_HOST_FD:
        return grant_fd(options, value);
    case OPTION_HOST_NETWORK:
        return grant_network(options, value);
    case OPTION_HOST_CLOCK:
        return grant_clock(options, value);
    case 'v':
        options->is_verbose = true;
        return true;
    default:
        return false;
    }
}

static enum options_outcome option_refuse(int key, const char *argument)
{
    if (key == ':') {
        say("%s: needs a value; see selkie run --help", argument);
    } else {
        say("%s: no such option, or a value it does not take; see selkie run --help", argument);
    }
    return OPTIONS_BAD;
}

enum options_outcome options_parse(struct run_options *options, int count, char **arguments)
{
    *options = (struct run_options){0};
    optind = 1;
    opterr = 0;
    for (;;) {
        int at = optind;
        int key = getopt_long(count, arguments, ":hv", long_options, NULL);
        if (key == -1) {
            break;
        }
        if (key == 'h') {
            (void)fputs(help, stdout);
            return OPTIONS_HELP;
        }
        if (key == '?' || key == ':') {
            return option_refuse(key, arguments[optind > at ? optind - 1 : at]);
        }
        if (!option_apply(options, key, optarg)) {
            return OPTIONS_BAD;
        }
    }
    if (count - optind != 1) {
        say("%s; see selkie run --help",
            count == optind ? "no image was given" : "more than one image was given");
        return OPTIONS_BAD;
    }
    if (options->seed && !options->is_time_virtual) {
        say("--seed=%llu: it goes with --time=virtual", (unsigned long long)options->seed);
        return OPTIONS_BAD;
    }
    options->image = arguments[optind];
    return OPTIONS_RUN;
}
