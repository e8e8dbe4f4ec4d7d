/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A booted system for tests of the x86-64 part, and invocations by its initial
 * thread that go straight to the kernel's decoders, so that a test sees the
 * refusal itself. The heap is checked after each.
 *
 * Capabilities are named by their slot in the initial CNode: enum
 * abi_initial_slot, `ordinary` and `device`, the untypeds that `make` and
 * `make_from` take memory of, and what these return.
 */
#ifndef SELKIE_TESTS_KERNEL_X86_64_FIXTURE_H
#define SELKIE_TESTS_KERNEL_X86_64_FIXTURE_H

#include <stdarg.h>
#include <stdlib.h>

#include "check/check.h"
#include "kernel/boot.h"
#include "kernel/invocation.h"
#include "kernel/ipc.h"
#include "kernel/irq.h"
#include "kernel/object.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "kernel/vspace.h"
#include "kernel/x86_64/x86.h"
#include "tests/check.h"

enum {
    FIXTURE_MEMORY = 64 << 20,
    FIXTURE_IMAGE = 0x400000
};
#define FIXTURE_DEVICE_START 0x40000000ull /* 1 GiB, aligned to its size */
#define FIXTURE_DEVICE_END   0x80000000ull

/* What the machine was asked for, last or how often. */
static struct {
    unsigned invalidates;
    uint64_t invalidate_vspace, invalidate_vaddr, invalidate_size;
    unsigned forgets;
    uint64_t forget_vspace;
    bool irq_is_masked[KERNEL_IRQS];
    uint32_t route_irq, route_ioapic, route_pin;
    bool route_is_level, route_is_low_active;
    uint16_t port;
    unsigned width;
    uint32_t port_value;
} seen;

static void seen_invalidate(void *world, uint64_t vspace, uint64_t vaddr, uint64_t size)
{
    (void)world;
    seen.invalidates++;
    seen.invalidate_vspace = vspace;
    seen.invalidate_vaddr = vaddr;
    seen.invalidate_size = size;
}

static void seen_forget(void *world, uint64_t vspace)
{
    (void)world;
    seen.forgets++;
    seen.forget_vspace = vspace;
}

static void seen_clear(void *world, uint64_t paddr, uint64_t size)
{
    memset((unsigned char *)world + paddr, 0, size);
}

static uint32_t seen_port_in(void *world, uint16_t port, unsigned width)
{
    (void)world;
    seen.port = port;
    seen.width = width;
    return 0xffffffff;
}

static void seen_port_out(void *world, uint16_t port, unsigned width, uint32_t value)
{
    (void)world;
    seen.port = port;
    seen.width = width;
    seen.port_value = value;
}

static void seen_irq_mask(void *world, uint32_t irq, bool is_masked)
{
    (void)world;
    seen.irq_is_masked[irq] = is_masked;
}

static void seen_irq_route(void *world, uint32_t irq, uint32_t ioapic, uint32_t pin, bool is_level,
                           bool is_low_active)
{
    (void)world;
    seen.route_irq = irq;
    seen.route_ioapic = ioapic;
    seen.route_pin = pin;
    seen.route_is_level = is_level;
    seen.route_is_low_active = is_low_active;
}

static void seen_put(void *world, char character)
{
    (void)world;
    (void)character;
}

static void seen_remark(void *world, const char *text)
{
    (void)world;
    (void)text;
}

static bool seen_no_interrupt(void *world)
{
    (void)world;
    return false;
}

static struct machine machine = {
    .mmu = {.invalidate = seen_invalidate, .forget = seen_forget, .clear = seen_clear},
    .bus = {.port_in = seen_port_in,
            .port_out = seen_port_out,
            .irq_mask = seen_irq_mask,
            .irq_route_ioapic = seen_irq_route,
            .ioapic_count = 1,
            .ioapic_pins = 24},
    .console = {.put = seen_put, .remark = seen_remark},
    .clock = {.is_interrupt_pending = seen_no_interrupt},
};

static struct abi abi;
static struct kernel kernel;
static struct tcb *caller;
static unsigned ordinary, device; /* untypeds */
static unsigned next_slot;

static inline struct slot *slot(unsigned i)
{
    return slot_at(&kernel, kernel.state->root_cnode + ((uint64_t)i << ABI_SLOT_BITS));
}

/* The largest untyped of either kind; next_slot ends up behind the last one. */
static inline void fixture_find_untypeds(void)
{
    ordinary = device = 0;
    next_slot = ABI_SLOT_FIRST_FREE;
    for (; !slot_is_empty(slot(next_slot)); next_slot++) {
        struct cap cap = slot(next_slot)->cap;
        if (cap.type != CAP_UNTYPED)
            continue;
        unsigned *best = cap.is_device ? &device : &ordinary;
        if (*best == 0 || cap.untyped_bits > slot(*best)->cap.untyped_bits)
            *best = next_slot;
    }
}

/* Start anew. */
static inline void fixture_reset(void)
{
    static const struct boot_device_region region = {FIXTURE_DEVICE_START, FIXTURE_DEVICE_END};
    static const struct boot_params params = {
        .image = {FIXTURE_IMAGE, FIXTURE_IMAGE + 4096, FIXTURE_IMAGE},
        .devices = &region,
        .device_count = 1,
    };
    struct abi_config config;
    CHECK(abi_config_defaults(&config, 16) && abi_build(&abi, &config));
    free(kernel.arena);
    kernel = (struct kernel){.arena = aligned_alloc(4096, FIXTURE_MEMORY),
                             .memory_size = FIXTURE_MEMORY,
                             .abi = &abi,
                             .machine = &machine};
    memset(kernel.arena, 0, FIXTURE_MEMORY);
    machine.mmu.world = kernel.arena;
    CHECK_EQ(kernel_boot(&kernel, &params), BOOT_OK);
    memset(&seen, 0, sizeof seen);
    caller = current_tcb(&kernel);
    fixture_find_untypeds();
}

static inline uint64_t vspace_paddr(void)
{
    return slot(ABI_SLOT_VSPACE)->cap.paddr;
}

static inline uint64_t *buffer(void)
{
    return arena_at(&kernel, slot(ABI_SLOT_IPC_BUFFER)->cap.paddr);
}

/* A new object; returns its slot. */
static inline unsigned make_from(unsigned untyped_slot, enum object object, unsigned user_bits)
{
    struct cap *untyped = &slot(untyped_slot)->cap;
    uint64_t size = 1ull << object_size_bits(&kernel, object, user_bits);
    uint64_t offset = (untyped->free_offset + size - 1) & ~(size - 1);
    untyped->free_offset = offset + size;
    CHECK(untyped->free_offset <= 1ull << untyped->untyped_bits);
    struct cap cap = object_create(&kernel, object, untyped->paddr + offset, user_bits, untyped->is_device);
    slot_insert_child(&kernel, slot(next_slot), cap, slot(untyped_slot));
    return next_slot++;
}

static inline unsigned make(enum object object)
{
    return make_from(ordinary, object, 12);
}

/* A copy with rights; returns its slot, or 0 if none may be made. */
static inline unsigned copy(unsigned from, uint64_t rights)
{
    struct cap derived;
    struct cap masked = cap_mask_rights(slot(from)->cap, cap_rights_from_word(rights));
    struct result result = cap_derive(&kernel, slot(from), masked, &derived);
    if (!result_is_ok(result) || derived.type == CAP_NULL)
        return 0;
    slot_insert(&kernel, slot(next_slot), derived, slot(from));
    return next_slot++;
}

static inline void delete (unsigned i)
{
    CHECK(result_is_ok(slot_delete(&kernel, slot(i), true)));
    kernel_check_sampled(&kernel, i);
}

static inline void revoke(unsigned i)
{
    CHECK(result_is_ok(slot_revoke(&kernel, slot(i))));
    kernel_check_sampled(&kernel, i);
}

enum {
    NO_CAP = ~0u
}; /* no extra capability in this place */

/* Invoke slot `i` with up to two extra capabilities and `count` words. */
static inline struct result invoke(unsigned i, enum operation operation, unsigned extra0, unsigned extra1,
                                   unsigned count, ...)
{
    struct invocation in = {.caller = caller,
                            .operation = operation,
                            .length = count,
                            .cptr = i,
                            .slot = slot(i),
                            .cap = slot(i)->cap,
                            .buffer = buffer(),
                            .is_call = true,
                            .is_blocking = true};
    in.extra[0] = extra0 == NO_CAP ? NULL : slot(extra0);
    in.extra[1] = extra1 == NO_CAP ? NULL : slot(extra1);
    static uint64_t salt;
    va_list words;
    va_start(words, count);
    for (unsigned w = 0; w < count; w++)
        message_set(caller, buffer(), w, va_arg(words, uint64_t));
    va_end(words);
    caller->state = THREAD_RESTART;
    struct result result = invocation_decode(&kernel, &in);
    caller->state = THREAD_RUNNING;
    kernel_check_sampled(&kernel, ++salt);
    return result;
}

/* The first word of the last reply. */
static inline uint64_t reply_word(void)
{
    return message_get(caller, buffer(), 0);
}

#define W(word) ((uint64_t)(word))

#define CHECK_OK(result) CHECK_EQ(result_kind(result), RESULT_OK)

static inline bool fails_with(struct result result, enum abi_error error)
{
    return result_kind(result) == RESULT_FAIL && result_error(result) == error;
}
#define CHECK_FAIL(result, error) CHECK(fails_with((result), (error)))

static inline bool fails_with_index(struct result result, enum abi_error error, uint64_t index)
{
    return fails_with(result, error) && result.index == index;
}
#define CHECK_FAIL_INDEX(result, error, index) CHECK(fails_with_index((result), (error), (index)))

static inline bool fails_with_range(struct result result, uint64_t min, uint64_t max)
{
    return fails_with(result, ABI_RANGE_ERROR) && result_byte(result, RESULT_RANGE_MIN) == min &&
           result.range_max == max;
}
#define CHECK_FAIL_RANGE(result, min, max) CHECK(fails_with_range((result), (min), (max)))

static inline bool fails_with_missing(struct result result, unsigned bits_left)
{
    return fails_with(result, ABI_FAILED_LOOKUP) && !result_byte(result, RESULT_IS_SOURCE) &&
           result_byte(result, RESULT_LOOKUP_KIND) == ABI_LOOKUP_MISSING_CAPABILITY &&
           result_byte(result, RESULT_BITS_LEFT) == bits_left;
}
#define CHECK_FAIL_MISSING(result, bits) CHECK(fails_with_missing((result), (bits)))

static inline bool fails_with_root(struct result result)
{
    return fails_with(result, ABI_FAILED_LOOKUP) && !result_byte(result, RESULT_IS_SOURCE) &&
           result_byte(result, RESULT_LOOKUP_KIND) == ABI_LOOKUP_INVALID_ROOT;
}
#define CHECK_FAIL_ROOT(result) CHECK(fails_with_root(result))

#endif
