/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls as classic programs write them, for the same programs on an MCS kernel: each thread has a reply object and a
 * scheduling context of its own. Only what such programs use.
 */
#ifndef CONFORMANCE_CLASSIC_CALLS_H
#define CONFORMANCE_CLASSIC_CALLS_H

#include <sel4_util.h>

/* The reply object of the calling thread; made when it is first asked for. */
seL4_CPtr own_reply(void);

seL4_Error classic_tcb_configure(seL4_TCB tcb, seL4_CPtr fault_endpoint, seL4_CNode cnode,
                                 seL4_Word cnode_data, seL4_CPtr vspace, seL4_Word vspace_data,
                                 seL4_Word buffer, seL4_CPtr frame);
seL4_Error classic_set_sched_params(seL4_TCB tcb, seL4_TCB authority, seL4_Word mcp, seL4_Word priority);

static inline seL4_MessageInfo_t classic_recv(seL4_CPtr endpoint, seL4_Word *sender)
{
    return seL4_Recv(endpoint, sender, own_reply());
}

static inline seL4_MessageInfo_t classic_nbrecv(seL4_CPtr endpoint, seL4_Word *sender)
{
    return seL4_NBRecv(endpoint, sender, own_reply());
}

static inline seL4_MessageInfo_t classic_reply_recv(seL4_CPtr endpoint, seL4_MessageInfo_t info,
                                                    seL4_Word *sender)
{
    return seL4_ReplyRecv(endpoint, info, sender, own_reply());
}

static inline void classic_reply(seL4_MessageInfo_t info)
{
    seL4_Send(own_reply(), info);
}

#define seL4_Recv               classic_recv
#define seL4_NBRecv             classic_nbrecv
#define seL4_ReplyRecv          classic_reply_recv
#define seL4_Reply              classic_reply
#define seL4_TCB_Configure      classic_tcb_configure
#define seL4_TCB_SetSchedParams classic_set_sched_params

#endif
