/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals: what the host says when a guest traps, when time is up, and when the monitor wants something.
 *
 * A signal that hit the guest moves its registers into its context, makes its vector registers live again,
 * and goes on on the kernel's stack, never to return to the signal frame. One that hit the pad sets a flag
 * and returns; one that hit the exit makes it start over. The signal stack is free again as soon as the guest
 * runs, because the host looks at the stack pointer alone.
 */
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>

#include "engine/direct/pad/host.h"
#include "engine/direct/pad/pad.h"
#include "engine/direct/pad/patch.h"
#include "engine/direct/pad/vector.h"
#include "engine/x86_64/exception.h"

enum {
    FLAG_TRAP = 0x100,
    FLAG_RESUME = 0x10000,
    SYSCALL_SIZE = 2,
    VECTOR_GENERAL_PROTECTION = 13
};

static bool is_between(uint64_t ip, void (*start)(void), void (*end)(void))
{
    return ip >= (uint64_t)start && ip < (uint64_t)end;
}

static void registers_save(struct context *c, const struct sigcontext *s, uint64_t ip)
{
    uint64_t *reg = c->reg;
    reg[REG_FAULT_IP] = ip;
    reg[REG_RSP] = s->rsp;
    reg[REG_RFLAGS] = s->eflags & ~(uint64_t)FLAG_RESUME; /* processors differ in leaving it set by a fault */
    reg[REG_RAX] = s->rax;
    reg[REG_RBX] = s->rbx;
    reg[REG_RCX] = s->rcx;
    reg[REG_RDX] = s->rdx;
    reg[REG_RSI] = s->rsi;
    reg[REG_RDI] = s->rdi;
    reg[REG_RBP] = s->rbp;
    reg[REG_R8] = s->r8;
    reg[REG_R9] = s->r9;
    reg[REG_R10] = s->r10;
    reg[REG_R11] = s->r11;
    reg[REG_R12] = s->r12;
    reg[REG_R13] = s->r13;
    reg[REG_R14] = s->r14;
    reg[REG_R15] = s->r15;
    __asm__("rdfsbase %0" : "=r"(reg[REG_FS_BASE]));
    __asm__("rdgsbase %0" : "=r"(reg[REG_GS_BASE]));
    pad_private.fs = reg[REG_FS_BASE];
    pad_private.gs = reg[REG_GS_BASE];
    c->next_ip = ip;
    c->is_syscall = false;
    c->hint.generation = 0;
}

/* The host takes some values of a guest's rax for its own marks of a call to be restarted and changes them.
 * The number it reports is what they were. */
static uint64_t rax_repaired(const struct sigcontext *s, const siginfo_t *info)
{
    int64_t number = info->_sifields._sigsys._syscall;
    bool is_changed = number == -512 || number == -514 || number == -516;
    return is_changed && (int64_t)s->rax == -4 ? (uint64_t)number : s->rax;
}

static void trap_save(int number, const siginfo_t *info, const struct sigcontext *s)
{
    struct pad_trap *t = &pad_private.trap;
    *t = (struct pad_trap){.number = (uint32_t)number,
                           .code = info->si_code,
                           .vector = s->trapno,
                           .error = s->err,
                           .address = s->cr2};
    t->cs = s->cs;
    if (number != SIGSYS)
        return;
    t->call_address = (uint64_t)info->_sifields._sigsys._call_addr;
    t->call_arch = info->_sifields._sigsys._arch;
    pad_core.context->reg[REG_RAX] = rax_repaired(s, info);
}

/* The pad itself faulted, which only a guest that writes into it, or jumps there, can bring about. */
static _Noreturn void crash(int number, const struct sigcontext *s)
{
    struct pad_request *r = &pad_core.request;
    r->address = s->rip;
    r->value = s->cr2;
    r->width = (uint32_t)number;
    baton_fail(PAD_CRASHED);
}

/* The signal hit the pad. */
static void *signal_in_pad(int number, bool is_sent, struct ucontext *uc)
{
    struct sigcontext *s = &uc->uc_mcontext;
    bool is_exit = is_between(s->rip, pad_exit, pad_exit_end);
    if (is_sent) {
        atomic_store(&pad_private.pending, 1);
        if (is_exit)
            s->rip = (uint64_t)pad_exit_again;
        return NULL;
    }
    if (number == SIGTRAP && (s->eflags & FLAG_TRAP)) { /* the guest's, brought in by a jump */
        s->eflags &= ~(uint64_t)FLAG_TRAP;
        return NULL;
    }
    if (is_exit && number == SIGSEGV) {
        /* The last instruction of the exit refuses an address that is none. */
        pad_private.trap = (struct pad_trap){
            .number = SIGSEGV, .code = SI_KERNEL, .vector = VECTOR_GENERAL_PROTECTION, .cs = s->cs};
        pad_core.context->reg[REG_FAULT_IP] = pad_core.context->next_ip;
        pad_core.context->is_syscall = false;
        pad_vector_load_frame((void *)s->fpstate);
        return (void *)(uint64_t)pad_trapped;
    }
    crash(number, s);
}

/* The guest jumped into the host's vsyscall page, far above what a user may touch. The host has emulated the
 * return from there already. DIFFERS: rax is lost. */
static void vsyscall_refuse(struct sigcontext *s, const siginfo_t *info)
{
    s->rip = (uint64_t)info->_sifields._sigsys._call_addr;
    s->rsp -= sizeof(uint64_t);
    s->trapno = EXCEPTION_PAGE_FAULT;
    s->err = PAGE_FAULT_USER | PAGE_FAULT_FETCH;
    s->cr2 = s->rip;
}

/* From assembly. Where to go on, on the kernel's stack; NULL: where it hit. */
void *pad_signal(int number, const siginfo_t *info, struct ucontext *uc);
void *pad_signal(int number, const siginfo_t *info, struct ucontext *uc)
{
    struct sigcontext *s = &uc->uc_mcontext;
    bool is_sent = info->si_code <= 0 || number == SIGALRM || number == SIGUSR1;
    uint64_t ip = s->rip;
    bool is_entry = false;
    if (number == SIGALRM) {
        pad_private.armed_ns = UINT64_MAX;
        pad_private.covers_tick = false;
    }
    if (number == SIGSYS && info->si_code == SYS_SECCOMP) {
        vsyscall_refuse(s, info);
        number = SIGSEGV;
        ip = s->rip;
    }
    if (!is_sent && number == SIGTRAP && ip == (uint64_t)pad_entry)
        /* The guest's jump in, stepped: nothing has happened yet, so it went to the `syscall` that it stands
         * for. */
        s->rip = ip = s->rcx - SYSCALL_SIZE;
    if (ip - pad_core.base < PAD_CORE) {
        pad_private.hit = is_sent ? HIT_PAD : pad_private.hit;
        return signal_in_pad(number, is_sent, uc);
    }
    if (patch_place(&pad_core, &pad_private, s->rip, &ip, &is_entry)) {
        pad_private.hit = HIT_THUNK;
        is_entry = is_entry && ip != s->rip; /* at the site itself nothing has happened yet */
        if (is_entry && is_sent) {
            atomic_store(&pad_private.pending, 1);
            return NULL;
        }
    } else {
        pad_private.hit = HIT_GUEST;
        is_entry = false;
    }
    registers_save(pad_core.context, s, ip);
    pad_vector_load_frame((void *)s->fpstate);
    if (is_sent)
        return (void *)(uint64_t)pad_attend;
    trap_save(number, info, s);
    pad_private.trap.is_in_thunk = ip != s->rip;
    if (is_entry && number == SIGTRAP) /* a single step ended on the way in: that is the system call */
        pad_private.trap =
            (struct pad_trap){.number = SIGSYS, .call_address = ip + SYSCALL_SIZE, .cs = s->cs};
    return (void *)(uint64_t)pad_trapped;
}

void pad_signals_install(void)
{
    static const int handled[] = {SIGSYS, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGALRM, SIGUSR1};
    struct {
        uint64_t handler, flags, restorer, mask;
    } action = {(uint64_t)SIG_IGN, SA_RESTORER, (uint64_t)pad_signal_restorer, 0};
    for (int number = 1; number < 65; number++)
        host_call4(__NR_rt_sigaction, (uint64_t)number, (uint64_t)&action, 0, sizeof(action.mask));
    action.handler = (uint64_t)pad_signal_entry;
    action.flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTORER;
    for (unsigned i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
        host_call4(__NR_rt_sigaction, (uint64_t)handled[i], (uint64_t)&action, 0, sizeof(action.mask));
}
