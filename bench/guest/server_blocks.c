/* SPDX-License-Identifier: BSD-2-Clause */
/* The block server of macro_calls: a disk in memory, a block a message. */
#include "roles.h"

static seL4_Word disk[DISK_BLOCKS][BLOCK_WORDS];

static seL4_MessageInfo_t request_answer(seL4_MessageInfo_t request)
{
    seL4_Word block = seL4_GetMR(0);
    if (seL4_MessageInfo_get_label(request) != BLOCK_READ || block >= DISK_BLOCKS) {
        return seL4_MessageInfo_new(1, 0, 0, 0);
    }
    for (int i = 0; i < BLOCK_WORDS; i++) {
        seL4_SetMR(i, disk[block][i]);
    }
    return seL4_MessageInfo_new(0, 0, 0, BLOCK_WORDS);
}

_Noreturn void role_blocks(seL4_CPtr requests)
{
    for (seL4_Word i = 0; i < DISK_WORDS; i++) {
        disk[i / BLOCK_WORDS][i % BLOCK_WORDS] = disk_word(i);
    }
    seL4_MessageInfo_t message = seL4_Recv(requests, NULL);
    for (;;) {
        message = seL4_ReplyRecv(requests, request_answer(message), NULL);
    }
}
