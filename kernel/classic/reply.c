/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reply capabilities of the classic kernel: the right to answer a caller once.
 *
 * Invariant ("replies"): a master reply capability in TCB_REPLY has at most one
 * child, and has one exactly while its thread is BLOCKED_ON_REPLY and can still be answered.
 *
 * Nothing ends with a reply capability, so its slot is simply cleared.
 *
 * Manual: section "Call and Reply" (IPC), API reference seL4_Reply.
 */
#include "kernel/ipc.h"
#include "kernel/object.h"
#include "kernel/state.h"
#include "kernel/thread.h"

void reply_setup_master(struct kernel *k, struct tcb *tcb)
{
    struct slot *slot = &tcb->slots[TCB_REPLY];
    if (slot_is_empty(slot))
        slot_set_root(slot, cap_reply(arena_paddr(k, tcb), true, true));
}

void reply_setup_caller(struct kernel *k, struct tcb *sender, struct tcb *receiver, bool can_grant)
{
    struct cap reply = cap_reply(arena_paddr(k, sender), false, can_grant);
    thread_set_state(k, sender, THREAD_BLOCKED_ON_REPLY);
    ASSERT(slot_is_empty(&receiver->slots[TCB_CALLER]));
    slot_insert_behind(k, &receiver->slots[TCB_CALLER], reply, &sender->slots[TCB_REPLY], false);
}

void reply_delete_caller(struct kernel *k, struct tcb *tcb)
{
    if (!slot_is_empty(&tcb->slots[TCB_CALLER]))
        slot_clear(k, &tcb->slots[TCB_CALLER]);
}

/* The caller stops waiting: whoever held the right to answer loses it. */
void reply_cancel(struct kernel *k, struct tcb *tcb)
{
    struct slot *master = &tcb->slots[TCB_REPLY];
    tcb->fault.type = FAULT_NONE;
    if (slot_has_children(k, master))
        slot_clear(k, slot_at(k, master->next));
}

void reply_transfer(struct kernel *k, struct tcb *sender, struct tcb *receiver, struct slot *slot,
                    bool can_grant)
{
    if (receiver->fault.type == FAULT_NONE) {
        ipc_transfer(k, sender, 0, 0, can_grant, receiver);
        slot_clear(k, slot);
        thread_set_state(k, receiver, THREAD_RUNNING);
        sched_possible_switch_to(k, receiver);
        return;
    }
    slot_clear(k, slot);
    bool is_restarted = fault_answer(k, receiver, sender);
    receiver->fault.type = FAULT_NONE;
    thread_set_state(k, receiver, is_restarted ? THREAD_RESTART : THREAD_INACTIVE);
    if (is_restarted)
        sched_possible_switch_to(k, receiver);
}
