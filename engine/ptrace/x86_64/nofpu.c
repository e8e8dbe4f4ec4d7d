/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that may not use the FPU.
 *
 * A host process cannot give up its FPU, so such a thread goes step by step, and
 * each instruction is looked at first. That is a thousand times slower than
 * running, and exact: nothing that touches vector or x87 state gets through.
 * Manual: section "Thread control block", seL4_TCBFlag_fpuDisabled.
 */
#define _XOPEN_SOURCE 700 /* for TRAP_TRACE */
#define _DEFAULT_SOURCE
#include <signal.h>

#include "engine/ptrace/state.h"
#include "engine/x86_64/instruction.h"

enum {
    VECTOR_DEVICE_NOT_AVAILABLE = 7
};

bool nofpu_refuses(const struct engine *e, const struct process *p, const struct context *context,
                   struct trap *trap)
{
    struct instruction instruction;
    if (!instruction_decode(e->k, p->vspace, context->next_ip, &instruction) ||
        !instruction_uses_fpu(&instruction))
        return false;
    *trap = (struct trap){.kind = TRAP_EXCEPTION, .vector = VECTOR_DEVICE_NOT_AVAILABLE};
    return true;
}

bool nofpu_is_step(struct engine *e, struct process *p, int stop)
{
    siginfo_t info;
    return stop == SIGTRAP && tracee_get_signal(e, p, &info) == 0 && info.si_code == TRAP_TRACE;
}
