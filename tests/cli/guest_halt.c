/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Halts the system.
 */
#include <sel4_util.h>

int main(seL4_BootInfo *info)
{
    (void)info;
    sel4_util_puts("about to halt\n");
    seL4_DebugHalt();
    return 0;
}
