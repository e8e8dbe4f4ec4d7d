/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor said about an exception: its number, error code and address.
 *
 * ptrace shows a signal only, and a signal does not tell 12 from 13 or 16 from 19,
 * nor a read from a write. The signal frame does. So the signal is delivered: to
 * a handler that is a breakpoint, on the stub's signal stack, which the monitor
 * reads. Dear (it resets the vector registers, and costs a turn of the guest
 * process), exact, and only done for exceptions that the guest hears of.
 */
#include <errno.h>
#include <string.h>
#include <ucontext.h>

#include "engine/ptrace/state.h"

enum {
    FRAME_ERROR = 19,
    FRAME_VECTOR = 20,
    FRAME_CR2 = 22
}; /* among the general registers of a signal frame */

/* Deliver the signal; the address of the ucontext. */
static int deliver(struct engine *e, struct process *p, int signal_number, uint64_t *frame)
{
    uint64_t handler = p->stub + (uint64_t)(stub_code_handler - stub_code);
    struct user_regs_struct registers = registers_plain();
    registers.rip = handler; /* stack pointer 0: not on the signal stack yet */
    int error = tracee_set_registers(e, p, &registers);
    p->has_frame = true;
    for (int number = signal_number; !error; number = 0) {
        error = tracee_continue(e, p, number);
        int stop = error ? error : tracee_wait(e, p);
        if (stop < 0)
            return stop;
        if (stop == SIGSEGV || stop == SYSCALL_STOP)
            return diag_errno(e->diag, EFAULT, "signal %d cannot be delivered to guest process %d",
                              signal_number, (int)p->pid);
        if (stop != SIGTRAP)
            continue; /* a kick; its cause is seen before the guest runs */
        error = tracee_get_registers(e, p, &registers);
        if (!error && registers.rip == handler + 1) {
            *frame = registers.rdx;
            return 0;
        }
    }
    return error;
}

int exception_capture(struct engine *e, struct process *p, int signal_number, struct exception *exception)
{
    uint64_t frame = 0, base = p->stub + offsetof(struct stub, frame);
    int error = vector_evict(e, p);
    if (!error)
        error = deliver(e, p, signal_number, &frame);
    if (error)
        return error;
    if (frame < base || frame - base > STUB_FRAME_SIZE - sizeof(ucontext_t))
        return diag_errno(e->diag, EFAULT, "the signal frame of guest process %d lies at 0x%llx", (int)p->pid,
                          (unsigned long long)frame);
    ucontext_t context;
    memcpy(&context, p->view->frame + (frame - base), sizeof(context));
    *exception = (struct exception){
        .vector = (uint64_t)context.uc_mcontext.gregs[FRAME_VECTOR],
        .code = (uint64_t)context.uc_mcontext.gregs[FRAME_ERROR],
        .address = (uint64_t)context.uc_mcontext.gregs[FRAME_CR2],
    };
    return 0;
}
