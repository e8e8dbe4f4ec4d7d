/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of the MCS kernel. A receiver brings a reply object; some calls
 * have two phases, an invocation that cannot wait and a receive.
 * Manual: section "System Calls".
 */
#include "kernel/syscall.h"

#include "kernel/cspace.h"
#include "kernel/debug.h"
#include "kernel/ipc.h"
#include "kernel/mcs/mcs.h"
#include "kernel/thread.h"
#include "kernel/x86_64/x86.h"

COLD static void mcs_receive_fault(struct kernel *k, struct tcb *tcb, uint64_t cptr,
                                   struct lookup_failure failure)
{
    fault_raise(
        k, tcb,
        (struct fault){.type = FAULT_CAP, .is_receive_phase = true, .address = cptr, .lookup = failure});
}

/* Nobody but the bound thread may wait on a notification that is bound. */
static bool mcs_notification_is_receivable(const struct kernel *k, const struct tcb *tcb, struct cap cap)
{
    const struct notification *notification = arena_at(k, cap.paddr);
    return cap.can_receive && (notification->bound == 0 || tcb_at(k, notification->bound) == tcb);
}

/* The reply object that register r12 names. False: the thread has faulted. */
static bool reply_lookup(struct kernel *k, struct tcb *tcb, uint64_t *reply)
{
    uint64_t cptr = tcb->context.reg[REG_R12];
    struct lookup_failure failure = lookup_missing_capability(0);
    struct slot *slot;
    if (cspace_lookup(k, tcb, cptr, &slot, &failure) && slot->cap.type == CAP_REPLY_OBJECT) {
        *reply = slot->cap.paddr;
        return true;
    }
    remark(k, "Cap in reply slot is not a reply.");
    mcs_receive_fault(k, tcb, cptr, failure);
    return false;
}

static void mcs_syscall_receive(struct kernel *k, bool is_blocking, bool can_reply)
{
    struct tcb *tcb = running_tcb(k);
    uint64_t cptr = tcb->context.reg[REG_RDI];
    uint64_t reply = 0;
    struct lookup_failure failure;
    struct slot *slot;

    if (!cspace_lookup(k, tcb, cptr, &slot, &failure)) {
        mcs_receive_fault(k, tcb, cptr, failure);
        return;
    }
    struct cap cap = slot->cap;
    if (cap.type == CAP_ENDPOINT && cap.can_receive) {
        if (!can_reply || reply_lookup(k, tcb, &reply))
            mcs_receive(k, tcb, cap, reply, is_blocking);
    } else if (cap.type == CAP_NOTIFICATION && mcs_notification_is_receivable(k, tcb, cap)) {
        notification_receive(k, tcb, cap, is_blocking);
    } else {
        mcs_receive_fault(k, tcb, cptr, lookup_missing_capability(0));
    }
}

static void mcs_syscall_invoke(struct kernel *k, struct tcb *tcb, struct invocation_how how)
{
    if (!invocation_handle(k, tcb->context.reg[REG_RDI], how))
        budget_preempted(k);
}

/* Both phases; the first sends to what register `to` names. */
static void syscall_send_receive(struct kernel *k, struct tcb *tcb, enum context_register to, bool can_reply)
{
    static const struct invocation_how HOW = {.can_donate = true, .is_first_phase = true};
    if (invocation_handle(k, tcb->context.reg[to], HOW))
        mcs_syscall_receive(k, true, can_reply);
    else
        budget_preempted(k);
}

/* The rest of the budget is given up; only what was really used counts as consumed. */
static void syscall_yield(struct kernel *k)
{
    struct sched_context *sc = sched_context_at(k, k->state->mcs.sched_context);
    uint64_t consumed_ns = sc->consumed_ns + k->state->mcs.consumed_ns;
    budget_charge(k, refill_first(sc)->amount_ns, false);
    sc->consumed_ns = consumed_ns;
}

static bool syscall_is_debugging(enum syscall syscall)
{
    return syscall >= SYSCALL_DEBUG_PUT_CHAR && syscall != SYSCALL_SET_TLS_BASE;
}

static void syscall_dispatch(struct kernel *k, struct tcb *tcb, enum syscall syscall, uint64_t number)
{
    switch (syscall) {
    case SYSCALL_SEND:
        mcs_syscall_invoke(k, tcb, (struct invocation_how){.is_blocking = true});
        return;
    case SYSCALL_NB_SEND:
        mcs_syscall_invoke(k, tcb, (struct invocation_how){.is_blocking = false});
        return;
    case SYSCALL_CALL:
        mcs_syscall_invoke(k, tcb,
                           (struct invocation_how){.is_call = true, .is_blocking = true, .can_donate = true});
        return;
    case SYSCALL_RECV:
        mcs_syscall_receive(k, true, true);
        return;
    case SYSCALL_NB_RECV:
        mcs_syscall_receive(k, false, true);
        return;
    case SYSCALL_WAIT:
        mcs_syscall_receive(k, true, false);
        return;
    case SYSCALL_NB_WAIT:
        mcs_syscall_receive(k, false, false);
        return;
    case SYSCALL_REPLY_RECV:
        syscall_send_receive(k, tcb, REG_R12, true);
        return;
    case SYSCALL_NB_SEND_RECV:
        syscall_send_receive(k, tcb, REG_R13, true);
        return;
    case SYSCALL_NB_SEND_WAIT:
        syscall_send_receive(k, tcb, REG_R12, false);
        return;
    case SYSCALL_YIELD:
        syscall_yield(k);
        return;
    case SYSCALL_SET_TLS_BASE:
        tcb->context.reg[REG_FS_BASE] = x86_sanitise_register(REG_FS_BASE, tcb->context.reg[REG_RDI]);
        return;
    default:
        fault_raise(k, tcb, (struct fault){.type = FAULT_UNKNOWN_SYSCALL, .address = number});
    }
}

void mcs_syscall_handle(struct kernel *k)
{
    ASSERT(k->state->current != 0);
    struct tcb *tcb = running_tcb(k);
    uint64_t number = tcb->context.reg[REG_RDX];
    enum syscall syscall = abi_syscall(k->abi, number);

    if (UNLIKELY(tcb->has_syscall_range) && tcb_is_outside_range(tcb))
        syscall = SYSCALL_UNKNOWN;
    if (syscall_is_debugging(syscall)) {
        debug_syscall(k, syscall);
        return;
    }
    time_update(k);
    if (budget_check_restart(k))
        syscall_dispatch(k, tcb, syscall, number);
}
