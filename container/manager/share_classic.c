/* SPDX-License-Identifier: BSD-2-Clause */
/* The classic kernel: threads have priorities and turns, and nobody counts their time. */
#include "internal.h"
#include "manager.h"

bool share_is_possible(void)
{
    return false;
}

void share_open(struct sel4_util_allocator *allocator)
{
    (void)allocator;
}

seL4_Error share_thread_configure(struct container *container, seL4_Word root_data, seL4_CPtr ipc_frame)
{
    return sel4_util_tcb_configure(
        container->allocator, container->tcb,
        &(struct sel4_util_tcb_spaces){
            .fault_endpoint = CONTAINER_SLOT_CONTROL, /* looked up in the container's CSpace */
            .cnode = container->root,
            .cnode_data = root_data,
            .vspace = container->vspace,
            .ipc_buffer = CONTAINER_IPC_BUFFER,
            .ipc_frame = ipc_frame,
            .priority = CONTAINER_PRIORITY + 2,
        });
}

bool share_message(struct container *container, seL4_MessageInfo_t message, seL4_CPtr reply, seL4_CPtr clock)
{
    (void)container;
    (void)message;
    (void)reply;
    (void)clock;
    return false;
}

seL4_Word share_continue(struct container *container, seL4_Word now_ns, seL4_CPtr bell,
                         struct container_board *board)
{
    (void)board;
    (void)container;
    (void)now_ns;
    (void)bell;
    return 0;
}

seL4_Word share_server_us(struct container *container)
{
    (void)container;
    return 0;
}
