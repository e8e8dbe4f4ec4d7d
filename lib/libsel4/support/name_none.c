/* SPDX-License-Identifier: BSD-2-Clause */
/* A release build of the kernel keeps no names. */
#include "internal.h"

void sel4_util_tcb_name(seL4_TCB tcb, const char *name)
{
    (void)tcb;
    (void)name;
}
