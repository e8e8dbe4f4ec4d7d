/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Can this host run the engine? Start a guest process and let it try a system call.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "engine/ptrace/state.h"
#include "host/fd.h"
#include "host/map.h"

/* A system call of the guest must stop before the host sees it. */
static int try_syscall(struct engine *e, struct process *p)
{
    struct user_regs_struct registers = registers_plain();
    registers.rip = p->stub + (uint64_t)(stub_code_syscall - stub_code);
    int error = tracee_set_registers(e, p, &registers);
    if (!error)
        error = tracee_run_guest(e, p);
    int stop = error ? error : tracee_wait(e, p);
    if (stop < 0)
        return stop;
    return stop == SYSCALL_STOP ? 0 : diag_errno(e->diag, ENOSYS, "a system call stops with signal %d", stop);
}

/* What usually stands in the way. */
static void explain(struct diag *diag)
{
    unsigned long long scope = fd_read_number("/proc/sys/kernel/yama/ptrace_scope", 0);
    if (scope >= 2)
        diag_add(diag, "kernel.yama.ptrace_scope is %llu", scope);
    diag_add(diag, "this host does not let a process be traced as needed");
}

int ptrace_engine_probe(struct diag *diag)
{
    struct engine *e = NULL;
    HOST_FD int arena_fd = fd_memory("selkie-probe", HOST_PAGE, diag);
    int error = arena_fd < 0 ? arena_fd : ptrace_engine_create(&e, arena_fd, diag);
    if (!error)
        error = process_start(e, &e->process[0]);
    if (!error)
        error = try_syscall(e, &e->process[0]);
    ptrace_engine_close(e);
    if (error)
        explain(diag);
    return error;
}
