/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest root task that prints, for boot_to_first_output. */
#include <sel4_util.h>

int main(void)
{
    sel4_util_printf("Hello, World!\n");
    return 0;
}
