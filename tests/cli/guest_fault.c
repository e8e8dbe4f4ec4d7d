/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes where nothing is mapped, without a fault handler.
 */
#include <sel4_util.h>

__attribute__((noinline)) static void fall(volatile int *where)
{
    *where = 1;
}

int main(seL4_BootInfo *info)
{
    (void)info;
    sel4_util_puts("about to fault\n");
    fall((volatile int *)0xdead0000);
    return 0;
}
