/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guest processes ask the monitor: devices, patches, instructions to look at, bad news.
 */
#include <errno.h>

#include "engine/direct/monitor.h"

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

static int serve_failure(struct engine *e, const struct pad_request *r)
{
    char text[sizeof(r->text)];
    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = i + 1 < sizeof(text) ? r->text[i] : '\0';
    switch (r->kind) {
    case PAD_FAILED:
        return diag_errno(e->diag, (int)r->address, "%s at 0x%llx", text, (unsigned long long)r->value);
    case PAD_ASSERTED:
        return diag_errno(e->diag, EUCLEAN, "assertion failed at line %llu of %s", (unsigned long long)r->value, text);
    default:
        return diag_errno(e->diag, EUCLEAN, "the kernel's own code in a guest process was hit by signal %u at 0x%llx, "
                          "which touched 0x%llx", r->width, (unsigned long long)r->address,
                          (unsigned long long)r->value);
    }
}

static void serve_route(const struct machine_bus *bus, const uint32_t route[5])
{
    bus->irq_route_ioapic(bus->world, route[0], route[1], route[2], route[3] != 0, route[4] != 0);
}

int serve(struct engine *e, unsigned *process, bool *is_look)
{
    const struct machine_bus *bus = &e->k->machine->bus;
    const struct machine_console *console = &e->k->machine->console;
    struct pad_request *r = &e->core->request;
    console_drain(e);
    if (r->kind != PAD_LOOK && (r->process >= PAD_PROCESSES || e->process[r->process].pid == 0))
        return diag_errno(e->diag, EUCLEAN, "a question of a guest process that there is none of");
    *process = r->process;
    switch (r->kind) {
    case PAD_LOOK:
        *is_look = true;
        return 0;
    case PAD_PORT_IN:
        r->value = bus->port_in(bus->world, (uint16_t)r->address, r->width);
        return 0;
    case PAD_PORT_OUT:
        bus->port_out(bus->world, (uint16_t)r->address, r->width, (uint32_t)r->value);
        return 0;
    case PAD_IRQ_MASK:
        bus->irq_mask(bus->world, (uint32_t)r->address, r->value != 0);
        return 0;
    case PAD_IRQ_ROUTE:
        serve_route(bus, r->route);
        return 0;
    case PAD_REMARK:
        if (console->remark)
            console->remark(console->world, r->text);
        return 0;
    case PAD_FLUSH:
        return 0;
    case PAD_PATCH:
        return patch_install(&e->patcher, *process, r->address);
    case PAD_UNPATCH:
        patch_unpatch(&e->patcher, *process, r->address);
        return 0;
    case PAD_DEVICE:
        return serve_device(e, *process);
    case PAD_STEPPED:
        return serve_stepped(e, *process);
    case PAD_FPU:
        return serve_fpu(e);
    default:
        return serve_failure(e, r);
    }
}
