/* SPDX-License-Identifier: BSD-2-Clause */
/* Receiving and replying without MCS: the kernel keeps one reply capability in the TCB. */
#pragma once

#include <sel4/sel4_arch/trap.h>

/* Wait for a message. `sender` gets the badge unless it is null. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Recv(seL4_CPtr src, seL4_Word *sender)
{
    return sel4_deliver(sel4_trap_receive(seL4_SysRecv, src, (struct sel4_extra){0, 0}), sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_RecvWithMRs(seL4_CPtr src, seL4_Word *sender, seL4_Word *mr0,
                                                        seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    return sel4_deliver_to(sel4_trap_receive(seL4_SysRecv, src, (struct sel4_extra){0, 0}), sender, mr0, mr1,
                           mr2, mr3);
}

/* Take a message if there is one. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBRecv(seL4_CPtr src, seL4_Word *sender)
{
    return sel4_deliver(sel4_trap_receive(seL4_SysNBRecv, src, (struct sel4_extra){0, 0}), sender);
}

/* Answer the last call. */
LIBSEL4_INLINE_FUNC void seL4_Reply(seL4_MessageInfo_t msgInfo)
{
    sel4_trap_send(seL4_SysReply, 0, msgInfo.words[0], sel4_words_from_buffer());
}

LIBSEL4_INLINE_FUNC void seL4_ReplyWithMRs(seL4_MessageInfo_t msgInfo, seL4_Word *mr0, seL4_Word *mr1,
                                           seL4_Word *mr2, seL4_Word *mr3)
{
    sel4_trap_send(seL4_SysReply, 0, msgInfo.words[0],
                   sel4_words_from(seL4_FastMessageRegisters, mr0, mr1, mr2, mr3));
}

/* Answer the last call and wait for the next message. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_ReplyRecv(seL4_CPtr src, seL4_MessageInfo_t msgInfo,
                                                      seL4_Word *sender)
{
    return sel4_deliver(sel4_trap_exchange(seL4_SysReplyRecv, src, msgInfo.words[0], sel4_words_from_buffer(),
                                           (struct sel4_extra){0, 0}),
                        sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_ReplyRecvWithMRs(seL4_CPtr src, seL4_MessageInfo_t msgInfo,
                                                             seL4_Word *sender, seL4_Word *mr0,
                                                             seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4_words words = sel4_words_from(seL4_MessageInfo_get_length(msgInfo), mr0, mr1, mr2, mr3);
    return sel4_deliver_to(
        sel4_trap_exchange(seL4_SysReplyRecv, src, msgInfo.words[0], words, (struct sel4_extra){0, 0}),
        sender, mr0, mr1, mr2, mr3);
}
