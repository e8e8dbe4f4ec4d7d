/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What processor exceptions are to seL4: a page fault is a VM fault, anything
 * else that user code raises is a user exception with the processor's own
 * number and error code. Manual: section "User Exception", "VM Fault".
 */
#include "kernel/assert.h"
#include "kernel/x86_64/x86.h"

enum {
    EXCEPTION_GENERAL_PROTECTION = 13,
    CODE_GATE = 2, /* of an error code: it names an entry of the interrupt table */
    CODE_SHIFT = 3,
    INT_UNKNOWN_FIRST = 158, /* from here on users may use it: a system call without a name */
    INT_SPURIOUS = 255,
    INT_SIZE = 2,
    NUMBER_BITS = 24 /* of that name, from rax; n is above */
};

/* The `int n` behind an exception that a host raised in place of seL4's gate; -1: it is none. */
static int software_interrupt(const struct trap *trap)
{
    bool is_gate = trap->kind == TRAP_EXCEPTION && trap->vector == EXCEPTION_GENERAL_PROTECTION &&
                   (trap->code & 7) == CODE_GATE;
    return is_gate ? (int)(trap->code >> CODE_SHIFT) : -1;
}

bool x86_trap_is_ignored(const struct trap *trap, struct context *context)
{
    if (software_interrupt(trap) != INT_SPURIOUS)
        return false;
    context->next_ip += INT_SIZE;
    context->reg[REG_FAULT_IP] = context->next_ip;
    return true;
}

struct fault x86_fault_of_trap(const struct trap *trap, const struct context *context)
{
    if (trap->kind == TRAP_VM_FAULT)
        return (struct fault){.type = FAULT_VM,
                              .address = trap->address,
                              .status = trap->status,
                              .is_instruction = trap->is_instruction};
    ASSERT(trap->kind == TRAP_EXCEPTION);
    int n = software_interrupt(trap);
    if (n >= INT_UNKNOWN_FIRST) {
        uint32_t number = (uint32_t)n << NUMBER_BITS | (context->reg[REG_RAX] & ((1u << NUMBER_BITS) - 1));
        return (struct fault){.type = FAULT_UNKNOWN_SYSCALL, .address = (uint64_t)(int64_t)(int32_t)number};
    }
    return (struct fault){.type = FAULT_USER_EXCEPTION, .address = trap->vector, .status = trap->code};
}
