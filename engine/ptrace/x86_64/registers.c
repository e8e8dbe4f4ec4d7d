/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between a thread's context and the registers that ptrace exchanges.
 *
 * orig_rax is written as -1 each time: with anything else, the host would take a
 * guest's rax of -512 to -516 for a system call of its own to be restarted.
 */
#include "engine/ptrace/state.h"
#include "engine/x86_64/context.h"

enum {
    FLAG_RESUME = 1u << 16
};

struct user_regs_struct registers_plain(void)
{
    return (struct user_regs_struct){
        .cs = USER_CS,
        .ss = USER_SS,
        .eflags = 0x202,
        .orig_rax = (unsigned long long)-1,
    };
}

/* Segment bases that ptrace refuses but `wrfsbase` takes. A base that even the processor refuses is none. */
static int bases_load(struct engine *e, struct process *p, struct user_regs_struct *r)
{
    bool is_ordinary = r->fs_base < ABI_USER_TOP && r->gs_base < ABI_USER_TOP;
    if (is_ordinary)
        return tracee_set_registers(e, p, r);
    uint64_t fs = address_is_canonical(r->fs_base) ? r->fs_base : 0,
             gs = address_is_canonical(r->gs_base) ? r->gs_base : 0;
    if (!e->has_fsgsbase)
        fs = gs = 0;
    int error = inject_bases(e, p, fs, gs);
    if (error)
        return error;
    return tracee_set_main_registers(e, p, r);
}

int registers_load(struct engine *e, struct process *p, const struct context *context)
{
    const uint64_t *reg = context->reg;
    struct user_regs_struct r = registers_plain();
    r.rip = context->next_ip;
    r.rsp = reg[REG_RSP];
    r.eflags = reg[REG_RFLAGS];
    r.rax = reg[REG_RAX];
    r.rbx = reg[REG_RBX];
    r.rcx = context->is_syscall ? context->next_ip : reg[REG_RCX];
    r.rdx = reg[REG_RDX];
    r.rsi = reg[REG_RSI];
    r.rdi = reg[REG_RDI];
    r.rbp = reg[REG_RBP];
    r.r8 = reg[REG_R8];
    r.r9 = reg[REG_R9];
    r.r10 = reg[REG_R10];
    r.r11 = context->is_syscall ? reg[REG_RFLAGS] : reg[REG_R11];
    r.r12 = reg[REG_R12];
    r.r13 = reg[REG_R13];
    r.r14 = reg[REG_R14];
    r.r15 = reg[REG_R15];
    r.fs_base = reg[REG_FS_BASE];
    r.gs_base = reg[REG_GS_BASE];
    return bases_load(e, p, &r);
}

void registers_save(struct context *context, const struct user_regs_struct *r)
{
    uint64_t *reg = context->reg;
    reg[REG_FAULT_IP] = r->rip;
    reg[REG_RSP] = r->rsp;
    reg[REG_RFLAGS] = r->eflags & ~(uint64_t)FLAG_RESUME; /* processors differ in leaving it set by a fault */
    reg[REG_RAX] = r->rax;
    reg[REG_RBX] = r->rbx;
    reg[REG_RCX] = r->rcx;
    reg[REG_RDX] = r->rdx;
    reg[REG_RSI] = r->rsi;
    reg[REG_RDI] = r->rdi;
    reg[REG_RBP] = r->rbp;
    reg[REG_R8] = r->r8;
    reg[REG_R9] = r->r9;
    reg[REG_R10] = r->r10;
    reg[REG_R11] = r->r11;
    reg[REG_R12] = r->r12;
    reg[REG_R13] = r->r13;
    reg[REG_R14] = r->r14;
    reg[REG_R15] = r->r15;
    reg[REG_FS_BASE] = r->fs_base;
    reg[REG_GS_BASE] = r->gs_base;
    context->next_ip = r->rip;
    context->is_syscall = false;
}
