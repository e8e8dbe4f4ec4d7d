/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the --host-* options.
 */
#include "grants.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/network_rules.h"
#include "run/say.h"

static const char name_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

static bool name_is_taken(const struct run_options *options, const char *name)
{
    for (unsigned i = 0; i < options->grant_count; i++) {
        if (strcmp(options->grant[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A new grant with the first `length` bytes of `text` as its name; NULL if something is wrong with that. */
static struct run_grant *grant_add(struct run_options *options, const char *option, const char *text,
                                   size_t length)
{
    if (length == 0 || length >= HOST_IO_NAME || strspn(text, name_characters) < length) {
        say("%s=%s: the name must be 1 to %d letters, digits and . _ -", option, text, HOST_IO_NAME - 1);
        return NULL;
    }
    if (options->grant_count == HOST_IO_ROOTS) {
        say("%s=%s: more than %d things of the host", option, text, HOST_IO_ROOTS);
        return NULL;
    }
    struct run_grant *grant = &options->grant[options->grant_count];
    *grant = (struct run_grant){.access = HOST_READ | HOST_WRITE};
    memcpy(grant->name, text, length);
    if (name_is_taken(options, grant->name)) {
        say("%s=%s: two things of the host have the name %s", option, text, grant->name);
        return NULL;
    }
    options->grant_count++;
    return grant;
}

/* Cut ":ro" or ":rw" off the end. Without either it may be written. */
static uint8_t access_cut(char *path)
{
    size_t length = strlen(path);
    bool has_suffix =
        length > 3 && (strcmp(path + length - 3, ":ro") == 0 || strcmp(path + length - 3, ":rw") == 0);
    bool is_read_only = has_suffix && path[length - 1] == 'o';
    if (has_suffix) {
        path[length - 3] = '\0';
    }
    return is_read_only ? HOST_READ : HOST_READ | HOST_WRITE;
}

bool grant_path(struct run_options *options, enum host_kind kind, char *text)
{
    const char *option = kind == HOST_DIRECTORY ? "--host-directory" : "--host-file";
    char *path = strchr(text, '=');
    if (!path || !path[1]) {
        say("%s=%s: not of the form NAME=PATH", option, text);
        return false;
    }
    struct run_grant *grant = grant_add(options, option, text, (size_t)(path - text));
    if (grant) {
        grant->kind = kind;
        grant->path = path + 1;
        grant->access = access_cut(path + 1);
    }
    return grant;
}

static bool grant_stream(struct run_options *options, const char *name, int stream, uint8_t access)
{
    struct run_grant *grant = grant_add(options, "--host-stdio", name, strlen(name));
    if (grant) {
        grant->kind = HOST_FILE;
        grant->is_stream = true;
        grant->stream = stream;
        grant->access = access;
    }
    return grant;
}

bool grant_fd(struct run_options *options, char *text)
{
    char *number = strchr(text, '='), *end = NULL;
    uint8_t access = number ? access_cut(number + 1) : 0;
    errno = 0;
    unsigned long value = number ? strtoul(number + 1, &end, 10) : 0;
    if (!number || number[1] < '0' || number[1] > '9' || *end || errno || value > INT_MAX) {
        say("--host-fd=%s: not of the form NAME=NUMBER", text);
        return false;
    }
    struct run_grant *grant = grant_add(options, "--host-fd", text, (size_t)(number - text));
    if (grant) {
        grant->kind = HOST_FILE;
        grant->is_stream = true;
        grant->stream = (int)value;
        grant->access = access;
    }
    return grant;
}

bool grant_stdio(struct run_options *options)
{
    return grant_stream(options, "stdin", STDIN_FILENO, HOST_READ) &&
           grant_stream(options, "stdout", STDOUT_FILENO, HOST_WRITE) &&
           grant_stream(options, "stderr", STDERR_FILENO, HOST_WRITE);
}

bool grant_network(struct run_options *options, const char *text)
{
    struct diag diag = {0};
    const char *rules = strchr(text, '=');
    if (!rules) {
        say("--host-network=%s: not of the form NAME=RULES", text);
        return false;
    }
    struct run_grant *grant = grant_add(options, "--host-network", text, (size_t)(rules - text));
    if (!grant) {
        return false;
    }
    grant->kind = HOST_NETWORK;
    if (!network_rules_parse(&grant->policy, rules + 1, &diag)) {
        say("--host-network: %s", diag.text);
        return false;
    }
    return true;
}

bool grant_clock(struct run_options *options, const char *name)
{
    struct run_grant *grant = grant_add(options, "--host-clock", name, strlen(name));
    if (grant) {
        grant->kind = HOST_CLOCK;
    }
    return grant;
}
