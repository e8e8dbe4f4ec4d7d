/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A root image that begins at page 0: on a real kernel it runs, here it faults on its first access there, be it before
 * `main`.
 */
#include <sel4_util.h>

int main(seL4_BootInfo *info)
{
    (void)info;
    unsigned char byte;
    sel4_util_puts("begin\n");
    asm volatile("xor %%ecx, %%ecx; movb (%%rcx), %0" : "=r"(byte)::"rcx");
    sel4_util_printf("read %x\n", byte);
    return 0;
}
