/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of signals, as the C library knows them. */
#define _GNU_SOURCE
#include "container_signal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    SIGNAL_MAX = 64
};

int signal_number(const char *text)
{
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (end != text && !*end) {
        return number > 0 && number <= SIGNAL_MAX ? (int)number : 0;
    }
    for (int i = 1; i < SIGNAL_MAX; i++) {
        const char *known = sigabbrev_np(i);
        if (known && strcasecmp(known, name) == 0) {
            return i;
        }
    }
    return 0;
}
