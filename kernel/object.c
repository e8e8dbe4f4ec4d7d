/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all objects share: their sizes, their making, the deriving of
 * capabilities to them, and the first step of their end. Emptying slots is in
 * delete.c.
 * Manual: sections "Object sizes" and "Deriving Capabilities".
 */
#include "kernel/object.h"

#include "kernel/host/host.h"
#include "kernel/ipc.h"
#include "kernel/irq.h"
#include "kernel/mcs/mcs.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "kernel/x86_64/x86.h"

unsigned object_size_bits(const struct kernel *k, enum object object, unsigned user_bits)
{
    switch (object) {
    case OBJECT_UNTYPED:
    case OBJECT_SCHED_CONTEXT:
        return user_bits;
    case OBJECT_CNODE:
        return user_bits + ABI_SLOT_BITS;
    case OBJECT_HOST:
        return HOST_IO_BITS;
    default:
        return k->abi->object_bits[object];
    }
}

struct cap object_create(struct kernel *k, enum object object, uint64_t paddr, unsigned user_bits, bool is_device)
{
    switch (object) {
    case OBJECT_UNTYPED:
        return cap_untyped(paddr, user_bits, is_device, 0);
    case OBJECT_TCB:
        tcb_init(k, arena_at(k, paddr));
        return cap_of(CAP_THREAD, paddr);
    case OBJECT_ENDPOINT:
        return cap_endpoint(paddr);
    case OBJECT_NOTIFICATION:
        return cap_notification(paddr);
    case OBJECT_CNODE:
        return cap_cnode(paddr, user_bits, 0, 0);
    case OBJECT_SCHED_CONTEXT:
        return cap_sched_context(paddr, user_bits);
    case OBJECT_REPLY:
        return cap_reply_object(paddr);
    case OBJECT_HOST:
        return cap_host(paddr);
    default:
        return x86_object_create(k, object, paddr, is_device);
    }
}

struct result cap_derive(struct kernel *k, const struct slot *slot, struct cap cap, struct cap *derived)
{
    switch ((enum cap_type)cap.type) {
    case CAP_ZOMBIE:
    case CAP_IRQ_CONTROL:
    case CAP_REPLY:
        *derived = cap_null();
        return result_ok();
    case CAP_UNTYPED:
        *derived = cap_null();
        if (slot_has_children(k, slot))
            return fail_revoke_first();
        *derived = cap;
        return result_ok();
    case CAP_NULL:
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_CNODE:
    case CAP_THREAD:
    case CAP_IRQ_HANDLER:
    case CAP_DOMAIN:
    case CAP_SCHED_CONTEXT:
    case CAP_SCHED_CONTROL:
    case CAP_REPLY_OBJECT:
    case CAP_HOST:
        *derived = cap;
        return result_ok();
    default:
        return x86_cap_derive(k, cap, derived);
    }
}

/* The thread stops for good; its slots are emptied one by one afterwards. */
static struct cap tcb_finalise(struct kernel *k, struct cap cap)
{
    struct tcb *tcb = tcb_at(k, cap.paddr);
    notification_unbind(k, tcb);
    if (k->abi->config.is_mcs)
        mcs_thread_finalise(k, tcb);
    thread_suspend(k, tcb);
    tcb_retire(k, tcb);
    if (k->state->unhandled_fault == cap.paddr)
        k->state->unhandled_fault = 0;
    return cap_zombie(cap.paddr, true, TCB_SLOT_RADIX, TCB_SLOTS);
}

static void notification_finalise(struct kernel *k, struct notification *notification)
{
    if (k->abi->config.is_mcs)
        mcs_notification_unbind(k, notification);
    notification_unbind_any(k, notification);
    notification_cancel_all(k, notification);
}

struct finalised cap_finalise(struct kernel *k, struct cap cap, bool is_final)
{
    struct finalised nothing = {cap_null(), cap_null()};

    switch ((enum cap_type)cap.type) {
    case CAP_ENDPOINT:
        if (is_final)
            endpoint_cancel_all(k, arena_at(k, cap.paddr));
        return nothing;
    case CAP_NOTIFICATION:
        if (is_final)
            notification_finalise(k, arena_at(k, cap.paddr));
        return nothing;
    case CAP_CNODE:
        if (is_final)
            nothing.remainder = cap_zombie(cap.paddr, false, cap.radix, 1ull << cap.radix);
        return nothing;
    case CAP_THREAD:
        if (is_final)
            nothing.remainder = tcb_finalise(k, cap);
        return nothing;
    case CAP_ZOMBIE:
        nothing.remainder = cap;
        return nothing;
    case CAP_IRQ_HANDLER:
        if (is_final) {
            irq_handler_clear(k, (uint32_t)cap.irq);
            nothing.cleanup = cap;
        }
        return nothing;
    case CAP_SCHED_CONTEXT:
        if (is_final)
            sched_context_finalise(k, cap.paddr);
        return nothing;
    case CAP_REPLY_OBJECT:
        if (is_final)
            reply_object_finalise(k, cap.paddr);
        return nothing;
    case CAP_HOST:
        if (is_final)
            host_finalise(k, cap.paddr);
        return nothing;
    case CAP_NULL:
    case CAP_REPLY:
    case CAP_DOMAIN:
    case CAP_SCHED_CONTROL:
    case CAP_UNTYPED:
    case CAP_IRQ_CONTROL:
        return nothing;
    default:
        return x86_cap_finalise(k, cap, is_final);
    }
}

void cap_cleanup(struct kernel *k, struct cap cleanup)
{
    switch ((enum cap_type)cleanup.type) {
    case CAP_IRQ_HANDLER:
        irq_release(k, (uint32_t)cleanup.irq);
        return;
    case CAP_NULL:
        return;
    default:
        x86_cap_cleanup(k, cleanup);
    }
}
