/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every engine does to a thread's saved registers.
 */
#include "engine/x86_64/context.h"

bool address_is_canonical(uint64_t address)
{
    return address + (1ull << 47) < 1ull << 48;
}

void registers_settle(struct context *context)
{
    if (context->is_syscall) {
        context->reg[REG_RCX] = context->next_ip;
        context->reg[REG_R11] = context->reg[REG_RFLAGS];
    }
    context->reg[REG_FAULT_IP] = context->next_ip;
    context->is_syscall = false;
}

enum {
    FLAG_TRAP = 0x100
};

bool context_traps_at_once(const struct context *context)
{
    return context->is_syscall && (context->reg[REG_RFLAGS] & FLAG_TRAP);
}
