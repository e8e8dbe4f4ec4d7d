/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuring a TCB with MCS: it gets a scheduling context of its own, round robin with slices of 5 ms. */
#include "internal.h"

enum {
    SLICE_US = 5000
};

seL4_Error sel4_util_tcb_configure(struct sel4_util_allocator *allocator, seL4_TCB tcb,
                                   const struct sel4_util_tcb_spaces *spaces)
{
    seL4_Error error = seL4_TCB_Configure(tcb, spaces->cnode, spaces->cnode_data, spaces->vspace, 0,
                                          spaces->ipc_buffer, spaces->ipc_frame);
    if (error != seL4_NoError) {
        return error;
    }
    seL4_SchedContext context =
        sel4_util_object_alloc(allocator, seL4_SchedContextObject, seL4_MinSchedContextBits);
    if (!context) {
        return seL4_NotEnoughMemory;
    }
    error = seL4_SchedControl_Configure(allocator->sched_control, context, SLICE_US, SLICE_US, 0, 0);
    if (error != seL4_NoError) {
        return error;
    }
    return seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, spaces->priority, spaces->priority, context,
                                   spaces->fault_endpoint);
}
