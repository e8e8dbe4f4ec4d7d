/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A booted system for tests of the kernel, checked after every system call: an arena, a machine that keeps what
 * the kernel says, and system calls that go through the front door.
 *
 * `world_call` is seL4_Call as the current thread: message words, then the
 * capabilities that were put into `caps` before. Its answer is the label; the
 * message words that came back are read with `world_word`.
 */
#ifndef SELKIE_TESTS_KERNEL_WORLD_H
#define SELKIE_TESTS_KERNEL_WORLD_H

#include <stdarg.h>
#include <stdlib.h>

#include "check/check.h"
#include "kernel/boot.h"
#include "kernel/ipc.h"
#include "kernel/message.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "tests/check.h"

enum {
    WORLD_MEMORY = 32 << 20,
    WORLD_VADDR = 0x400000,
    WORLD_PAGES = 5,
    WORLD_ENTRY = WORLD_VADDR + 0x120
};

struct world {
    struct kernel kernel;
    struct machine machine;
    struct abi abi;
    struct abi_config config;
    struct boot_params params;
    struct boot_device_region devices[2];
    char console[8192]; /* what the kernel printed since world_listen */
    unsigned console_length;
    char remark[256]; /* the last one */
    uint64_t caps[ABI_EXTRA_CAPS];
    unsigned cap_count;
    uint64_t free_slot;
    struct next next;
};

static void world_put(void *context, char character)
{
    struct world *world = context;
    if (world->console_length + 1 < sizeof(world->console)) {
        world->console[world->console_length++] = character;
        world->console[world->console_length] = '\0';
    }
}

static void world_remark(void *context, const char *text)
{
    struct world *world = context;
    snprintf(world->remark, sizeof(world->remark), "%s", text);
}

static void world_clear(void *context, uint64_t paddr, uint64_t size)
{
    memset(((struct world *)context)->kernel.arena + paddr, 0, size);
}

static void world_invalidate(void *context, uint64_t vspace, uint64_t vaddr, uint64_t size)
{
    (void)context, (void)vspace, (void)vaddr, (void)size;
}

static void world_forget(void *context, uint64_t vspace)
{
    (void)context, (void)vspace;
}

static bool world_is_interrupt_pending(void *context)
{
    (void)context;
    return false;
}

/* A world before boot, with the defaults of `release`; change what you like, then world_boot. */
static inline struct world *world_new(unsigned release)
{
    struct world *world = calloc(1, sizeof(*world));
    abi_config_defaults(&world->config, release);
    world->kernel.memory_size = WORLD_MEMORY;
    world->kernel.arena = calloc(1, WORLD_MEMORY);
    world->kernel.vector = calloc(2, WORLD_MEMORY);
    world->kernel.abi = &world->abi;
    world->kernel.machine = &world->machine;
    world->machine.mmu = (struct machine_mmu){
        .world = world, .invalidate = world_invalidate, .forget = world_forget, .clear = world_clear};
    world->machine.console = (struct machine_console){world, world_put, world_remark};
    world->machine.clock =
        (struct machine_clock){.world = world, .is_interrupt_pending = world_is_interrupt_pending};
    world->params.image = (struct boot_image){
        .vaddr_start = WORLD_VADDR, .vaddr_end = WORLD_VADDR + WORLD_PAGES * 4096, .entry = WORLD_ENTRY};
    return world;
}

static inline enum boot_error world_boot(struct world *world)
{
    abi_build(&world->abi, &world->config);
    enum boot_error error = kernel_boot(&world->kernel, &world->params);
    if (error == BOOT_OK) {
        const uint64_t *info = NULL;
        world->next = kernel_next(&world->kernel, 0);
        struct translation page =
            kernel_translate(&world->kernel, world->next.vspace, world->next.context->reg[REG_RDI]);
        info = (const uint64_t *)(world->kernel.arena + page.paddr);
        world->free_slot = info[5];
    }
    return error;
}

static inline struct world *world_booted(unsigned release)
{
    struct world *world = world_new(release);
    CHECK_EQ(world_boot(world), BOOT_OK);
    return world;
}

static inline void world_free(struct world *world)
{
    free(world->kernel.arena);
    free(world->kernel.vector);
    free(world);
}

static inline void world_listen(struct world *world)
{
    world->console_length = 0;
    world->console[0] = world->remark[0] = '\0';
}

static inline struct tcb *world_thread(const struct world *world)
{
    return tcb_at(&world->kernel, world->kernel.state->current);
}

/* The current thread executes the `syscall` instruction. */
static inline void world_trap(struct world *world, uint64_t number)
{
    struct context *context = &world_thread(world)->context;
    context->reg[REG_RDX] = number;
    context->reg[REG_FAULT_IP] = context->next_ip;
    context->next_ip += 2;
    context->is_syscall = true;
    world->next = kernel_enter(&world->kernel, 0, &(struct trap){.kind = TRAP_SYSCALL});
    kernel_check(&world->kernel);
}

static inline uint64_t world_syscall_number(const struct world *world, enum syscall syscall)
{
    for (unsigned i = 1; i < ABI_MAX_SYSCALLS; i++) {
        if (world->abi.syscall_of_number[i] == syscall)
            return 0 - (uint64_t)i;
    }
    abort();
}

static inline uint64_t world_label(const struct world *world, enum operation operation)
{
    for (unsigned i = 0; i < ABI_MAX_LABELS; i++) {
        if (world->abi.operation_of_label[i] == operation)
            return i;
    }
    abort();
}

static inline uint64_t world_word(const struct world *world, unsigned i)
{
    struct tcb *tcb = world_thread(world);
    return message_get(tcb, thread_ipc_buffer(&world->kernel, tcb, true), i);
}

static inline unsigned world_length(const struct world *world)
{
    return message_info_from_word(world_thread(world)->context.reg[REG_RSI]).length;
}

static inline void world_pass(struct world *world, uint64_t cptr)
{
    world->caps[world->cap_count++] = cptr;
}

/* seL4_Call with `count` words (uint64_t each) and the capabilities passed before; answers the label. */
static inline uint64_t world_call(struct world *world, uint64_t cptr, enum operation operation,
                                  unsigned count, ...)
{
    struct tcb *tcb = world_thread(world);
    uint64_t *buffer = thread_ipc_buffer(&world->kernel, tcb, true);
    struct message_info info = {.label = world_label(world, operation), .length = count};
    va_list words;

    va_start(words, count);
    for (unsigned i = 0; i < count; i++)
        message_set(tcb, buffer, i, va_arg(words, uint64_t));
    va_end(words);
    for (unsigned i = 0; i < world->cap_count; i++)
        buffer[BUFFER_CAPS_OR_BADGES + i] = world->caps[i];
    info.extra_caps = world->cap_count;
    world->cap_count = 0;
    tcb->context.reg[REG_RDI] = cptr;
    tcb->context.reg[REG_RSI] = message_info_to_word(info);
    world_trap(world, world_syscall_number(world, SYSCALL_CALL));
    return message_info_from_word(tcb->context.reg[REG_RSI]).label;
}

/* The largest untyped of real memory. */
static inline uint64_t world_untyped(const struct world *world)
{
    struct cap root = world_thread(world)->slots[TCB_CSPACE].cap;
    const struct slot *slots = arena_at(&world->kernel, root.paddr);
    uint64_t best = 0;
    for (uint64_t i = 0; i < 1ull << root.radix; i++) {
        struct cap cap = slots[i].cap;
        if (cap.type == CAP_UNTYPED && !cap.is_device &&
            (!best || cap.untyped_bits > slots[best].cap.untyped_bits))
            best = i;
    }
    return best;
}

/* Retype one object out of it; answers the slot. */
static inline uint64_t world_make(struct world *world, enum object object, unsigned user_bits)
{
    world_pass(world, ABI_SLOT_CNODE);
    uint64_t label = world_call(world, world_untyped(world), OPERATION_UNTYPED_RETYPE, 6,
                                (uint64_t)world->abi.type_of_object[object], (uint64_t)user_bits, 0ull, 0ull,
                                world->free_slot, 1ull);
    CHECK_EQ(label, ABI_NO_ERROR);
    return world->free_slot++;
}

static inline struct slot *world_slot(const struct world *world, uint64_t index)
{
    struct cap root = world_thread(world)->slots[TCB_CSPACE].cap;
    return (struct slot *)arena_at(&world->kernel, root.paddr) + index;
}

static inline struct tcb *world_tcb(const struct world *world, uint64_t index)
{
    return tcb_at(&world->kernel, world_slot(world, index)->cap.paddr);
}

#endif
