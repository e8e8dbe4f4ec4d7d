/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parsing and printing names of ABIs. Grammar in abi_name.h.
 */
#include "run/abi_name.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "16", "16.0" or "16.0.0": only the first number decides an ABI. Returns its length, 0 if it is none. */
static size_t release_parse(const char *text, unsigned *release)
{
    size_t length = strspn(text, "0123456789.");
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 2 || text[length - 1] == '.' || strstr(text, "..")) {
        return 0;
    }
    *release = (unsigned)strtoul(text, NULL, 10);
    return length;
}

static bool suffix_apply(struct abi_config *config, const char *suffix, size_t length, bool *has_kind)
{
    static const char *const known[] = {"mcs", "smp", "debug", "release"};
    size_t index = 0;
    while (index < 4 && (strlen(known[index]) != length || memcmp(known[index], suffix, length) != 0)) {
        index++;
    }
    bool is_kind = index == 2 || index == 3;
    if (index == 4 || (is_kind && *has_kind)) {
        return false;
    }
    if (is_kind) {
        *has_kind = true;
        config->is_debug = index == 2;
        config->is_printing = index == 2;
    }
    config->is_mcs = config->is_mcs || index == 0;
    config->is_smp = config->is_smp || index == 1;
    return true;
}

int abi_name_parse(struct abi_config *config, const char *name, struct diag *diag)
{
    unsigned release = 0;
    struct abi_config defaults;
    size_t length = release_parse(name, &release);
    if (!length || !abi_config_defaults(&defaults, release)) {
        diag_add(diag, "--abi=%s: no known release of seL4 (13.0.0 to 16.0.0)", name);
        return -EINVAL;
    }
    config->release = (uint8_t)release;
    config->is_mcs = false;
    config->is_smp = false;
    config->is_debug = true;
    config->is_printing = true;
    bool has_kind = false;
    const char *rest = name + length;
    while (*rest == '-') {
        length = strcspn(rest + 1, "-");
        if (!suffix_apply(config, rest + 1, length, &has_kind)) {
            break;
        }
        rest += 1 + length;
    }
    if (*rest) {
        diag_add(diag, "--abi=%s: '%s' is not understood; the form is RELEASE[-mcs][-debug|-release][-smp]",
                 name, rest);
        return -EINVAL;
    }
    if (config->is_smp && config->max_nodes < 2) {
        config->max_nodes = 2;
    }
    return 0;
}

void abi_name_format(char name[ABI_NAME_SIZE], const struct abi_config *config)
{
    (void)snprintf(name, ABI_NAME_SIZE, "%u.0.0%s%s%s", config->release, config->is_mcs ? "-mcs" : "",
                   config->is_debug ? "-debug" : "-release", config->is_smp ? "-smp" : "");
}
