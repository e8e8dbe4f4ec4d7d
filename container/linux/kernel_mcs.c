/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MCS kernel: a reply object is named when receiving. The one in use and the thread's own change places when an
 * answer is kept, so that each waiting thread has one and one more is there to receive with.
 */
#include <sel4/sel4.h>

#include "container/linux/kernel.h"
#include "container/linux/object.h"

enum {
    SLICE_US = 5000
};

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

bool kernel_thread_configure(struct kernel_thread *thread)
{
    thread->reply = object_alloc(seL4_ReplyObject, 0);
    thread->sched_context = object_alloc(seL4_SchedContextObject, seL4_MinSchedContextBits);
    return thread->reply && thread->sched_context &&
           seL4_TCB_Configure(thread->tcb, CONTAINER_SLOT_CNODE,
                              seL4_CNode_CapData_new(0, CONTAINER_GUARD_BITS).words[0], CONTAINER_SLOT_VSPACE,
                              0, 0, 0) == seL4_NoError &&
           seL4_SchedControl_Configure(CONTAINER_SLOT_SCHED_CONTROL, thread->sched_context, SLICE_US,
                                       SLICE_US, 0, 0) == seL4_NoError &&
           seL4_TCB_SetSchedParams(thread->tcb, CONTAINER_SLOT_TCB, 0, CONTAINER_PRIORITY,
                                   thread->sched_context, thread->fault_endpoint) == seL4_NoError;
}
