/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints of threads: the debug registers of a guest process hold those of the thread that it runs.
 *
 * Only ptrace writes them, so the monitor stops the process that asks, which is waiting for the answer
 * anyway, and lets it go again. What they hit is a signal to the process like any other trap.
 */
#include <string.h>

#include "engine/direct/monitor.h"
#include "host/debug_registers.h"

_Static_assert((int)DEBUG_REGISTERS == (int)KERNEL_BREAKPOINTS, "one to one");

static void remark_refused(struct engine *e)
{
    const struct machine_console *console = &e->k->machine->console;
    if (console->remark)
        console->remark(console->world, "the host refuses breakpoints; they will not be hit");
}

/* Selkie's own memory is no business of a guest's breakpoints. */
static void leave_out_own(const struct engine *e, struct breakpoints *b)
{
    for (unsigned i = 0; i < KERNEL_BREAKPOINTS; i++)
        if (b->address[i] >= e->core->base && b->address[i] < e->core->end)
            b->control &= ~(3ull << 2 * i);
}

int serve_breakpoints(struct engine *e, unsigned process)
{
    struct breakpoints wanted = {.control = 0};
    struct debug_pause pause;
    const struct next next = kernel_next(e->k, 0);
    if (next.kind == NEXT_RUN && next.breakpoints)
        memcpy(&wanted, next.breakpoints, sizeof(wanted));
    leave_out_own(e, &wanted);
    int error = debug_pause(e->process[process].pid, &pause);
    if (!error) {
        error = debug_registers_write(pause.pid, wanted.address, wanted.control);
        debug_resume(&pause);
    }
    if (error)
        remark_refused(e);
    return 0;
}

int serve_hits(struct engine *e, unsigned process)
{
    struct debug_pause pause;
    uint32_t status = 0;
    if (debug_pause(e->process[process].pid, &pause) == 0) {
        debug_registers_hits(pause.pid, &status);
        debug_resume(&pause);
    }
    e->core->request.value = status;
    return 0;
}
