/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Booting a toy machine, and the traps its threads are made to take.
 */
#include "engine/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/assert.h"

#define IMAGE_VADDR 0x400000ull
#define PAGE_SIZE   4096ull

enum {
    SYSCALL_INSTRUCTION_SIZE = 2
};

static void (*failure_hook)(const char *expression, const char *file, int line);

void sim_set_failure_hook(void (*hook)(const char *expression, const char *file, int line))
{
    failure_hook = hook;
}

_Noreturn void kernel_assert_failed(const char *expression, const char *file, int line)
{
    if (failure_hook)
        failure_hook(expression, file, line);
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    abort();
}

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
    return value ? value : otherwise;
}

static void sim_configure(struct sim *sim, const struct sim_options *options)
{
    struct abi_config config;
    if (!abi_config_defaults(&config, (unsigned)or_default(options->release, 16)))
        abort();
    config.is_debug = config.is_printing = !options->is_release_build;
    config.is_mcs = options->is_mcs;
    config.has_hardware_debug = options->has_hardware_debug;
    config.root_cnode_bits = (uint16_t)or_default(options->root_cnode_bits, 8);
    config.domains = (uint16_t)or_default(options->domains, 1);
    config.domain_schedules = config.domains > 1 ? 16 : config.domain_schedules;
    config.revoke_work_units = (uint32_t)or_default(options->work_units, config.revoke_work_units);
    config.retype_fan_out = (uint32_t)or_default(options->fan_out, config.retype_fan_out);
    if (!abi_build(&sim->abi, &config))
        abort();
}

static unsigned char *memory_map(uint64_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

struct sim *sim_open(const struct sim_options *options)
{
    struct sim *sim = calloc(1, sizeof *sim);
    if (!sim)
        abort();
    sim_configure(sim, options);
    sim_machine_init(sim);
    struct kernel *k = &sim->kernel;
    k->memory_size = or_default(options->memory_size, 16ull << 20);
    k->arena = memory_map(k->memory_size);
    k->vector = memory_map(2 * k->memory_size);
    k->abi = &sim->abi;
    k->machine = &sim->machine;
    struct boot_params params = {
        .image = {.vaddr_start = IMAGE_VADDR,
                  .vaddr_end = IMAGE_VADDR + or_default(options->image_pages, 1) * PAGE_SIZE,
                  .entry = IMAGE_VADDR},
        .devices = options->devices,
        .device_count = options->device_count,
        .host = options->host,
        .host_count = options->host_count,
    };
    if (options->has_host)
        sim_host_init(sim, options);
    enum boot_error error = kernel_boot(k, &params);
    if (error != BOOT_OK) {
        fprintf(stderr, "sim: the boot failed with error %d\n", (int)error);
        abort();
    }
    sim->next = kernel_awake(k, 0);
    return sim;
}

void sim_close(struct sim *sim)
{
    if (!sim)
        return;
    munmap(sim->kernel.arena, sim->kernel.memory_size);
    munmap(sim->kernel.vector, 2 * sim->kernel.memory_size);
    free(sim);
}

/* What `sysret` did to the thread when it was last resumed. */
static void context_resume(struct context *context)
{
    if (!context->is_syscall)
        return;
    context->reg[REG_RCX] = context->next_ip;
    context->reg[REG_R11] = context->reg[REG_RFLAGS];
    context->is_syscall = false;
}

static struct next sim_enter(struct sim *sim, struct trap trap)
{
    sim->traps++;
    sim->next = kernel_enter(&sim->kernel, 0, &trap);
    if (!sim->is_slow)
        sim->next = kernel_awake(&sim->kernel, 0);
    sim_tlb_check(sim);
    if (sim->after_trap)
        sim->after_trap(sim);
    return sim->next;
}

struct next sim_trap(struct sim *sim, struct trap trap)
{
    if (sim->next.kind == NEXT_RUN) {
        struct context *context = sim->next.context;
        context_resume(context);
        context->reg[REG_FAULT_IP] = context->next_ip;
    }
    return sim_enter(sim, trap);
}

uint64_t sim_syscall_number(const struct sim *sim, enum syscall syscall)
{
    for (uint64_t i = 1; i < ABI_MAX_SYSCALLS; i++) {
        if (sim->abi.syscall_of_number[i] == syscall)
            return 0 - i;
    }
    abort();
}

/* The `syscall` instruction itself, with whatever the registers hold. */
static struct next syscall_execute(struct sim *sim)
{
    struct context *context = sim->next.context;
    context_resume(context);
    context->reg[REG_FAULT_IP] = context->next_ip;
    context->next_ip += SYSCALL_INSTRUCTION_SIZE;
    context->reg[REG_RCX] = context->next_ip;
    context->reg[REG_R11] = context->reg[REG_RFLAGS];
    context->is_syscall = true;
    return sim_enter(sim, (struct trap){.kind = TRAP_SYSCALL});
}

struct next sim_syscall(struct sim *sim, uint64_t number, uint64_t cptr, uint64_t info, const uint64_t mr[4])
{
    uint64_t *reg = sim->next.context->reg;
    reg[REG_RDX] = number;
    reg[REG_RDI] = cptr;
    reg[REG_RSI] = info;
    reg[REG_R10] = mr[0];
    reg[REG_R8] = mr[1];
    reg[REG_R9] = mr[2];
    reg[REG_R15] = mr[3];
    return syscall_execute(sim);
}

bool sim_is_restarted(const struct sim *sim)
{
    const struct context *context = sim->next.context;
    return sim->next.kind == NEXT_RUN && context->is_syscall &&
           context->next_ip == context->reg[REG_FAULT_IP];
}

struct next sim_restart(struct sim *sim)
{
    return syscall_execute(sim);
}

struct next sim_vm_fault(struct sim *sim, uint64_t address, uint32_t status)
{
    return sim_trap(sim, (struct trap){.kind = TRAP_VM_FAULT, .address = address, .status = status});
}

struct next sim_exception(struct sim *sim, uint32_t vector, uint32_t code)
{
    return sim_trap(sim, (struct trap){.kind = TRAP_EXCEPTION, .vector = vector, .code = code});
}

struct next sim_interrupt(struct sim *sim, uint32_t irq)
{
    return sim_trap(sim, (struct trap){.kind = TRAP_INTERRUPT, .irq = irq});
}

struct next sim_tick(struct sim *sim)
{
    return sim_trap(sim, (struct trap){.kind = TRAP_TICK});
}
