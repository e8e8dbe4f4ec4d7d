/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls to the process server. */
#include "container/linux/server.h"

#include <sel4/sel4.h>

#include "container/linux/object.h"

static int id_first, id_count;

long server_call(enum server_message message, const uint64_t *words, unsigned count, uint64_t *answer,
                 unsigned answer_count)
{
    seL4_Word *buffer = seL4_GetIPCBuffer()->msg;
    memcpy(buffer, words, count * sizeof *words);
    seL4_MessageInfo_t info =
        seL4_Call(CONTAINER_SLOT_SERVER, seL4_MessageInfo_new((seL4_Word)message, 0, 0, count));
    unsigned got = (unsigned)seL4_MessageInfo_get_length(info);
    for (unsigned i = 0; i < answer_count; i++) {
        answer[i] = i + 1 < got ? buffer[i + 1] : 0;
    }
    return (long)buffer[0];
}

int server_ready(uint64_t notification)
{
    return (int)SERVER(SERVER_READY, notification);
}

int server_thread_id(void)
{
    if (id_count == 0) {
        id_first = (int)SERVER(SERVER_IDS, 0);
        id_count = SERVER_ID_COUNT;
    }
    id_count--;
    return id_first++;
}

void server_fork(void)
{
    id_count = 0;
}

unsigned memory_more(unsigned least_bits, unsigned wish_bits, cap_address slot)
{
    long bits = SERVER(SERVER_GRANT, least_bits, wish_bits, slot);
    return bits > 0 ? (unsigned)bits : 0;
}

uint64_t leaf_more(void)
{
    long leaf = SERVER(SERVER_SLOTS, 0);
    return leaf > 0 ? (uint64_t)leaf : 0;
}

uint64_t memory_left(uint64_t *total)
{
    uint64_t nothing = 0;
    return (uint64_t)server_call(SERVER_MEMORY, &nothing, 1, total, 1);
}
