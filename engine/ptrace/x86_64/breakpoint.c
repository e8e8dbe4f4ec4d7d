/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints of threads: the debug registers of a process hold those of the thread that it runs.
 * They are written only when they change.
 */
#include <string.h>

#include "engine/ptrace/state.h"
#include "host/debug_registers.h"

_Static_assert((int)DEBUG_REGISTERS == (int)KERNEL_BREAKPOINTS, "one to one");

static void remark_refused(struct engine *e)
{
    const struct machine_console *console = &e->k->machine->console;
    if (console->remark)
        console->remark(console->world, "the host refuses breakpoints; they will not be hit");
}

void breakpoints_load(struct engine *e, struct process *p, const struct breakpoints *wanted)
{
    static const struct breakpoints none = {.control = 0};
    if (!wanted)
        wanted = &none;
    if (memcmp(&p->breakpoints, wanted, sizeof(*wanted)) == 0)
        return;
    p->breakpoints = *wanted;
    if (debug_registers_write(p->pid, wanted->address, wanted->control) < 0)
        remark_refused(e);
}

uint32_t breakpoints_hit(const struct process *p)
{
    uint32_t status = 0;
    if (p->breakpoints.control == 0 || debug_registers_hits(p->pid, &status) < 0)
        return 0;
    return status & (TRAP_DEBUG_BREAKPOINTS | TRAP_DEBUG_STEP);
}
