/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Never enters the kernel again.
 */
#include <sel4_util.h>

int main(seL4_BootInfo *info)
{
    (void)info;
    sel4_util_puts("spinning\n");
    for (;;) {
        __asm__ volatile("pause");
    }
}
