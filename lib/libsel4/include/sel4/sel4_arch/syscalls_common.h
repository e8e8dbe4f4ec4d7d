/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls that are the same in both personalities. The WithMRs forms leave the IPC buffer's words alone. */
#pragma once

#include <sel4/sel4_arch/trap.h>

/* Send a message, waiting for a receiver. */
LIBSEL4_INLINE_FUNC void seL4_Send(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    sel4_trap_send(seL4_SysSend, dest, msgInfo.words[0], sel4_words_from_buffer());
}

LIBSEL4_INLINE_FUNC void seL4_SendWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_Word *mr0,
                                          seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    sel4_trap_send(seL4_SysSend, dest, msgInfo.words[0],
                   sel4_words_from(seL4_FastMessageRegisters, mr0, mr1, mr2, mr3));
}

/* Send a message if somebody waits for it, else drop it. */
LIBSEL4_INLINE_FUNC void seL4_NBSend(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    sel4_trap_send(seL4_SysNBSend, dest, msgInfo.words[0], sel4_words_from_buffer());
}

LIBSEL4_INLINE_FUNC void seL4_NBSendWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_Word *mr0,
                                            seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    sel4_trap_send(seL4_SysNBSend, dest, msgInfo.words[0],
                   sel4_words_from(seL4_FastMessageRegisters, mr0, mr1, mr2, mr3));
}

/* Signal a notification. */
LIBSEL4_INLINE_FUNC void seL4_Signal(seL4_CPtr dest)
{
    sel4_trap_plain(seL4_SysSend, dest, seL4_MessageInfo_new(0, 0, 0, 1).words[0]);
}

/* Send a message and wait for the answer. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Call(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    return sel4_deliver(sel4_trap_exchange(seL4_SysCall, dest, msgInfo.words[0], sel4_words_from_buffer(),
                                           (struct sel4_extra){0, 0}),
                        seL4_Null);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_CallWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo,
                                                        seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2,
                                                        seL4_Word *mr3)
{
    struct sel4_words words = sel4_words_from(seL4_MessageInfo_get_length(msgInfo), mr0, mr1, mr2, mr3);
    return sel4_deliver_to(
        sel4_trap_exchange(seL4_SysCall, dest, msgInfo.words[0], words, (struct sel4_extra){0, 0}), seL4_Null,
        mr0, mr1, mr2, mr3);
}

/* Give up the rest of the time slice. */
LIBSEL4_INLINE_FUNC void seL4_Yield(void)
{
    sel4_trap_plain(seL4_SysYield, 0, 0);
}

#ifdef CONFIG_SET_TLS_BASE_SELF
/* Set the base of the calling thread's local storage. */
LIBSEL4_INLINE_FUNC void seL4_SetTLSBase(seL4_Word tls_base)
{
    sel4_trap_plain(seL4_SysSetTLSBase, tls_base, 0);
}
#endif

#ifdef CONFIG_VTX
/* Run the thread's guest until it exits or a bound notification is signalled; tells which. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_VMEnter(seL4_Word *sender)
{
    struct sel4_received received =
        sel4_trap_exchange(seL4_SysVMEnter, 0, 0, sel4_words_from_buffer(), (struct sel4_extra){0, 0});
    return sel4_deliver(received, received.info ? (seL4_Word *)seL4_Null : sender).words[0];
}
#endif
