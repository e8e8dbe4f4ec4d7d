/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guest processes ask the monitor: devices, patches, instructions to look at, bad news. All of it may
 * have been written by a guest.
 */
#include <errno.h>
#include <string.h>

#include "engine/direct/monitor.h"
#include "host/guard.h"

enum {
    ERRNO_MAX = 4095
};

void console_drain(struct engine *e)
{
    struct pad_core *core = e->core;
    const struct machine_console *console = &e->k->machine->console;
    uint32_t put = atomic_load(&core->console_put), got = atomic_load(&core->console_got);
    if (put - got > PAD_CONSOLE) /* overwritten by a guest */
        got = put;
    for (; got != put; got++)
        console->put(console->world, core->console[got % PAD_CONSOLE]);
    atomic_store(&core->console_got, put);
}

/* What a process says is copied before it is looked at, and the text cannot harm a terminal. */
static struct pad_request request_read(const struct engine *e)
{
    struct pad_request r = e->core->request;
    size_t length = strnlen(r.text, sizeof(r.text) - 1);
    r.text[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (r.text[i] < ' ' || r.text[i] > '~')
            r.text[i] = '?';
    return r;
}

static int serve_failure(struct engine *e, const struct pad_request *r)
{
    switch (r->kind) {
    case PAD_FAILED:
        if (r->address - 1 >= ERRNO_MAX)
            return broken(e, "a guest process failed for no reason");
        return diag_errno(e->diag, (int)r->address, "%s at 0x%llx", r->text, (unsigned long long)r->value);
    case PAD_ASSERTED:
        return broken(e, "assertion failed at line %llu of %s", (unsigned long long)r->value, r->text);
    case PAD_CRASHED:
        return broken(
            e,
            "the kernel's own code in a guest process was hit by signal %u at 0x%llx, which touched 0x%llx",
            r->width, (unsigned long long)r->address, (unsigned long long)r->value);
    default:
        return broken(e, "a guest process asks what nobody can answer");
    }
}

static void serve_route(const struct machine_bus *bus, const uint32_t route[5])
{
    bus->irq_route_ioapic(bus->world, route[0], route[1], route[2], route[3] != 0, route[4] != 0);
}

static int serve_patch(struct engine *e, const struct pad_request *r)
{
    int error = doubt_tables(e, r->process);
    if (error)
        return error;
    if (r->kind == PAD_PATCH)
        return patch_install(&e->patcher, r->process, r->address);
    patch_unpatch(&e->patcher, r->process, r->address);
    return 0;
}

static int serve_port(struct engine *e, const struct pad_request *r)
{
    const struct machine_bus *bus = &e->k->machine->bus;
    if (r->width != 1 && r->width != 2 && r->width != 4)
        return broken(e, "a guest process asks for an I/O port of %u bytes", r->width);
    if (r->kind == PAD_PORT_IN)
        e->core->request.value = bus->port_in(bus->world, (uint16_t)r->address, r->width);
    else
        bus->port_out(bus->world, (uint16_t)r->address, r->width, (uint32_t)r->value);
    return 0;
}

int serve(struct engine *e, unsigned *process, bool *is_look)
{
    const struct machine_bus *bus = &e->k->machine->bus;
    const struct machine_console *console = &e->k->machine->console;
    const struct pad_request r = request_read(e);
    console_drain(e);
    guard_alive();
    if (r.kind != PAD_LOOK && (r.process >= PAD_PROCESSES || e->process[r.process].pid == 0))
        return broken(e, "a question of a guest process that there is none of");
    *process = r.process;
    switch (r.kind) {
    case PAD_LOOK:
        *is_look = true;
        return 0;
    case PAD_PORT_IN:
    case PAD_PORT_OUT:
        return serve_port(e, &r);
    case PAD_IRQ_MASK:
        bus->irq_mask(bus->world, (uint32_t)r.address, r.value != 0);
        return 0;
    case PAD_IRQ_ROUTE:
        serve_route(bus, r.route);
        return 0;
    case PAD_REMARK:
        if (console->remark)
            console->remark(console->world, r.text);
        return 0;
    case PAD_FLUSH:
        return 0;
    case PAD_PATCH:
    case PAD_UNPATCH:
        return serve_patch(e, &r);
    case PAD_DEVICE:
        return serve_device(e, r.process);
    case PAD_STEPPED:
        return serve_stepped(e, r.process);
    case PAD_FPU:
        return serve_fpu(e);
    case PAD_BREAKPOINTS:
        return serve_breakpoints(e, r.process);
    case PAD_DEBUG_HITS:
        return serve_hits(e, r.process);
    default:
        return serve_failure(e, &r);
    }
}
