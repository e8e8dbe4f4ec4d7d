/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults of the MCS kernel: handlers are endpoint capabilities in the thread's own
 * slots, and running out of budget is a fault for those who want to hear of it.
 * Manual: chapter "Faults", section "Timeout Faults".
 */
#include "kernel/mcs/mcs.h"
#include "kernel/thread.h"

static void handler_send(struct kernel *k, struct tcb *tcb, struct cap handler, bool can_donate)
{
    endpoint_send(k, tcb, arena_at(k, handler.paddr),
                  (struct endpoint_send){.is_blocking = true,
                                         .can_grant = handler.can_grant,
                                         .can_grant_reply = handler.can_grant_reply,
                                         .can_donate = can_donate,
                                         .badge = handler.badge});
}

void mcs_fault_raise(struct kernel *k, struct tcb *tcb, struct fault fault)
{
    struct cap handler = tcb->slots[TCB_FAULT_HANDLER].cap;
    if (handler.type != CAP_ENDPOINT) {
        fault_unhandled(k, tcb, (struct fault){.type = FAULT_NONE}, fault);
        return;
    }
    tcb->fault = fault;
    handler_send(k, tcb, handler, tcb->sched_context != 0);
}

bool timeout_has_handler(const struct tcb *tcb)
{
    return tcb->slots[TCB_TIMEOUT_HANDLER].cap.type == CAP_ENDPOINT;
}

void timeout_raise(struct kernel *k, struct tcb *tcb, const struct sched_context *sc)
{
    tcb->fault = (struct fault){.type = FAULT_TIMEOUT, .address = sc->badge};
    handler_send(k, tcb, tcb->slots[TCB_TIMEOUT_HANDLER].cap, false);
}
