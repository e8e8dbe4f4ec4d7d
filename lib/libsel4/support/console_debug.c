/* SPDX-License-Identifier: BSD-2-Clause */
/* The console of a printing kernel. */
#include "internal.h"

void sel4_util_console_open(const seL4_BootInfo *info)
{
    (void)info;
}

void sel4_util_putchar(char c)
{
    seL4_DebugPutChar(c);
}
