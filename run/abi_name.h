/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of ABIs on the command line: RELEASE[-mcs][-debug|-release][-smp],
 * for example "16.0.0", "13.0.0-release", "16.0.0-mcs-debug".
 */
#ifndef SELKIE_RUN_ABI_NAME_H
#define SELKIE_RUN_ABI_NAME_H

#include <stddef.h>

#include "abi/abi.h"
#include "host/diag.h"

enum {
    ABI_NAME_SIZE = 48
};

/* Put what `name` says into `config`, which holds the parameters of some build already: the release and the
 * switches that a name can hold, no more. Debug with printing if the name says neither. */
int abi_name_parse(struct abi_config *config, const char *name, struct diag *diag);

/* The canonical name of a configuration. */
void abi_name_format(char name[ABI_NAME_SIZE], const struct abi_config *config);

#endif
