/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ptrace requests, checked. A request that finds no process means that
 * somebody killed it.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "engine/ptrace/state.h"
#include "host/fd.h"
#include "host/process.h"

#ifndef PTRACE_SYSEMU
#define PTRACE_SYSEMU 31
#endif

static int report_end(struct engine *e, struct process *p, const int *status)
{
    if (e->diag)
        e->diag->text[0] = 0;
    if (status)
        process_describe(e->diag, p->pid, *status);
    else
        diag_add(e->diag, "process %d is gone", (int)p->pid);
    fd_close_at(&p->watch_fd);
    p->state = PROCESS_NONE;
    p->pid = 0;
    p->vector_owner = 0;
    if (e->last == p)
        e->last = NULL;
    return -EOWNERDEAD;
}

/* Wait for a change of state, which is a stop; or for the end, which is reported. */
static int wait_for(struct engine *e, struct process *p, int *status)
{
    int error = process_wait(p->pid, status);
    if (error == -ECHILD)
        return report_end(e, p, NULL); /* where SIGCHLD is ignored, the host does not keep the reason */
    if (error)
        return diag_errno(e->diag, error, "cannot wait for guest process %d", (int)p->pid);
    return WIFSTOPPED(*status) ? 0 : report_end(e, p, status);
}

/* A request found no stopped process. */
static int lost(struct engine *e, struct process *p)
{
    int status = 0;
    int error = wait_for(e, p, &status);
    if (error)
        return error;
    return diag_errno(e->diag, ESRCH, "guest process %d was running unasked (0x%x)", (int)p->pid,
                      (unsigned)status);
}

static int failed(struct engine *e, struct process *p, const char *what)
{
    if (errno == ESRCH)
        return lost(e, p);
    return diag_errno(e->diag, errno, "cannot %s guest process %d", what, (int)p->pid);
}

int tracee_get_registers(struct engine *e, struct process *p, struct user_regs_struct *registers)
{
    return ptrace(PTRACE_GETREGS, p->pid, 0, registers) < 0 ? failed(e, p, "read registers of") : 0;
}

int tracee_set_registers(struct engine *e, struct process *p, const struct user_regs_struct *registers)
{
    return ptrace(PTRACE_SETREGS, p->pid, 0, registers) < 0 ? failed(e, p, "write registers of") : 0;
}

int tracee_set_main_registers(struct engine *e, struct process *p, const struct user_regs_struct *registers)
{
    struct iovec io = {.iov_base = (void *)(uintptr_t)registers,
                       .iov_len = offsetof(struct user_regs_struct, fs_base)};
    return ptrace(PTRACE_SETREGSET, p->pid, NT_PRSTATUS, &io) < 0 ? failed(e, p, "write registers of") : 0;
}

int tracee_get_signal(struct engine *e, struct process *p, siginfo_t *info)
{
    return ptrace(PTRACE_GETSIGINFO, p->pid, 0, info) < 0 ? failed(e, p, "read the signal of") : 0;
}

int tracee_get_vector(struct engine *e, struct process *p, void *image, size_t *size)
{
    struct iovec io = {.iov_base = image, .iov_len = *size};
    if (ptrace(PTRACE_GETREGSET, p->pid, NT_X86_XSTATE, &io) < 0)
        return failed(e, p, "read vector registers of");
    *size = io.iov_len;
    return 0;
}

int tracee_set_vector(struct engine *e, struct process *p, const void *image, size_t size)
{
    struct iovec io = {.iov_base = (void *)(uintptr_t)image, .iov_len = size};
    return ptrace(PTRACE_SETREGSET, p->pid, NT_X86_XSTATE, &io) < 0
               ? failed(e, p, "write vector registers of")
               : 0;
}

static int resume(struct engine *e, struct process *p, enum __ptrace_request request, int signal_number)
{
    return ptrace(request, p->pid, 0, signal_number) < 0 ? failed(e, p, "resume") : 0;
}

int tracee_continue(struct engine *e, struct process *p, int signal_number)
{
    return resume(e, p, PTRACE_CONT, signal_number);
}

int tracee_run_guest(struct engine *e, struct process *p)
{
    return resume(e, p, PTRACE_SYSEMU, 0);
}

int tracee_step_guest(struct engine *e, struct process *p)
{
    return resume(e, p, PTRACE_SYSEMU_SINGLESTEP, 0);
}

int tracee_wait(struct engine *e, struct process *p)
{
    int status = 0;
    int error = wait_for(e, p, &status);
    return error ? error : WSTOPSIG(status);
}
