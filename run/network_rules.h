/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network policies as people write them (rules_parse in hostio/hostio.h).
 */
#ifndef SELKIE_RUN_NETWORK_RULES_H
#define SELKIE_RUN_NETWORK_RULES_H

#include <stdbool.h>

#include "host/diag.h"
#include "hostio/hostio.h"

/* False: `diag` says which rule is none. */
bool network_rules_parse(struct hostio_policy *policy, const char *text, struct diag *diag);

#endif
