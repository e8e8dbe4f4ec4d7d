/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading, writing and copying the registers of a thread.
 *
 * Registers come in two groups: the frame, which a system call may touch (rip to
 * r15), and the integer registers, which here are fs_base and gs_base.
 *
 * Manual: section "Message Layout of the Read-/Write-Registers Methods";
 * API reference seL4_TCB_ReadRegisters, WriteRegisters, CopyRegisters.
 */
#include "kernel/invocation.h"
#include "kernel/ipc.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "kernel/x86_64/x86.h"

enum {
    FRAME_REGISTERS = REG_FS_BASE
};

/* Bits of the flags word; those of Read and Write use the first, as suspend and resume. */
enum {
    COPY_SUSPEND_SOURCE = 1,
    COPY_RESUME_TARGET = 2,
    COPY_FRAME = 4,
    COPY_INTEGER = 8,
    READ_SUSPEND_SOURCE = 1,
    WRITE_RESUME_TARGET = 1
};

/* The thread goes on where its registers say, all of them: not behind a system call. */
static void context_changed(struct context *context)
{
    context->next_ip = context->reg[REG_FAULT_IP];
    context->is_syscall = false;
}

static struct result registers_decode_read(struct kernel *k, struct invocation *in)
{
    struct tcb *source = tcb_at(k, in->cap.paddr);

    if (in->length < 2) {
        remark(k, "TCB ReadRegisters: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t flags = invocation_word(in, 0);
    uint64_t count = invocation_word(in, 1);
    if (count < 1 || count > REG_COUNT) {
        remark(k, "TCB ReadRegisters: Attempted to read an invalid number of registers (%lu).", count);
        return fail_range(1, REG_COUNT);
    }
    if (source == in->caller) {
        remark(k, "TCB ReadRegisters: Attempted to read our own registers.");
        return fail_illegal_operation();
    }

    if (flags & READ_SUSPEND_SOURCE)
        thread_suspend(k, source);
    invocation_reply(k, in, source->context.reg, (unsigned)count);
    return result_ok();
}

static struct result registers_decode_write(struct kernel *k, struct invocation *in)
{
    struct tcb *target = tcb_at(k, in->cap.paddr);

    if (in->length < 2) {
        remark(k, "TCB WriteRegisters: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t flags = invocation_word(in, 0);
    uint64_t count = invocation_word(in, 1);
    if (in->length - 2 < count) {
        remark(k, "TCB WriteRegisters: Message too short for requested write size (%lu/%lu).", in->length - 2,
               count);
        return fail_truncated_message();
    }
    if (target == in->caller) {
        remark(k, "TCB WriteRegisters: Attempted to write our own registers.");
        return fail_illegal_operation();
    }

    for (unsigned i = 0; i < count && i < REG_COUNT; i++)
        target->context.reg[i] = x86_sanitise_register((enum context_register)i, invocation_word(in, i + 2));
    context_changed(&target->context);
    if (flags & WRITE_RESUME_TARGET)
        thread_restart(k, target);
    return result_ok();
}

static void registers_copy(struct context *to, const struct context *from, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++)
        to->reg[i] = from->reg[i];
}

static struct result registers_decode_copy(struct kernel *k, struct invocation *in)
{
    struct tcb *target = tcb_at(k, in->cap.paddr);

    if (in->length < 1 || !in->extra[0]) {
        remark(k, "TCB CopyRegisters: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t flags = invocation_word(in, 0);
    if (in->extra[0]->cap.type != CAP_THREAD) {
        remark(k, "TCB CopyRegisters: Invalid source TCB.");
        return fail_invalid_capability(1);
    }

    struct tcb *source = tcb_at(k, in->extra[0]->cap.paddr);
    if (flags & COPY_SUSPEND_SOURCE)
        thread_suspend(k, source);
    if (flags & COPY_RESUME_TARGET)
        thread_restart(k, target);
    if (flags & COPY_FRAME) {
        registers_copy(&target->context, &source->context, 0, FRAME_REGISTERS);
        target->context.next_ip = target->context.reg[REG_FAULT_IP];
    }
    if (flags & COPY_INTEGER)
        registers_copy(&target->context, &source->context, FRAME_REGISTERS, REG_COUNT);
    target->context.is_syscall = false;
    return result_ok();
}

struct result tcb_registers_decode(struct kernel *k, struct invocation *in)
{
    switch (in->operation) {
    case OPERATION_TCB_READ_REGISTERS:
        return registers_decode_read(k, in);
    case OPERATION_TCB_WRITE_REGISTERS:
        return registers_decode_write(k, in);
    default:
        return registers_decode_copy(k, in);
    }
}
