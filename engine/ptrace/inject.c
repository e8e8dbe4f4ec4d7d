/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host system calls made by a guest process, through the code of its stub.
 * The guest's registers are lost: whoever resumes it loads them all.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "engine/ptrace/state.h"

/* Run stub code with these registers until the breakpoint that ends at `stop_ip`. */
static int inject_run(struct engine *e, struct process *p, struct user_regs_struct *registers,
                      uint64_t stop_ip)
{
    int error = tracee_set_registers(e, p, registers);
    if (error)
        return error;
    for (;;) {
        error = tracee_continue(e, p, 0);
        if (error)
            return error;
        int stop = tracee_wait(e, p);
        if (stop < 0)
            return stop;
        if (stop == SIGTRAP) {
            error = tracee_get_registers(e, p, registers);
            if (error || registers->rip == stop_ip)
                return error;
            continue; /* somebody outside sent it */
        }
        if (stop == SIGSEGV || stop == SIGBUS || stop == SIGILL || stop == SIGFPE)
            return diag_errno(e->diag, EFAULT, "the stub of guest process %d got signal %d", (int)p->pid,
                              stop);
        /* A kick that came too late for the guest. Its cause is seen before the guest runs. */
    }
}

int inject_at(struct engine *e, struct process *p, uint64_t ip, const struct stub_call *call, int64_t *result)
{
    struct user_regs_struct registers = registers_plain();
    registers.rip = ip;
    registers.rax = call->number;
    registers.rdi = call->argument[0];
    registers.rsi = call->argument[1];
    registers.rdx = call->argument[2];
    registers.r10 = call->argument[3];
    registers.r8 = call->argument[4];
    registers.r9 = call->argument[5];
    int error = inject_run(e, p, &registers, ip + (uint64_t)(stub_boot_end - stub_boot));
    *result = (int64_t)registers.rax;
    return error;
}

int inject_calls(struct engine *e, struct process *p, const struct stub_call *calls, unsigned count,
                 unsigned *failed, int64_t *result)
{
    memcpy(p->view->call, calls, count * sizeof(*calls));
    uint64_t first = p->stub + offsetof(struct stub, call);
    struct user_regs_struct registers = registers_plain();
    registers.rip = p->stub;
    registers.rbx = first;
    registers.rbp = first + count * sizeof(*calls);
    int error = inject_run(e, p, &registers, p->stub + (uint64_t)(stub_code_bases - stub_code));
    if (error)
        return error;
    *failed = (unsigned)((registers.rbx - first) / sizeof(*calls));
    *result = (int64_t)registers.rax;
    return 0;
}

int inject_bases(struct engine *e, struct process *p, uint64_t fs_base, uint64_t gs_base)
{
    struct user_regs_struct registers = registers_plain();
    registers.rip = p->stub + (uint64_t)(stub_code_bases - stub_code);
    registers.rax = fs_base;
    registers.rcx = gs_base;
    return inject_run(e, p, &registers, p->stub + (uint64_t)(stub_code_handler - stub_code));
}
