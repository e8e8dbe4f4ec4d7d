/* SPDX-License-Identifier: BSD-2-Clause */
/* The classic kernel: a thread has time as soon as it runs. */
#include "container/server/server.h"

bool time_init(void)
{
    return true;
}

seL4_MessageInfo_t server_receive(seL4_Word *badge)
{
    return seL4_Recv(server_endpoint, badge);
}

seL4_MessageInfo_t server_reply_receive(seL4_MessageInfo_t answer, seL4_Word *badge)
{
    return seL4_ReplyRecv(server_endpoint, answer, badge);
}

bool thread_configure(struct process *process, uint64_t root_data, cap_address ipc_frame)
{
    return seL4_TCB_Configure(process->tcb, CONTAINER_SLOT_SERVER, process->root, root_data, process->vspace,
                              0, CONTAINER_IPC_BUFFER, ipc_frame) == seL4_NoError &&
           seL4_TCB_SetSchedParams(process->tcb, CONTAINER_SLOT_TCB, CONTAINER_PRIORITY + 1,
                                   CONTAINER_PRIORITY + 1) == seL4_NoError;
}

long serve_schedule(struct process *process, seL4_MessageInfo_t info)
{
    (void)process;
    (void)info;
    return -ENOSYS;
}

void arrival_drop(seL4_MessageInfo_t info)
{
    (void)info;
}

bool time_message(uint64_t badge)
{
    (void)badge;
    return false;
}

void time_end(struct process *process)
{
    (void)process;
}

void time_continue(bool has_stood)
{
    (void)has_stood;
}

uint64_t time_used_us(void)
{
    return 0;
}
