/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What processor exceptions are to seL4: a page fault is a VM fault, anything
 * else that user code raises is a user exception with the processor's own
 * number and error code. Manual: section "User Exception", "VM Fault".
 */
#include "kernel/assert.h"
#include "kernel/x86_64/x86.h"

struct fault x86_fault_of_trap(const struct trap *trap)
{
    if (trap->kind == TRAP_VM_FAULT)
        return (struct fault){.type = FAULT_VM,
                              .address = trap->address,
                              .status = trap->status,
                              .is_instruction = trap->is_instruction};
    ASSERT(trap->kind == TRAP_EXCEPTION);
    return (struct fault){.type = FAULT_USER_EXCEPTION, .address = trap->vector, .status = trap->code};
}
