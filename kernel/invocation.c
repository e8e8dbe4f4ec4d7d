/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invoking a capability: find it and what the message brings, let the object's
 * decoder act, and answer.
 * Manual: section "System Calls" (seL4_Send, seL4_Call), section "Errors".
 */
#include "kernel/invocation.h"

#include "kernel/cspace.h"
#include "kernel/host/host.h"
#include "kernel/ipc.h"
#include "kernel/mcs/mcs.h"
#include "kernel/message.h"
#include "kernel/state.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"

static inline void caller_answer(struct tcb *caller, struct message_info info)
{
    caller->context.reg[REG_RDI] = 0;
    caller->context.reg[REG_RSI] = message_info_to_word(info);
}

void invocation_reply(struct kernel *k, struct invocation *in, const uint64_t *words, unsigned count)
{
    if (in->is_call) {
        struct message_info info = {.label = ABI_NO_ERROR};
        uint64_t *buffer = count > ABI_MESSAGE_REGISTERS ? thread_ipc_buffer(k, in->caller, true) : NULL;
        if (count < ABI_MESSAGE_REGISTERS) {
            for (unsigned i = 0; i < count; i++)
                info.length = message_set(in->caller, NULL, i, words[i]);
        } else {
            info.length = message_set_many(in->caller, buffer, words, count);
        }
        caller_answer(in->caller, info);
    }
    thread_set_state(k, in->caller, THREAD_RUNNING);
}

/* The words that explain a refusal. Manual: appendix of each error in the API reference. */
static unsigned fail_set_words(struct result fail, struct tcb *caller, uint64_t *buffer)
{
    switch (result_error(fail)) {
    case ABI_INVALID_ARGUMENT:
    case ABI_INVALID_CAPABILITY:
        return message_set(caller, buffer, 0, fail.index);
    case ABI_RANGE_ERROR:
        message_set(caller, buffer, 0, result_byte(fail, RESULT_RANGE_MIN));
        return message_set(caller, buffer, 1, fail.range_max);
    case ABI_FAILED_LOOKUP: {
        struct lookup_failure failure = result_lookup_failure(fail);
        message_set(caller, buffer, 0, result_byte(fail, RESULT_IS_SOURCE));
        return message_set_lookup_failure(caller, buffer, 1, &failure);
    }
    case ABI_NOT_ENOUGH_MEMORY:
        return message_set(caller, buffer, 0, fail.bytes_left);
    default:
        return 0;
    }
}

static void invocation_refuse(struct kernel *k, struct invocation *in, struct result fail)
{
    struct message_info info = {.label = result_error(fail)};
    info.length = fail_set_words(fail, in->caller, thread_ipc_buffer(k, in->caller, true));
    caller_answer(in->caller, info);
}

static struct result endpoint_invoke(struct kernel *k, struct invocation *in)
{
    if (!in->cap.can_send) {
        remark(k, "Attempted to invoke a read-only endpoint cap #%lu.", in->cptr);
        return fail_invalid_capability(0);
    }
    endpoint_send(k, in->caller, arena_at(k, in->cap.paddr),
                  (struct endpoint_send){.is_blocking = in->is_blocking,
                                         .is_call = in->is_call,
                                         .can_grant = in->cap.can_grant,
                                         .can_grant_reply = in->cap.can_grant_reply,
                                         .can_donate = in->can_donate,
                                         .badge = in->cap.badge});
    return result_ok();
}

static struct result notification_invoke(struct kernel *k, struct invocation *in)
{
    if (!in->cap.can_send) {
        remark(k, "Attempted to invoke a read-only notification cap #%lu.", in->cptr);
        return fail_invalid_capability(0);
    }
    notification_signal(k, arena_at(k, in->cap.paddr), in->cap.badge);
    return result_ok();
}

static struct result reply_invoke(struct kernel *k, struct invocation *in)
{
    if (in->cap.is_master) {
        remark(k, "Attempted to invoke an invalid reply cap #%lu.", in->cptr);
        return fail_invalid_capability(0);
    }
    reply_transfer(k, in->caller, tcb_at(k, in->cap.paddr), in->slot, in->cap.can_grant);
    return result_ok();
}

/* Not in the first of two phases: what may take long, or change who runs and when. */
static bool first_phase_is_refused(const struct invocation *in)
{
    switch ((enum cap_type)in->cap.type) {
    case CAP_THREAD:
    case CAP_CNODE:
    case CAP_DOMAIN:
    case CAP_SCHED_CONTROL:
    case CAP_SCHED_CONTEXT:
        return true;
    default:
        return false;
    }
}

struct result invocation_decode(struct kernel *k, struct invocation *in)
{
    if (UNLIKELY(in->is_first_phase) && first_phase_is_refused(in)) {
        remark(k, "Cannot invoke this capability in the first phase of an invocation.");
        return fail_invalid_capability(0);
    }
    switch ((enum cap_type)in->cap.type) {
    case CAP_ENDPOINT:
        return endpoint_invoke(k, in);
    case CAP_NOTIFICATION:
        return notification_invoke(k, in);
    case CAP_REPLY:
        return reply_invoke(k, in);
    case CAP_THREAD:
        return tcb_decode(k, in);
    case CAP_CNODE:
        return cnode_decode(k, in);
    case CAP_UNTYPED:
        return untyped_decode(k, in);
    case CAP_DOMAIN:
        return domain_decode(k, in);
    case CAP_IRQ_CONTROL:
        return irq_control_decode(k, in);
    case CAP_IRQ_HANDLER:
        return irq_handler_decode(k, in);
    case CAP_FRAME:
        return frame_decode(k, in);
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
        return paging_decode(k, in);
    case CAP_PML4:
        return pml4_decode(k, in);
    case CAP_ASID_CONTROL:
        return asid_control_decode(k, in);
    case CAP_ASID_POOL:
        return asid_pool_decode(k, in);
    case CAP_IO_PORT:
        return io_port_decode(k, in);
    case CAP_IO_PORT_CONTROL:
        return io_port_control_decode(k, in);
    case CAP_REPLY_OBJECT:
        mcs_reply(k, in->caller, in->cap.paddr, in->cap.can_grant);
        return result_ok();
    case CAP_SCHED_CONTEXT:
        return sched_context_decode(k, in);
    case CAP_SCHED_CONTROL:
        return sched_control_decode(k, in);
    case CAP_HOST:
        return host_decode(k, in);
    case CAP_NULL:
        remark(k, "Attempted to invoke a null cap #%lu.", in->cptr);
        return fail_invalid_capability(0);
    default:
        remark(k, "Attempted to invoke a zombie cap #%lu.", in->cptr);
        return fail_invalid_capability(0);
    }
}

/* A Call or Send to what is not there is the caller's fault; NBSend just goes nowhere. */
COLD static void invocation_fault(struct kernel *k, const struct invocation *in, uint64_t cptr,
                                  struct lookup_failure failure)
{
    if (in->is_blocking)
        fault_raise(k, in->caller, (struct fault){.type = FAULT_CAP, .address = cptr, .lookup = failure});
}

/* Find what the message brings beside registers. False: the caller has faulted, or nothing is to be done. */
OUT_OF_LINE static bool invocation_prepare_buffer(struct kernel *k, struct invocation *in,
                                                  struct message_info info)
{
    struct failed_cap failed;
    in->buffer = thread_ipc_buffer(k, in->caller, false);
    if (!message_extra_caps(k, in->caller, in->buffer, info.extra_caps, in->extra, &failed)) {
        remark(k, "Lookup of extra caps failed.");
        invocation_fault(k, in, failed.cptr, failed.failure);
        return false;
    }
    if (in->length > ABI_MESSAGE_REGISTERS && !in->buffer)
        in->length = ABI_MESSAGE_REGISTERS;
    return true;
}

/* The same for the capability and the whole message. Every field of `in` is set when it succeeds. */
static bool invocation_prepare(struct kernel *k, struct invocation *in)
{
    struct message_info info = message_info_from_word(in->caller->context.reg[REG_RSI]);
    struct lookup_failure failure;

    if (!cspace_lookup(k, in->caller, in->cptr, &in->slot, &failure)) {
        remark(k, "Invocation of invalid cap #%lu.", in->cptr);
        invocation_fault(k, in, in->cptr, failure);
        return false;
    }
    in->cap = in->slot->cap;
    in->operation = abi_operation(k->abi, info.label);
    in->length = info.length;
    in->buffer = NULL;
    for (unsigned i = 0; i < ABI_EXTRA_CAPS; i++)
        in->extra[i] = NULL;
    return !message_needs_buffer(info) || invocation_prepare_buffer(k, in, info);
}

/* It was refused, or preempted: then it starts over. */
COLD static bool invocation_end(struct kernel *k, struct invocation *in, struct result fail)
{
    if (result_kind(fail) == RESULT_PREEMPTED)
        return false;
    remark(k, "%s of cap #%lu: %s.", abi_operation_name(in->operation), in->cptr,
           abi_error_name(result_error(fail)));
    if (in->is_call)
        invocation_refuse(k, in, fail);
    in->caller->state = THREAD_RUNNING;
    return true;
}

bool invocation_handle(struct kernel *k, uint64_t cptr, struct invocation_how how)
{
    struct invocation in; /* a large thing to clear for every system call */
    in.caller = running_tcb(k);
    in.cptr = cptr;
    in.is_call = how.is_call;
    in.is_blocking = how.is_blocking;
    in.can_donate = how.can_donate;
    in.is_first_phase = how.is_first_phase;
    if (!invocation_prepare(k, &in))
        return true;

    in.caller->state = THREAD_RESTART;
    struct result result = invocation_decode(k, &in);
    if (UNLIKELY(!result_is_ok(result)))
        return invocation_end(k, &in, result);
    if (LIKELY(in.caller->state == THREAD_RESTART)) {
        if (in.is_call)
            caller_answer(in.caller, (struct message_info){.label = ABI_NO_ERROR});
        in.caller->state = THREAD_RUNNING;
    }
    return true;
}
