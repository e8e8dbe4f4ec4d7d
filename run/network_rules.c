/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network policies of the command line.
 */
#include "run/network_rules.h"

enum {
    RULE_SHOWN = 128
};

bool network_rules_parse(struct hostio_policy *policy, const char *text, struct diag *diag)
{
    struct rules_error error;
    if (rules_parse(policy, text, &error)) {
        return true;
    }
    diag_add(diag, "rule '%.*s': %s", (int)(error.length < RULE_SHOWN ? error.length : RULE_SHOWN),
             error.rule, error.what);
    return false;
}
