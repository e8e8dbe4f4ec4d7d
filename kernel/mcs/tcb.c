/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread invocations that have a form of their own with MCS: handlers of
 * faults are capabilities in the thread's slots, and a scheduling context is
 * part of the scheduling parameters.
 * Manual: API reference seL4_TCB_Configure, SetSpace, SetSchedParams, SetTimeoutEndpoint.
 */
#include "kernel/mcs/mcs.h"
#include "kernel/object.h"
#include "kernel/tcb_space.h"
#include "kernel/thread.h"

/* May this become a handler? An endpoint that faults can be sent to and answered through, or nothing. */
static struct result handler_check(struct kernel *k, const struct invocation *in, struct slot *slot,
                                   unsigned index, struct tcb_root *handler)
{
    struct cap cap = slot->cap;
    bool is_allowed = cap.type == CAP_NULL ||
                      (cap.type == CAP_ENDPOINT && cap.can_send && (cap.can_grant || cap.can_grant_reply));
    *handler = (struct tcb_root){.cap = cap, .source = slot};
    if (is_allowed)
        return result_ok();
    remark(k, "%s: fault endpoint cap invalid.", abi_operation_name(in->operation));
    return fail_invalid_capability(index);
}

static struct result mcs_decode_configure(struct kernel *k, struct invocation *in)
{
    struct tcb_space space;
    struct tcb_buffer buffer;

    if (in->length < 3 || !in->extra[0] || !in->extra[1] || !in->extra[2]) {
        remark(k, "TCB Configure: Truncated message.");
        return fail_truncated_message();
    }
    struct result result = tcb_buffer_check(k, invocation_word(in, 2), in->extra[2], &buffer);
    if (result_is_ok(result))
        result = tcb_space_check(k, in, in->extra[0], invocation_word(in, 0), in->extra[1],
                                 invocation_word(in, 1), &space);
    if (result_is_ok(result))
        result = tcb_space_apply(k, in, &space);
    return result_is_ok(result) ? tcb_buffer_apply(k, in, &buffer) : result;
}

static struct result mcs_decode_set_space(struct kernel *k, struct invocation *in)
{
    struct tcb_space space;
    struct tcb_root handler;

    if (in->length < 2 || !in->extra[0] || !in->extra[1] || !in->extra[2]) {
        remark(k, "TCB SetSpace: Truncated message.");
        return fail_truncated_message();
    }
    struct result result = tcb_space_check(k, in, in->extra[1], invocation_word(in, 0), in->extra[2],
                                           invocation_word(in, 1), &space);
    if (result_is_ok(result))
        result = handler_check(k, in, in->extra[0], 1, &handler);
    if (result_is_ok(result))
        result = tcb_root_replace(k, in, TCB_FAULT_HANDLER, &handler);
    return result_is_ok(result) ? tcb_space_apply(k, in, &space) : result;
}

static struct result mcs_decode_set_timeout_endpoint(struct kernel *k, struct invocation *in)
{
    struct tcb_root handler;
    if (!in->extra[0]) {
        remark(k, "TCB SetTimeoutEndpoint: Truncated message.");
        return fail_truncated_message();
    }
    struct result result = handler_check(k, in, in->extra[0], 1, &handler);
    return result_is_ok(result) ? tcb_root_replace(k, in, TCB_TIMEOUT_HANDLER, &handler) : result;
}

/* May the thread run on what `cap` names from now on? */
static struct result context_check(struct kernel *k, const struct tcb *tcb, struct cap cap)
{
    if (cap.type == CAP_NULL) {
        if (tcb != current_tcb(k))
            return result_ok();
        remark(k, "TCB SetSchedParams: Cannot change the scheduling context of the current thread.");
        return fail_illegal_operation();
    }
    if (cap.type != CAP_SCHED_CONTEXT) {
        remark(k, "TCB SetSchedParams: sched context cap invalid.");
        return fail_invalid_capability(2);
    }
    const struct sched_context *sc = sched_context_at(k, cap.paddr);
    if (tcb->sched_context && tcb->sched_context == cap.paddr)
        return result_ok();
    if (sc->tcb && !tcb->sched_context) {
        remark(k, "TCB SetSchedParams: sched context already bound.");
        return fail_illegal_operation();
    }
    return sched_context_check_thread(k, sc, tcb);
}

static void context_apply(struct kernel *k, struct tcb *tcb, struct cap cap)
{
    if (cap.paddr == tcb->sched_context)
        return;
    if (cap.type == CAP_SCHED_CONTEXT)
        sched_context_bind_thread(k, sched_context_at(k, cap.paddr), tcb);
    else
        sched_context_unbind_thread(k, sched_context_of(k, tcb));
}

static struct result mcs_decode_set_sched_params(struct kernel *k, struct invocation *in)
{
    struct tcb *tcb = tcb_at(k, in->cap.paddr);
    const struct tcb *authority;
    struct tcb_root handler;

    if (in->length < 2 || !in->extra[0] || !in->extra[1] || !in->extra[2]) {
        remark(k, "TCB SetSchedParams: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t mcp = invocation_word(in, 0);
    uint64_t priority = invocation_word(in, 1);
    struct cap context = in->extra[1]->cap;
    struct result result = tcb_authority(k, in, &authority);
    if (result_is_ok(result))
        result = tcb_check_priority(k, mcp, authority);
    if (result_is_ok(result))
        result = tcb_check_priority(k, priority, authority);
    if (result_is_ok(result))
        result = context_check(k, tcb, context);
    if (result_is_ok(result))
        result = handler_check(k, in, in->extra[2], 3, &handler);
    if (result_is_ok(result))
        result = tcb_root_replace(k, in, TCB_FAULT_HANDLER, &handler);
    if (!result_is_ok(result))
        return result;
    tcb->mcp = (uint8_t)mcp;
    thread_set_priority(k, tcb, (uint8_t)priority);
    context_apply(k, tcb, context);
    return result_ok();
}

struct result mcs_tcb_decode(struct kernel *k, struct invocation *in)
{
    switch (in->operation) {
    case OPERATION_TCB_CONFIGURE:
        return mcs_decode_configure(k, in);
    case OPERATION_TCB_SET_SPACE:
        return mcs_decode_set_space(k, in);
    case OPERATION_TCB_SET_TIMEOUT_ENDPOINT:
        return mcs_decode_set_timeout_endpoint(k, in);
    default:
        return mcs_decode_set_sched_params(k, in);
    }
}
