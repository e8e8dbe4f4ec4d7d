/* SPDX-License-Identifier: BSD-2-Clause */
/* The image of every partner in an address space of its own: the first argument says which (roles.h). */
#include "roles.h"

static _Noreturn void role_answers(seL4_CPtr requests)
{
    seL4_Recv(requests, NULL);
    for (;;) {
        seL4_ReplyRecv(requests, seL4_MessageInfo_new(0, 0, 0, 0), NULL);
    }
}

static _Noreturn void role_signals(seL4_CPtr ping, seL4_CPtr pong)
{
    for (;;) {
        seL4_Wait(ping, NULL);
        seL4_Signal(pong);
    }
}

int main(seL4_Word role)
{
    switch ((enum role)role) {
    case ROLE_ANSWERS:
        role_answers(ROLE_SLOT_FIRST);
    case ROLE_SIGNALS:
        role_signals(ROLE_SLOT_FIRST, ROLE_SLOT_SECOND);
    case ROLE_FILES:
        role_files(ROLE_SLOT_FIRST, ROLE_SLOT_SECOND);
    case ROLE_BLOCKS:
        role_blocks(ROLE_SLOT_FIRST);
    }
    return 1;
}
