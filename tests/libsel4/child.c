/* SPDX-License-Identifier: BSD-2-Clause */
/* The component that tests/libsel4/support.c starts, three times over. */
#include <sel4_util.h>

static seL4_Word lives = 40;
static seL4_Word zeroes[1000];
static __thread seL4_Word more = 2;

int main(seL4_Word endpoint, seL4_Word life, seL4_Word unused_c, seL4_Word unused_d)
{
    lives += life + unused_c + unused_d + zeroes[999] + more;
    zeroes[999] = 1000;
    seL4_SetMR(0, lives);
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 1));
    *(volatile int *)0xdead000 = 1;
    return 0;
}
