/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints lines, the last without an end, and comes to rest.
 */
#include <sel4_util.h>

int main(seL4_BootInfo *info)
{
    (void)info;
    sel4_util_puts("first\r\nsecond line\nprompt> ");
    return 0;
}
