/* SPDX-License-Identifier: BSD-2-Clause */
/* Damage to the kernel's objects that kernel_check must find: `d.rig` is the rig that it is done to. */
#ifndef SELKIE_TESTS_KERNEL_DAMAGE_H
#define SELKIE_TESTS_KERNEL_DAMAGE_H

#include <string.h>

#include "check/check.h"
#include "tests/kernel/rig.h"

static inline void check_verdict(struct kernel *k, const char *invariant, const char *file, int line)
{
    char why[256] = "";
    (void)kernel_check_quick(k, 0, why, sizeof why);
    if (!strstr(why, invariant))
        check_report(false, file, line, why[0] ? why : "nothing was found");
}

#define BREAKS(invariant, place, value)                                                                      \
    do {                                                                                                     \
        __typeof__(place) saved = (place);                                                                   \
        (place) = (value);                                                                                   \
        check_verdict(d.rig.k, invariant, __FILE__, __LINE__);                                               \
        (place) = saved;                                                                                     \
    } while (0)

#endif
