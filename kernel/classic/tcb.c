/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread invocations that only the classic personality has in this form: a
 * fault handler is an address in the thread's own CSpace, and a thread needs no
 * scheduling context.
 * Manual: API reference seL4_TCB_Configure, SetSpace, SetSchedParams.
 */
#include "kernel/tcb_space.h"
#include "kernel/thread.h"

static struct result tcb_decode_configure(struct kernel *k, struct invocation *in)
{
    struct tcb_space space;
    struct tcb_buffer buffer;

    if (in->length < 4 || !in->extra[0] || !in->extra[1] || !in->extra[2]) {
        remark(k, "TCB Configure: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t fault_handler = invocation_word(in, 0);
    struct result result = tcb_buffer_check(k, invocation_word(in, 3), in->extra[2], &buffer);
    if (result_is_ok(result))
        result = tcb_space_check(k, in, in->extra[0], invocation_word(in, 1), in->extra[1],
                                 invocation_word(in, 2), &space);
    if (!result_is_ok(result))
        return result;

    tcb_at(k, in->cap.paddr)->fault_handler = fault_handler;
    result = tcb_space_apply(k, in, &space);
    if (!result_is_ok(result))
        return result;
    return tcb_buffer_apply(k, in, &buffer);
}

static struct result tcb_decode_set_space(struct kernel *k, struct invocation *in)
{
    struct tcb_space space;

    if (in->length < 3 || !in->extra[0] || !in->extra[1]) {
        remark(k, "TCB SetSpace: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t fault_handler = invocation_word(in, 0);
    struct result result = tcb_space_check(k, in, in->extra[0], invocation_word(in, 1), in->extra[1],
                                           invocation_word(in, 2), &space);
    if (!result_is_ok(result))
        return result;

    tcb_at(k, in->cap.paddr)->fault_handler = fault_handler;
    return tcb_space_apply(k, in, &space);
}

static struct result tcb_decode_set_sched_params(struct kernel *k, struct invocation *in)
{
    const struct tcb *authority;

    if (in->length < 2 || !in->extra[0]) {
        remark(k, "TCB SetSchedParams: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t mcp = invocation_word(in, 0);
    uint64_t priority = invocation_word(in, 1);
    struct result checked = tcb_authority(k, in, &authority);
    if (result_is_ok(checked))
        checked = tcb_check_priority(k, mcp, authority);
    if (result_is_ok(checked))
        checked = tcb_check_priority(k, priority, authority);
    if (!result_is_ok(checked))
        return checked;

    struct tcb *tcb = tcb_at(k, in->cap.paddr);
    tcb->mcp = (uint8_t)mcp;
    thread_set_priority(k, tcb, (uint8_t)priority);
    return result_ok();
}

struct result classic_tcb_decode(struct kernel *k, struct invocation *in)
{
    switch (in->operation) {
    case OPERATION_TCB_CONFIGURE:
        return tcb_decode_configure(k, in);
    case OPERATION_TCB_SET_SPACE:
        return tcb_decode_set_space(k, in);
    default:
        return tcb_decode_set_sched_params(k, in);
    }
}
