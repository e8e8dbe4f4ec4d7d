/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuring a TCB without MCS. */
#include "internal.h"

seL4_Error sel4_util_tcb_configure(struct sel4_util_allocator *allocator, seL4_TCB tcb,
                                   const struct sel4_util_tcb_spaces *spaces)
{
    (void)allocator;
    seL4_Error error = seL4_TCB_Configure(tcb, spaces->fault_endpoint, spaces->cnode, spaces->cnode_data,
                                          spaces->vspace, 0, spaces->ipc_buffer, spaces->ipc_frame);
    if (error != seL4_NoError) {
        return error;
    }
    return seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, spaces->priority, spaces->priority);
}
