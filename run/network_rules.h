/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network policies as people write them:
 *
 *     RULES   = "any" | RULE { "," RULE }
 *     RULE    = ( "listen" | "connect" ) ":" ( HOST ":" PORTS | "unix" )
 *     HOST    = "*" | ADDRESS [ "/" BITS ]         ADDRESS is IPv4, or IPv6 in brackets
 *     PORTS   = "*" | PORT [ "-" PORT ]
 *
 * "*" is every address of both families; 0.0.0.0 and [::] without BITS are every address of one. "any" is
 * listen:*:*,connect:*:*. Listening at a port that the host chooses needs port 0. "unix" is every socket with
 * a name in the host's file system, which no directory confines.
 */
#ifndef SELKIE_RUN_NETWORK_RULES_H
#define SELKIE_RUN_NETWORK_RULES_H

#include <stdbool.h>

#include "host/diag.h"
#include "hostio/hostio.h"

/* False: `diag` says which rule is none. */
bool network_rules_parse(struct hostio_policy *policy, const char *text, struct diag *diag);

#endif
