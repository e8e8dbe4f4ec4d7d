/* SPDX-License-Identifier: BSD-2-Clause */
/* Receiving and replying with MCS: a reply object, named in the call, stands between caller and server. */
#pragma once

#include <sel4/sel4_arch/trap.h>

/* Wait for a message; `reply` will answer it. `sender` gets the badge unless it is null. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Recv(seL4_CPtr src, seL4_Word *sender, seL4_CPtr reply)
{
    return sel4_deliver(sel4_trap_receive(seL4_SysRecv, src, (struct sel4_extra){reply, 0}), sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_RecvWithMRs(seL4_CPtr src, seL4_Word *sender, seL4_Word *mr0,
                                                        seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3,
                                                        seL4_CPtr reply)
{
    return sel4_deliver_to(sel4_trap_receive(seL4_SysRecv, src, (struct sel4_extra){reply, 0}), sender, mr0,
                           mr1, mr2, mr3);
}

/* Take a message if there is one. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBRecv(seL4_CPtr src, seL4_Word *sender, seL4_CPtr reply)
{
    return sel4_deliver(sel4_trap_receive(seL4_SysNBRecv, src, (struct sel4_extra){reply, 0}), sender);
}

/* Wait for a message or signal that needs no answer. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Wait(seL4_CPtr src, seL4_Word *sender)
{
    return sel4_deliver(sel4_trap_receive(seL4_SysWait, src, (struct sel4_extra){0, 0}), sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_WaitWithMRs(seL4_CPtr src, seL4_Word *sender, seL4_Word *mr0,
                                                        seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    return sel4_deliver_to(sel4_trap_receive(seL4_SysWait, src, (struct sel4_extra){0, 0}), sender, mr0, mr1,
                           mr2, mr3);
}

/* The same without waiting. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBWait(seL4_CPtr src, seL4_Word *sender)
{
    return sel4_deliver(sel4_trap_receive(seL4_SysNBWait, src, (struct sel4_extra){0, 0}), sender);
}

/* Answer through `reply`, then wait for the next message with the same reply object. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_ReplyRecv(seL4_CPtr src, seL4_MessageInfo_t msgInfo,
                                                      seL4_Word *sender, seL4_CPtr reply)
{
    return sel4_deliver(sel4_trap_exchange(seL4_SysReplyRecv, src, msgInfo.words[0], sel4_words_from_buffer(),
                                           (struct sel4_extra){reply, 0}),
                        sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_ReplyRecvWithMRs(seL4_CPtr src, seL4_MessageInfo_t msgInfo,
                                                             seL4_Word *sender, seL4_Word *mr0,
                                                             seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3,
                                                             seL4_CPtr reply)
{
    struct sel4_words words = sel4_words_from(seL4_MessageInfo_get_length(msgInfo), mr0, mr1, mr2, mr3);
    return sel4_deliver_to(
        sel4_trap_exchange(seL4_SysReplyRecv, src, msgInfo.words[0], words, (struct sel4_extra){reply, 0}),
        sender, mr0, mr1, mr2, mr3);
}

/* Send to `dest` if somebody waits there, then wait for a message on `src`. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBSendRecv(seL4_CPtr dest, seL4_MessageInfo_t msgInfo,
                                                       seL4_CPtr src, seL4_Word *sender, seL4_CPtr reply)
{
    return sel4_deliver(sel4_trap_exchange(seL4_SysNBSendRecv, src, msgInfo.words[0],
                                           sel4_words_from_buffer(), (struct sel4_extra){reply, dest}),
                        sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBSendRecvWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo,
                                                              seL4_CPtr src, seL4_Word *sender,
                                                              seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2,
                                                              seL4_Word *mr3, seL4_CPtr reply)
{
    struct sel4_words words = sel4_words_from(seL4_MessageInfo_get_length(msgInfo), mr0, mr1, mr2, mr3);
    return sel4_deliver_to(sel4_trap_exchange(seL4_SysNBSendRecv, src, msgInfo.words[0], words,
                                              (struct sel4_extra){reply, dest}),
                           sender, mr0, mr1, mr2, mr3);
}

/* Send to `dest`, for example a reply capability, then wait on `src`. The kernel takes `dest` where other
 * calls have the reply object. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBSendWait(seL4_CPtr dest, seL4_MessageInfo_t msgInfo,
                                                       seL4_CPtr src, seL4_Word *sender)
{
    return sel4_deliver(sel4_trap_exchange(seL4_SysNBSendWait, src, msgInfo.words[0],
                                           sel4_words_from_buffer(), (struct sel4_extra){dest, 0}),
                        sender);
}

/* DIFFERS: the kernel's own library makes ReplyRecv. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBSendWaitWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo,
                                                              seL4_CPtr src, seL4_Word *sender,
                                                              seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2,
                                                              seL4_Word *mr3)
{
    struct sel4_words words = sel4_words_from(seL4_MessageInfo_get_length(msgInfo), mr0, mr1, mr2, mr3);
    return sel4_deliver_to(
        sel4_trap_exchange(seL4_SysNBSendWait, src, msgInfo.words[0], words, (struct sel4_extra){dest, 0}),
        sender, mr0, mr1, mr2, mr3);
}
