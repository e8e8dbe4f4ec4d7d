/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MCS kernel: a reply object is named when receiving. The one in use and the thread's own change places when an
 * answer is kept, so that each waiting thread has one and one more is there to receive with.
 */
#include <sel4/sel4.h>

#include "container/linux/kernel.h"
#include "container/linux/object.h"
#include "container/messages.h"

static uint64_t reply_in_use;

uint64_t kernel_receive(uint64_t endpoint, uint64_t *badge)
{
    if (!reply_in_use) {
        reply_in_use = object_alloc(seL4_ReplyObject, 0);
    }
    return seL4_MessageInfo_get_label(seL4_Recv(endpoint, badge, reply_in_use));
}

uint64_t kernel_reply_receive(uint64_t endpoint, uint64_t message_info, uint64_t *badge)
{
    seL4_MessageInfo_t info = {.words = {message_info}};
    return seL4_MessageInfo_get_label(seL4_ReplyRecv(endpoint, info, badge, reply_in_use));
}

void kernel_reply_forget(void)
{
    reply_in_use = 0;
}

void kernel_reply_move(struct kernel_thread *thread)
{
    uint64_t spare = thread->reply;
    thread->reply = reply_in_use;
    reply_in_use = spare;
}

/* Who has a share is held to it by its slices, and would lose the rest of one. */
void kernel_give_way(void)
{
    if (!((const struct container_order *)CONTAINER_ORDER)->has_share) {
        seL4_TCB_SetPriority(CONTAINER_SLOT_TCB, CONTAINER_SLOT_TCB, CONTAINER_PRIORITY);
        seL4_Yield();
        seL4_TCB_SetPriority(CONTAINER_SLOT_TCB, CONTAINER_SLOT_TCB, CONTAINER_PRIORITY + 1);
    }
}

/* Time comes from the process server, which binds the thread to a scheduling context of its own. */
static bool thread_schedule(uint64_t tcb)
{
    seL4_SetCap(0, tcb);
    seL4_Call(CONTAINER_SLOT_SERVER, seL4_MessageInfo_new(SERVER_SCHEDULE, 0, 1, 0));
    return seL4_GetMR(0) == 0;
}

bool kernel_thread_configure(struct kernel_thread *thread)
{
    thread->reply = object_alloc(seL4_ReplyObject, 0);
    return thread->reply &&
           seL4_TCB_Configure(thread->tcb, CONTAINER_SLOT_CNODE,
                              seL4_CNode_CapData_new(0, CONTAINER_GUARD_BITS).words[0], CONTAINER_SLOT_VSPACE,
                              0, 0, 0) == seL4_NoError &&
           seL4_TCB_SetSchedParams(thread->tcb, CONTAINER_SLOT_TCB, 0, CONTAINER_PRIORITY, 0,
                                   thread->fault_endpoint) == seL4_NoError &&
           thread_schedule(thread->tcb);
}
