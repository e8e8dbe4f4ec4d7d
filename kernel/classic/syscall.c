/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of the classic kernel.
 * Manual: section "System Calls".
 */
#include "kernel/syscall.h"

#include "kernel/cspace.h"
#include "kernel/debug.h"
#include "kernel/invocation.h"
#include "kernel/ipc.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "kernel/x86_64/x86.h"

COLD static void receive_fault(struct kernel *k, struct tcb *tcb, uint64_t cptr,
                               struct lookup_failure failure)
{
    fault_raise(
        k, tcb,
        (struct fault){.type = FAULT_CAP, .is_receive_phase = true, .address = cptr, .lookup = failure});
}

/* Nobody but the bound thread may wait on a notification that is bound. */
static bool notification_is_receivable(const struct kernel *k, const struct tcb *tcb, struct cap cap)
{
    const struct notification *notification = arena_at(k, cap.paddr);
    return cap.can_receive && (notification->bound == 0 || tcb_at(k, notification->bound) == tcb);
}

static void syscall_receive(struct kernel *k, bool is_blocking)
{
    struct tcb *tcb = running_tcb(k);
    uint64_t cptr = tcb->context.reg[REG_RDI];
    struct lookup_failure failure;
    struct slot *slot;

    if (!cspace_lookup(k, tcb, cptr, &slot, &failure)) {
        receive_fault(k, tcb, cptr, failure);
        return;
    }
    struct cap cap = slot->cap;
    if (cap.type == CAP_ENDPOINT && cap.can_receive) {
        reply_delete_caller(k, tcb);
        endpoint_receive(k, tcb, cap, is_blocking);
    } else if (cap.type == CAP_NOTIFICATION && notification_is_receivable(k, tcb, cap)) {
        notification_receive(k, tcb, cap, is_blocking);
    } else {
        receive_fault(k, tcb, cptr, lookup_missing_capability(0));
    }
}

static inline void syscall_invoke(struct kernel *k, bool is_call, bool is_blocking)
{
    (void)invocation_handle(k, running_tcb(k)->context.reg[REG_RDI],
                            (struct invocation_how){.is_call = is_call, .is_blocking = is_blocking});
}

static void syscall_reply(struct kernel *k)
{
    struct tcb *tcb = running_tcb(k);
    struct slot *slot = &tcb->slots[TCB_CALLER];
    if (slot->cap.type == CAP_REPLY && !slot->cap.is_master)
        reply_transfer(k, tcb, tcb_at(k, slot->cap.paddr), slot, slot->cap.can_grant);
    else
        remark(k, "Attempted reply operation when no reply cap present.");
}

OUT_OF_LINE static void syscall_set_tls_base(struct tcb *tcb)
{
    tcb->context.reg[REG_FS_BASE] = x86_sanitise_register(REG_FS_BASE, tcb->context.reg[REG_RDI]);
}

COLD static void syscall_unknown(struct kernel *k, uint64_t number)
{
    fault_raise(k, running_tcb(k), (struct fault){.type = FAULT_UNKNOWN_SYSCALL, .address = number});
}

OUT_OF_LINE static void syscall_reply_receive(struct kernel *k)
{
    syscall_reply(k);
    syscall_receive(k, true);
}

void syscall_handle(struct kernel *k)
{
    ASSERT(k->state->current != 0);
    uint64_t number = running_tcb(k)->context.reg[REG_RDX];
    enum syscall syscall = abi_syscall(k->abi, number);

    if (UNLIKELY(running_tcb(k)->has_syscall_range) && tcb_is_outside_range(running_tcb(k))) {
        syscall_unknown(k, number);
        return;
    }
    switch (syscall) {
    case SYSCALL_SEND:
        syscall_invoke(k, false, true);
        return;
    case SYSCALL_NB_SEND:
        syscall_invoke(k, false, false);
        return;
    case SYSCALL_CALL:
        syscall_invoke(k, true, true);
        return;
    case SYSCALL_RECV:
        syscall_receive(k, true);
        return;
    case SYSCALL_NB_RECV:
        syscall_receive(k, false);
        return;
    case SYSCALL_REPLY:
        syscall_reply(k);
        return;
    case SYSCALL_REPLY_RECV:
        syscall_reply_receive(k);
        return;
    case SYSCALL_YIELD:
        sched_rotate(k);
        return;
    case SYSCALL_SET_TLS_BASE:
        syscall_set_tls_base(running_tcb(k));
        return;
    case SYSCALL_UNKNOWN:
        syscall_unknown(k, number);
        return;
    default:
        debug_syscall(k, syscall);
    }
}
