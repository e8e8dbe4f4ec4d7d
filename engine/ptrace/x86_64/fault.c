/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stop of a guest process means to the kernel: a system call, a page fault,
 * another exception, or nothing (a kick, a miss of the mapping cache).
 * The words for it are those of engine/x86_64/exception.h.
 */
#include <errno.h>
#include <stdio.h>

#include "engine/ptrace/state.h"
#include "engine/x86_64/exception.h"
#include "engine/x86_64/tsc.h"

enum {
    MISSES_MAX = 8, /* of one instruction at one address, in a row */
    FLAG_TRAP = 1 << 8
};

#define SI_OF_PROCESSOR 0x80 /* SI_KERNEL: an exception that is no page fault */

/* An exception that the guest hears of; `tables` is what they say, should it be a page fault: not present. */
static int captured(struct engine *e, struct process *p, struct context *context, int signal_number,
                    const struct translation *tables, struct trap *trap)
{
    struct exception x = {0};
    int error = exception_capture(e, p, signal_number, &x);
    if (!error)
        trap_of_exception(&x, tables, context, trap);
    return error;
}

/* A miss that filling does not cure would go on for ever. */
static int miss_check(struct engine *e, const struct process *p, uint64_t ip, uint64_t address)
{
    struct miss_guard *g = &e->guard;
    if (g->vspace != p->vspace || g->ip != ip || g->address != address)
        *g = (struct miss_guard){.vspace = p->vspace, .ip = ip, .address = address};
    if (++g->repeats <= MISSES_MAX)
        return 0;
    return diag_errno(e->diag, EFAULT, "guest process %d cannot use 0x%llx, which is mapped for it",
                      (int)p->pid, (unsigned long long)address);
}

static void remark_refused(struct engine *e, uint64_t address)
{
    const struct machine_console *console = &e->k->machine->console;
    if (e->has_remarked || !console->remark)
        return;
    char text[128];
    snprintf(text, sizeof(text), "the host refuses a mapping at 0x%llx; the access is a fault",
             (unsigned long long)address);
    console->remark(console->world, text);
    e->has_remarked = true;
}

static int signal_decode(struct engine *e, struct process *p, struct context *context, int stop,
                         struct trap *trap, bool *is_trap);

/* A device register is touched. The instruction may fault for reasons of its own, such as another page that
 * it needs as well: that is decoded first, and the instruction comes again if it still can. */
static int device_decode(struct engine *e, struct process *p, struct context *context, uint64_t address,
                         const struct translation *t, struct trap *trap, bool *is_trap, bool *is_done)
{
    int stop = 0;
    int error = mmio_access(e, p, context, address, t, is_done, &stop);
    if (error || !stop)
        return error;
    *is_trap = true;
    error = signal_decode(e, p, context, stop, trap, is_trap);
    return error ? error : mmio_release(e, p, address);
}

static int page_fault_decode(struct engine *e, struct process *p, struct context *context,
                             const siginfo_t *info, struct trap *trap, bool *is_trap)
{
    uint64_t address = (uint64_t)(uintptr_t)info->si_addr;
    struct translation t = {0};
    if (address < ABI_USER_TOP)
        t = kernel_translate(e->k, p->vspace, address);
    if (t.is_present && info->si_code == SEGV_ACCERR && !t.is_writable) {
        /* The host has the page, readable and executable, so this was a write. */
        *trap = trap_vm_fault(address, PAGE_FAULT_PRESENT | PAGE_FAULT_WRITE, false);
        return 0;
    }
    if (t.is_present && address < e->address_min) {
        /* DIFFERS: where the host refuses mappings, a mapped page faults as if it were not. */
        remark_refused(e, address);
        t.is_present = false;
    }
    if (!t.is_present)
        return captured(e, p, context, SIGSEGV, &t, trap);
    *is_trap = false;
    bool is_done = false;
    if (machine_is_window(t.paddr) && t.is_cached && address == context->next_ip) {
        *is_trap = true; /* code on a file system that allows none */
        *trap = trap_vm_fault(address, PAGE_FAULT_PRESENT, true);
        return 0;
    }
    int error = t.is_device ? device_decode(e, p, context, address, &t, trap, is_trap, &is_done) : 0;
    if (error || is_done)
        return error;
    error = miss_check(e, p, context->next_ip, address);
    return error ? error : fill_page(e, p, address, &t);
}

/* The host has no memory for a page of a window: the file has ended. */
static int end_of_file_decode(struct engine *e, struct process *p, struct trap *trap)
{
    struct exception x;
    int error = exception_capture(e, p, SIGBUS, &x);
    if (!error)
        *trap = trap_vm_fault(x.address, PAGE_FAULT_PRESENT | (unsigned)(x.code & PAGE_FAULT_WRITE),
                              x.code & PAGE_FAULT_FETCH);
    return error;
}

static int signal_decode(struct engine *e, struct process *p, struct context *context, int stop,
                         struct trap *trap, bool *is_trap)
{
    siginfo_t info;
    int error = tracee_get_signal(e, p, &info);
    if (error)
        return error;
    if (info.si_code <= 0) { /* sent by somebody outside */
        *is_trap = false;
        return 0;
    }
    if (stop == SIGSEGV && info.si_code == SI_OF_PROCESSOR && tsc_emulate(e->k, p->vspace, context)) {
        *is_trap = context->reg[REG_RFLAGS] & FLAG_TRAP;
        *trap = trap_exception(EXCEPTION_DEBUG, 0);
        return 0;
    }
    uint32_t debug_status = stop == SIGTRAP ? breakpoints_hit(p) : 0;
    if (debug_status & TRAP_DEBUG_BREAKPOINTS) {
        *trap = trap_exception(EXCEPTION_DEBUG, 0);
        trap->debug_status = debug_status;
        return 0;
    }
    if (stop == SIGSEGV && (info.si_code == SEGV_MAPERR || info.si_code == SEGV_ACCERR))
        return page_fault_decode(e, p, context, &info, trap, is_trap);
    /* What else is a SIGBUS is an exception: 11, 12 or 17. */
    bool is_memory_missing =
        info.si_code >= BUS_ADRERR && info.si_code <= BUS_OBJERR + 2; /* and its machine checks */
    struct translation t = {.is_present = false};
    if (stop == SIGBUS && (uint64_t)(uintptr_t)info.si_addr < ABI_USER_TOP)
        t = kernel_translate(e->k, p->vspace, (uint64_t)(uintptr_t)info.si_addr);
    if (stop == SIGBUS && is_memory_missing && t.is_present && machine_is_window(t.paddr))
        return end_of_file_decode(e, p, trap);
    if (stop == SIGBUS && is_memory_missing)
        return diag_errno(e->diag, ENOMEM, "the host has no memory behind 0x%llx of guest process %d",
                          (unsigned long long)(uintptr_t)info.si_addr, (int)p->pid);
    return captured(e, p, context, stop, &(struct translation){0}, trap);
}

static bool is_fault_signal(int stop)
{
    return stop == SIGSEGV || stop == SIGBUS || stop == SIGILL || stop == SIGFPE || stop == SIGTRAP;
}

int fault_decode(struct engine *e, struct process *p, struct context *context, int stop,
                 const struct user_regs_struct *registers, struct trap *trap, bool *is_trap)
{
    uint64_t ip = registers->rip;
    *is_trap = true;
    if (ip >= p->stub && ip < p->stub + sizeof(struct stub)) {
        *trap = trap_vm_fault(ip, 0, true);
        return 0;
    }
    if (registers->cs != USER_CS) {
        /* DIFFERS: seL4 has no 32-bit code segment, so getting into one (far jump, or `sysenter` on some
         * processors) is a general protection fault; here it is one after the fact. */
        *trap = trap_exception(EXCEPTION_GENERAL_PROTECTION, 0);
        return 0;
    }
    if (stop == SYSCALL_STOP) {
        *trap = trap_of_syscall(e->k, p->vspace, context);
        return 0;
    }
    if (is_fault_signal(stop))
        return signal_decode(e, p, context, stop, trap, is_trap);
    *is_trap = false;
    return 0;
}
