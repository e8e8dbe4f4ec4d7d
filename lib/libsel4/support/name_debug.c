/* SPDX-License-Identifier: BSD-2-Clause */
/* Naming threads where the kernel keeps names. */
#include "internal.h"

void sel4_util_tcb_name(seL4_TCB tcb, const char *name)
{
    if (name) {
        seL4_DebugNameThread(tcb, name);
    }
}
