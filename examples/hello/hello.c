/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest root task: say hello, tell what the kernel handed over, and stop.
 */
#include <sel4_util.h>

static seL4_Word region_size(seL4_SlotRegion region)
{
    return region.end - region.start;
}

int main(seL4_BootInfo *info)
{
    sel4_util_printf("Hello, World!\n");
    sel4_util_printf("The initial CNode has 2^%lu slots, and we got %lu untyped capabilities.\n",
                     info->initThreadCNodeSizeBits, region_size(info->untyped));
    return 0;
}
