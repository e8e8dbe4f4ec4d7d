/* SPDX-License-Identifier: BSD-2-Clause */
/* The server in an address space of its own, for call_cross_vspace: answers what arrives, without words. */
#include <sel4_util.h>

int main(seL4_CPtr endpoint)
{
    seL4_Recv(endpoint, NULL);
    for (;;) {
        seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), NULL);
    }
}
