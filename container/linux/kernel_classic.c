/* SPDX-License-Identifier: BSD-2-Clause */
/* The classic kernel: one reply capability in the TCB, moved into the thread's own slot. */
#include <sel4/sel4.h>

#include "container/linux/kernel.h"
#include "container/linux/object.h"

uint64_t kernel_receive(uint64_t endpoint, uint64_t *badge)
{
    return seL4_MessageInfo_get_label(seL4_Recv(endpoint, badge));
}

uint64_t kernel_reply_receive(uint64_t endpoint, uint64_t message_info, uint64_t *badge)
{
    seL4_MessageInfo_t info = {.words = {message_info}};
    return seL4_MessageInfo_get_label(seL4_ReplyRecv(endpoint, info, badge));
}

void kernel_reply_forget(void) {}

void kernel_reply_move(struct kernel_thread *thread)
{
    seL4_CNode_SaveCaller(CONTAINER_SLOT_CNODE, thread->reply, seL4_WordBits);
}

void kernel_give_way(void)
{
    seL4_TCB_SetPriority(CONTAINER_SLOT_TCB, CONTAINER_SLOT_TCB, CONTAINER_PRIORITY);
    seL4_Yield();
    seL4_TCB_SetPriority(CONTAINER_SLOT_TCB, CONTAINER_SLOT_TCB, CONTAINER_PRIORITY + 1);
}

bool kernel_thread_configure(struct kernel_thread *thread)
{
    thread->reply = slot_alloc();
    return thread->reply &&
           seL4_TCB_Configure(thread->tcb, thread->fault_endpoint, CONTAINER_SLOT_CNODE,
                              seL4_CNode_CapData_new(0, CONTAINER_GUARD_BITS).words[0], CONTAINER_SLOT_VSPACE,
                              0, 0, 0) == seL4_NoError &&
           seL4_TCB_SetSchedParams(thread->tcb, CONTAINER_SLOT_TCB, 0, CONTAINER_PRIORITY) == seL4_NoError;
}
