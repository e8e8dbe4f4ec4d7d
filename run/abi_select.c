/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choosing the ABI. The order of the sources is in abi_select.h.
 */
#include "run/abi_select.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "run/abi_dwarf.h"
#include "run/abi_name.h"
#include "run/gen_config.h"

enum {
    RELEASE_NEWEST = 16
};

static void release_choose(struct abi_choice *choice, const struct abi_dwarf *dwarf)
{
    unsigned release = abi_dwarf_release(dwarf);
    choice->release_source = release ? "the image's debug information" : "the default";
    (void)abi_config_defaults(&choice->config, release ? release : RELEASE_NEWEST);
}

static int parameters_choose(struct abi_choice *choice, const struct abi_dwarf *dwarf,
                             const struct image *image, const char *kernel_config, struct diag *diag)
{
    char found[PATH_MAX];
    bool is_told = dwarf->has_labels || dwarf->has_syscalls;
    abi_dwarf_switches(dwarf, &choice->config);
    if (!kernel_config && gen_config_find(image->path, found)) {
        kernel_config = found;
    }
    (void)snprintf(choice->parameters_source, sizeof(choice->parameters_source), "%s",
                   kernel_config ? kernel_config
                   : is_told     ? "the image's debug information and the defaults"
                                 : "the defaults");
    return kernel_config ? gen_config_read(&choice->config, kernel_config, diag) : 0;
}

static int refuse(const struct image *image, struct diag *diag, const char *reason)
{
    diag_add(diag, "%s: %s", image->path, reason);
    return -ENOTSUP;
}

static int support_check(const struct abi_config *config, const struct image *image, struct diag *diag)
{
    if (config->is_smp || config->max_nodes > 1) { /* DIFFERS */
        return refuse(
            image, diag,
            "was built for several cores, which Selkie does not run yet; build it with one (SMP off)");
    }
    return 0;
}

int abi_select(struct abi_choice *choice, const struct image *image, const char *name,
               const char *kernel_config, struct diag *diag)
{
    struct abi_dwarf dwarf;
    const char *differs = NULL;
    memset(choice, 0, sizeof(*choice));
    abi_dwarf_read(&dwarf, image->elf);
    release_choose(choice, &dwarf);
    int error = parameters_choose(choice, &dwarf, image, kernel_config, diag);
    if (!error && name) {
        choice->release_source = "--abi";
        error = abi_name_parse(&choice->config, name, diag);
    }
    if (!error) {
        error = support_check(&choice->config, image, diag);
    }
    if (!error && !abi_build(&choice->abi, &choice->config)) {
        error = refuse(image, diag, "was built with a configuration that no table describes");
    }
    if (!error && !abi_dwarf_agrees(&dwarf, &choice->abi, &differs)) {
        (void)snprintf(choice->doubt, sizeof(choice->doubt),
                       "the image numbers %s differently than the chosen ABI does; expect it to fail",
                       differs);
    }
    return error;
}
