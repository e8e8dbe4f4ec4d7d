/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor said, in the kernel's words.
 */
#include "engine/x86_64/exception.h"

#include "engine/x86_64/context.h"

enum {
    INSTRUCTION_SIZE = 2, /* of `syscall` and of `int` */
    INT_OPCODE = 0xcd,
    INT_LINUX = 0x80,
    CODE_GATE = 2 /* of an error code: the selector is one of the table of interrupts */
};

struct trap trap_vm_fault(uint64_t address, unsigned status, bool is_instruction)
{
    return (struct trap){.kind = TRAP_VM_FAULT,
                         .address = address,
                         .status = PAGE_FAULT_USER | status,
                         .is_instruction = is_instruction};
}

struct trap trap_exception(uint64_t vector, uint64_t code)
{
    return (struct trap){.kind = TRAP_EXCEPTION, .vector = (uint32_t)vector, .code = (uint32_t)code};
}

struct trap trap_refused_int(unsigned number, struct context *context)
{
    context->next_ip -= INSTRUCTION_SIZE;
    context->reg[REG_FAULT_IP] = context->next_ip;
    context->is_syscall = false;
    return trap_exception(EXCEPTION_GENERAL_PROTECTION, number * 8 + CODE_GATE);
}

/* A host with 57-bit addresses has page faults where ours has general protection faults. */
static bool page_fault_decode(const struct exception *x, const struct translation *tables, struct trap *trap)
{
    unsigned write = (unsigned)x->code & PAGE_FAULT_WRITE;
    bool is_known = tables->is_present || tables->is_forbidden;
    if (!address_is_canonical(x->address)) {
        *trap = trap_exception(EXCEPTION_GENERAL_PROTECTION, 0);
        return true;
    }
    if (tables->is_present && (tables->is_writable || !write))
        return false;
    *trap =
        trap_vm_fault(x->address, (is_known ? PAGE_FAULT_PRESENT : 0) | write, x->code & PAGE_FAULT_FETCH);
    return true;
}

bool trap_of_exception(const struct exception *x, const struct translation *tables, struct context *context,
                       struct trap *trap)
{
    if (x->vector == EXCEPTION_PAGE_FAULT)
        return page_fault_decode(x, tables, trap);
    /* `int $4` is open to users on the host but not on seL4, where it is refused as every other `int` but 3. */
    *trap = x->vector == EXCEPTION_OVERFLOW ? trap_refused_int(EXCEPTION_OVERFLOW, context)
                                            : trap_exception(x->vector, x->code);
    return true;
}

/* To seL4 `int $0x80` is a general protection fault, as every `int` is. DIFFERS: the upper half of the
 * guest's rax is lost by then. */
struct trap trap_of_syscall(const struct kernel *k, uint64_t vspace, struct context *context)
{
    unsigned char bytes[INSTRUCTION_SIZE] = {0};
    uint64_t ip = context->next_ip - INSTRUCTION_SIZE;
    if (kernel_read_user(k, vspace, ip, bytes, sizeof(bytes)) == sizeof(bytes) && bytes[0] == INT_OPCODE &&
        bytes[1] == INT_LINUX)
        return trap_refused_int(INT_LINUX, context);
    context->reg[REG_FAULT_IP] = ip;
    context->is_syscall = true;
    return (struct trap){.kind = TRAP_SYSCALL};
}
