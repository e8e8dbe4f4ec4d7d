/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name service: keeps a capability for each name, and hands out copies that may
 * only call and carry the badge of whoever asked, so that a service knows its
 * clients although it never met them.
 */
#include "protocol.h"

enum {
    MAX_NAMES = 8,
    SLOT_ARRIVAL = SLOT_FREE, /* what a message brings; moved from here */
    SLOT_COPY,                /* what an answer takes along */
    SLOT_TABLE
};

static seL4_Word table[MAX_NAMES];
static unsigned table_count;

static seL4_MessageInfo_t answer(enum demo_label label, seL4_Word caps)
{
    return seL4_MessageInfo_new(label, 0, caps, 0);
}

static seL4_MessageInfo_t name_register(seL4_Word word, seL4_Word badge, seL4_Word caps)
{
    if (caps != 1 || table_count == MAX_NAMES) {
        return answer(ANSWER_UNKNOWN, 0);
    }
    SEL4_UTIL_CHECK(seL4_CNode_Move(SLOT_CNODE, SLOT_TABLE + table_count, SEL4_UTIL_COMPONENT_CNODE_BITS,
                                    SLOT_CNODE, SLOT_ARRIVAL, SEL4_UTIL_COMPONENT_CNODE_BITS));
    table[table_count++] = word;
    char name[9];
    name_unpack(word, name);
    say(ID_NAMES, "'%s' is a service of %s", name, demo_names[badge]);
    return answer(ANSWER_OK, 0);
}

static seL4_MessageInfo_t name_find(seL4_Word word, seL4_Word badge)
{
    unsigned i = 0;
    while (i < table_count && table[i] != word) {
        i++;
    }
    if (i == table_count) {
        return answer(ANSWER_UNKNOWN, 0);
    }
    const seL4_CapRights_t can_call = seL4_CapRights_new(1, 0, 0, 1);
    SEL4_UTIL_CHECK(seL4_CNode_Delete(SLOT_CNODE, SLOT_COPY, SEL4_UTIL_COMPONENT_CNODE_BITS));
    SEL4_UTIL_CHECK(seL4_CNode_Mint(SLOT_CNODE, SLOT_COPY, SEL4_UTIL_COMPONENT_CNODE_BITS, SLOT_CNODE,
                                    SLOT_TABLE + i, SEL4_UTIL_COMPONENT_CNODE_BITS, can_call, badge));
    seL4_SetCap(0, SLOT_COPY);
    return answer(ANSWER_OK, 1);
}

int main(void)
{
    seL4_SetCapReceivePath(SLOT_CNODE, SLOT_ARRIVAL, SEL4_UTIL_COMPONENT_CNODE_BITS);
    say(ID_NAMES, "ready");
    report(REPORT_READY);
    seL4_Word badge;
    seL4_MessageInfo_t message = seL4_Recv(SLOT_SERVICE, &badge);
    for (;;) {
        seL4_MessageInfo_t reply;
        switch (seL4_MessageInfo_get_label(message)) {
        case NAMES_REGISTER:
            reply = name_register(seL4_GetMR(0), badge, seL4_MessageInfo_get_extraCaps(message));
            break;
        case NAMES_FIND:
            reply = name_find(seL4_GetMR(0), badge);
            break;
        default:
            reply = answer(ANSWER_UNKNOWN, 0);
            break;
        }
        message = seL4_ReplyRecv(SLOT_SERVICE, reply, &badge);
    }
}
