/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a guest process: a traced child that becomes the tiny program that engine_create made.
 */
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "engine/ptrace/state.h"
#include "host/process.h"
#include "host/spawn.h"

pid_t spawn_tracee(struct engine *e)
{
    const struct spawn_plan plan = {
        .fd = {[STUB_FD_ARENA] = e->arena_fd, [STUB_FD_STUBS] = e->stubs_fd},
        .fd_count = STUB_FD_STUBS + 1,
        .program_fd = e->program_fd,
        .is_traced = true,
    };
    int status = 0;
    pid_t pid = spawn_program(&plan, e->diag);
    if (pid < 0)
        return pid;
    int error = process_wait(pid, &status);
    if (error)
        return diag_errno(e->diag, error, "cannot wait for a new guest process");
    if (!WIFSTOPPED(status)) {
        process_describe(e->diag, pid, status);
        diag_add(e->diag, "a new guest process did not start");
        return -EOWNERDEAD;
    }
    if (ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD) < 0) {
        error = diag_errno(e->diag, errno, "cannot trace a guest process");
        process_end(pid);
        return error;
    }
    return pid;
}
