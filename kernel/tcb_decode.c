/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of a thread capability, but for those on registers
 * (tcb_registers.c) and those that each personality does its own way.
 * Manual: chapter "Threads and Execution"; API reference seL4_TCB_*.
 */
#include "kernel/invocation.h"
#include "kernel/ipc.h"
#include "kernel/mcs/mcs.h"
#include "kernel/state.h"
#include "kernel/tcb_space.h"
#include "kernel/thread.h"
#include "kernel/x86_64/x86.h"

enum {
    FLAGS_KNOWN = TCB_FLAG_FPU_DISABLED
};

struct result tcb_authority(struct kernel *k, const struct invocation *in, const struct tcb **authority)
{
    struct cap cap = in->extra[0]->cap;
    if (cap.type != CAP_THREAD) {
        remark(k, "%s: authority cap not a TCB.", abi_operation_name(in->operation));
        return fail_invalid_capability(1);
    }
    *authority = tcb_at(k, cap.paddr);
    return result_ok();
}

struct result tcb_check_priority(struct kernel *k, uint64_t priority, const struct tcb *authority)
{
    if (priority <= authority->mcp)
        return result_ok();
    remark(k, "Requested priority %lu too high (max %u).", priority, (unsigned)authority->mcp);
    return fail_range(0, authority->mcp);
}

/* The one argument of SetPriority and SetMCPriority, checked. */
static struct result decode_priority(struct kernel *k, const struct invocation *in, uint8_t *priority)
{
    const struct tcb *authority;
    if (in->length < 1 || !in->extra[0]) {
        remark(k, "%s: Truncated message.", abi_operation_name(in->operation));
        return fail_truncated_message();
    }
    uint64_t wanted = invocation_word(in, 0);
    struct result checked = tcb_authority(k, in, &authority);
    if (result_is_ok(checked))
        checked = tcb_check_priority(k, wanted, authority);
    *priority = (uint8_t)wanted;
    return checked;
}

static struct result tcb_decode_set_priority(struct kernel *k, struct invocation *in)
{
    uint8_t priority;
    struct result checked = decode_priority(k, in, &priority);
    if (result_is_ok(checked))
        thread_set_priority(k, tcb_at(k, in->cap.paddr), priority);
    return checked;
}

static struct result tcb_decode_set_mcp(struct kernel *k, struct invocation *in)
{
    uint8_t mcp;
    struct result checked = decode_priority(k, in, &mcp);
    if (result_is_ok(checked))
        tcb_at(k, in->cap.paddr)->mcp = mcp;
    return checked;
}

static struct result tcb_decode_set_ipc_buffer(struct kernel *k, struct invocation *in)
{
    struct tcb_buffer buffer;
    if (in->length < 1 || !in->extra[0]) {
        remark(k, "TCB SetIPCBuffer: Truncated message.");
        return fail_truncated_message();
    }
    struct result checked = tcb_buffer_check(k, invocation_word(in, 0), in->extra[0], &buffer);
    if (!result_is_ok(checked))
        return checked;
    return tcb_buffer_apply(k, in, &buffer);
}

static struct result tcb_decode_bind(struct kernel *k, struct invocation *in)
{
    struct tcb *tcb = tcb_at(k, in->cap.paddr);
    if (!in->extra[0]) {
        remark(k, "TCB BindNotification: Truncated message.");
        return fail_truncated_message();
    }
    if (tcb->bound_notification) {
        remark(k, "TCB BindNotification: TCB already has a bound notification.");
        return fail_illegal_operation();
    }
    struct cap cap = in->extra[0]->cap;
    if (cap.type != CAP_NOTIFICATION) {
        remark(k, "TCB BindNotification: Notification is invalid.");
        return fail_illegal_operation();
    }
    if (!cap.can_receive) {
        remark(k, "TCB BindNotification: Insufficient access rights.");
        return fail_illegal_operation();
    }
    struct notification *notification = arena_at(k, cap.paddr);
    if (notification->state == NOTIFICATION_WAITING || notification->bound) {
        remark(k, "TCB BindNotification: Notification cannot be bound.");
        return fail_illegal_operation();
    }
    notification_bind(k, tcb, notification);
    return result_ok();
}

static struct result tcb_decode_unbind(struct kernel *k, struct invocation *in)
{
    struct tcb *tcb = tcb_at(k, in->cap.paddr);
    if (!tcb->bound_notification) {
        remark(k, "TCB UnbindNotification: TCB already has no bound Notification.");
        return fail_illegal_operation();
    }
    notification_unbind(k, tcb);
    return result_ok();
}

/* DIFFERS: seL4 takes the base as it is and dies of one that is not canonical when the thread runs. */
static struct result tcb_decode_set_tls_base(struct kernel *k, struct invocation *in)
{
    struct tcb *tcb = tcb_at(k, in->cap.paddr);
    if (in->length < 1) {
        remark(k, "TCB SetTLSBase: Truncated message.");
        return fail_truncated_message();
    }
    tcb->context.reg[REG_FS_BASE] = x86_sanitise_register(REG_FS_BASE, invocation_word(in, 0));
    if (tcb == current_tcb(k))
        sched_choose_new(k);
    return result_ok();
}

static struct result tcb_decode_set_flags(struct kernel *k, struct invocation *in)
{
    struct tcb *tcb = tcb_at(k, in->cap.paddr);
    if (in->length < 2) {
        remark(k, "TCB SetFlags: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t clear = invocation_word(in, 0);
    uint64_t set = invocation_word(in, 1);
    tcb->flags = (tcb->flags & ~clear) | (set & FLAGS_KNOWN);
    tcb_refresh(tcb);
    invocation_reply(k, in, &tcb->flags, 1);
    return result_ok();
}

/* Selkie's own operation, whose label is none of the tables'. */
COLD static struct result tcb_decode_extension(struct kernel *k, struct invocation *in)
{
    uint64_t label = message_info_from_word(in->caller->context.reg[REG_RSI]).label;
    if (label != HOST_IO_LABEL + TCB_SYSCALL_RANGE) {
        remark(k, "TCB: Illegal operation.");
        return fail_illegal_operation();
    }
    if (in->length < 2) {
        remark(k, "TCB SyscallRange: Truncated message.");
        return fail_truncated_message();
    }
    struct tcb *tcb = tcb_at(k, in->cap.paddr);
    tcb->syscall_start = invocation_word(in, 0);
    tcb->syscall_end = invocation_word(in, 1);
    tcb->has_syscall_range = tcb->syscall_end != 0;
    return result_ok();
}

struct result tcb_decode(struct kernel *k, struct invocation *in)
{
    switch (in->operation) {
    case OPERATION_TCB_READ_REGISTERS:
    case OPERATION_TCB_WRITE_REGISTERS:
    case OPERATION_TCB_COPY_REGISTERS:
        return tcb_registers_decode(k, in);
    case OPERATION_TCB_CONFIGURE:
    case OPERATION_TCB_SET_SCHED_PARAMS:
    case OPERATION_TCB_SET_SPACE:
    case OPERATION_TCB_SET_TIMEOUT_ENDPOINT:
        return k->abi->config.is_mcs ? mcs_tcb_decode(k, in) : classic_tcb_decode(k, in);
    case OPERATION_TCB_SET_PRIORITY:
        return tcb_decode_set_priority(k, in);
    case OPERATION_TCB_SET_MC_PRIORITY:
        return tcb_decode_set_mcp(k, in);
    case OPERATION_TCB_SET_IPC_BUFFER:
        return tcb_decode_set_ipc_buffer(k, in);
    case OPERATION_TCB_SUSPEND:
        thread_suspend(k, tcb_at(k, in->cap.paddr));
        return result_ok();
    case OPERATION_TCB_RESUME:
        thread_restart(k, tcb_at(k, in->cap.paddr));
        return result_ok();
    case OPERATION_TCB_BIND_NOTIFICATION:
        return tcb_decode_bind(k, in);
    case OPERATION_TCB_UNBIND_NOTIFICATION:
        return tcb_decode_unbind(k, in);
    case OPERATION_TCB_SET_BREAKPOINT:
    case OPERATION_TCB_GET_BREAKPOINT:
    case OPERATION_TCB_UNSET_BREAKPOINT:
    case OPERATION_TCB_CONFIGURE_SINGLE_STEPPING:
        return breakpoint_decode(k, in);
    case OPERATION_TCB_SET_TLS_BASE:
        return tcb_decode_set_tls_base(k, in);
    case OPERATION_TCB_SET_FLAGS:
        return tcb_decode_set_flags(k, in);
    default:
        return tcb_decode_extension(k, in);
    }
}
