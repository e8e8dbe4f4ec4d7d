/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest root task: say hello, look at what the kernel handed over, and stop.
 */
#include <sel4_util.h>

int main(seL4_BootInfo *info)
{
    sel4_util_printf("Hello, World!\n");
    sel4_util_printf("The kernel runs on %lu core and gave us a CNode with room for 2^%lu capabilities.\n",
                     info->numNodes, info->initThreadCNodeSizeBits);
    return 0;
}
