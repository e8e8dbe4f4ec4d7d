/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The toy machine behind machine/machine.h: it records what the kernel asks.
 */
#include <stdio.h>
#include <string.h>

#include "engine/sim/sim.h"
#include "kernel/assert.h"

enum {
    IOAPICS = 1,
    IOAPIC_PINS = 24
};

static void mmu_invalidate(void *world, uint64_t vspace, uint64_t vaddr, uint64_t size)
{
    sim_tlb_invalidate(world, vspace, vaddr, size);
}

static void mmu_forget(void *world, uint64_t vspace)
{
    sim_tlb_forget(world, vspace);
}

static void mmu_clear(void *world, uint64_t paddr, uint64_t size)
{
    struct sim *sim = world;
    bool is_inside = paddr < sim->kernel.memory_size && size <= sim->kernel.memory_size - paddr;
    if (!is_inside || (paddr | size) % 16 != 0)
        kernel_assert_failed("memory to clear lies in the arena, 16-byte aligned", __FILE__, __LINE__);
    memset(sim->kernel.arena + paddr, 0, size);
}

/* Any answer that is right will do; the best one leaves most to the kernel's care. */
static uint64_t mmu_blank_from(void *world, uint64_t start, uint64_t end)
{
    const struct sim *sim = world;
    while (end > start && sim->kernel.arena[end - 1] == 0)
        end--;
    return end;
}

static void bus_record(struct sim *sim, struct sim_bus_call call)
{
    sim->bus.calls[sim->bus.count++ % SIM_BUS_CALLS] = call;
}

static uint32_t bus_port_in(void *world, uint16_t port, unsigned width)
{
    struct sim *sim = world;
    bus_record(sim, (struct sim_bus_call){.kind = SIM_PORT_IN, .number = port, .width = width});
    return sim->bus.port_value;
}

static void bus_port_out(void *world, uint16_t port, unsigned width, uint32_t value)
{
    bus_record(world,
               (struct sim_bus_call){.kind = SIM_PORT_OUT, .number = port, .width = width, .value = value});
}

static void bus_irq_mask(void *world, uint32_t irq, bool is_masked)
{
    struct sim *sim = world;
    if (irq >= KERNEL_IRQS)
        kernel_assert_failed("interrupts are numbered as capabilities number them", __FILE__, __LINE__);
    sim->bus.is_unmasked[irq] = !is_masked;
    bus_record(sim, (struct sim_bus_call){.kind = SIM_IRQ_MASK, .number = irq, .value = is_masked});
}

static void bus_irq_route(void *world, uint32_t irq, uint32_t ioapic, uint32_t pin, bool is_level,
                          bool is_low_active)
{
    bus_record(world, (struct sim_bus_call){.kind = SIM_IRQ_ROUTE,
                                            .number = irq,
                                            .width = ioapic,
                                            .value = pin,
                                            .is_level = is_level,
                                            .is_low_active = is_low_active});
}

const struct sim_bus_call *sim_bus_last(const struct sim *sim, unsigned back)
{
    static const struct sim_bus_call none;
    if (back >= sim->bus.count || back >= SIM_BUS_CALLS)
        return &none;
    return &sim->bus.calls[(sim->bus.count - 1 - back) % SIM_BUS_CALLS];
}

static void console_put(void *world, char character)
{
    struct sim_console *console = &((struct sim *)world)->console;
    if (console->length + 1 < SIM_CONSOLE_SIZE)
        console->text[console->length++] = character;
}

static void console_remark(void *world, const char *text)
{
    struct sim_console *console = &((struct sim *)world)->console;
    snprintf(console->remark, sizeof console->remark, "%s", text);
    console->remarks++;
}

void sim_console_clear(struct sim *sim)
{
    memset(&sim->console, 0, sizeof sim->console);
}

static uint64_t clock_now(void *world)
{
    return ((struct sim *)world)->now_ns;
}

static bool clock_is_interrupt_pending(void *world)
{
    struct sim *sim = world;
    sim->preempt_questions++;
    if (sim->preempt_countdown == 0)
        return false;
    sim->preempt_countdown--;
    return sim->preempt_countdown == 0;
}

void sim_machine_init(struct sim *sim)
{
    sim->machine = (struct machine){
        .mmu = {.world = sim, .invalidate = mmu_invalidate, .forget = mmu_forget, .clear = mmu_clear,
                .blank_from = mmu_blank_from},
        .bus = {.world = sim,
                .port_in = bus_port_in,
                .port_out = bus_port_out,
                .irq_mask = bus_irq_mask,
                .irq_route_ioapic = bus_irq_route,
                .ioapic_count = IOAPICS,
                .ioapic_pins = IOAPIC_PINS},
        .console = {.world = sim, .put = console_put, .remark = console_remark},
        .clock = {.world = sim, .now_ns = clock_now, .is_interrupt_pending = clock_is_interrupt_pending},
    };
}
