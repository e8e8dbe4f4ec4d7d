/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invoking a capability: find it and what the message brings, let the object's
 * decoder act, and answer.
 * Manual: section "System Calls" (seL4_Send, seL4_Call), section "Errors".
 */
#include "kernel/invocation.h"

#include "kernel/cspace.h"
#include "kernel/ipc.h"
#include "kernel/message.h"
#include "kernel/state.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"

uint64_t invocation_word(const struct invocation *in, unsigned i)
{
    return message_get(in->caller, in->buffer, i);
}

void invocation_reply(struct kernel *k, struct invocation *in, const uint64_t *words, unsigned count)
{
    if (in->is_call) {
        struct message_info info = {.label = ABI_NO_ERROR};
        uint64_t *buffer = thread_ipc_buffer(k, in->caller, true);
        for (unsigned i = 0; i < count; i++)
            info.length = message_set(in->caller, buffer, i, words[i]);
        in->caller->context.reg[REG_RDI] = 0;
        in->caller->context.reg[REG_RSI] = message_info_to_word(info);
    }
    thread_set_state(k, in->caller, THREAD_RUNNING);
}

/* The words that explain a refusal. Manual: appendix of each error in the API reference. */
static unsigned fail_set_words(const struct fail *fail, struct tcb *caller, uint64_t *buffer)
{
    switch (fail->error) {
    case ABI_INVALID_ARGUMENT:
    case ABI_INVALID_CAPABILITY:
        return message_set(caller, buffer, 0, fail->index);
    case ABI_RANGE_ERROR:
        message_set(caller, buffer, 0, fail->range.min);
        return message_set(caller, buffer, 1, fail->range.max);
    case ABI_FAILED_LOOKUP:
        message_set(caller, buffer, 0, fail->lookup.is_source);
        return message_set_lookup_failure(caller, buffer, 1, &fail->lookup.failure);
    case ABI_NOT_ENOUGH_MEMORY:
        return message_set(caller, buffer, 0, fail->bytes_left);
    default:
        return 0;
    }
}

static void invocation_refuse(struct kernel *k, struct invocation *in, const struct fail *fail)
{
    struct message_info info = {.label = fail->error};
    info.length = fail_set_words(fail, in->caller, thread_ipc_buffer(k, in->caller, true));
    in->caller->context.reg[REG_RDI] = 0;
    in->caller->context.reg[REG_RSI] = message_info_to_word(info);
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

struct result invocation_decode(struct kernel *k, struct invocation *in)
{
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
    case CAP_NULL:
        remark(k, "Attempted to invoke a null cap #%lu.", in->cptr);
        return fail_invalid_capability(0);
    default:
        remark(k, "Attempted to invoke a zombie cap #%lu.", in->cptr);
        return fail_invalid_capability(0);
    }
}

/* Find the capability and everything the message brings. False: the caller has faulted, or nothing is to be done. */
static bool invocation_prepare(struct kernel *k, struct invocation *in)
{
    struct tcb *caller = in->caller;
    struct message_info info = message_info_from_word(caller->context.reg[REG_RSI]);
    struct extra_caps extra;

    in->cptr = caller->context.reg[REG_RDI];
    struct slot_lookup found = cspace_lookup(k, caller, in->cptr);
    if (!found.slot) {
        remark(k, "Invocation of invalid cap #%lu.", in->cptr);
        if (in->is_blocking)
            fault_raise(k, caller, (struct fault){.type = FAULT_CAP, .address = in->cptr, .lookup = found.failure});
        return false;
    }
    in->slot = found.slot;
    in->cap = found.slot->cap;
    in->buffer = thread_ipc_buffer(k, caller, false);
    if (!message_extra_caps(k, caller, in->buffer, info.extra_caps, &extra)) {
        remark(k, "Lookup of extra caps failed.");
        if (in->is_blocking)
            fault_raise(k, caller,
                        (struct fault){.type = FAULT_CAP, .address = extra.failed_cptr, .lookup = extra.failure});
        return false;
    }
    for (unsigned i = 0; i < ABI_EXTRA_CAPS; i++)
        in->extra[i] = extra.slot[i];
    in->operation = abi_operation(k->abi, info.label);
    in->length = info.length;
    if (in->length > ABI_MESSAGE_REGISTERS && !in->buffer)
        in->length = ABI_MESSAGE_REGISTERS;
    return true;
}

void invocation_handle(struct kernel *k, bool is_call, bool is_blocking)
{
    struct invocation in = {.caller = current_tcb(k), .is_call = is_call, .is_blocking = is_blocking};
    if (!invocation_prepare(k, &in))
        return;

    in.caller->state = THREAD_RESTART;
    struct result result = invocation_decode(k, &in);
    if (result.kind == RESULT_PREEMPTED)
        return;
    if (result.kind == RESULT_FAIL) {
        remark(k, "%s of cap #%lu: %s.", abi_operation_name(in.operation), in.cptr,
               abi_error_name(result.fail.error));
        if (is_call)
            invocation_refuse(k, &in, &result.fail);
        in.caller->state = THREAD_RUNNING;
        return;
    }
    if (in.caller->state == THREAD_RESTART)
        invocation_reply(k, &in, NULL, 0);
}
