/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another VSpace: answers each call with the first word and one more.
 */
#include <sel4_util.h>

int main(seL4_Word endpoint, seL4_Word b, seL4_Word c, seL4_Word d)
{
    (void)b, (void)c, (void)d;
    seL4_MessageInfo_t message = seL4_Recv(endpoint, NULL);
    for (;;) {
        seL4_SetMR(0, seL4_GetMR(0) + 1);
        message = seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, seL4_MessageInfo_get_length(message)), NULL);
    }
}
