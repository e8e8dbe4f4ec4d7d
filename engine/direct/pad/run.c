/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a kernel entry to the thread that runs next, wherever that is: here, in another guest process, or only
 * after the monitor has done something.
 */
#include "engine/direct/pad/pad.h"
#include "engine/direct/pad/patch.h"
#include "engine/direct/pad/vector.h"
#include "engine/direct/tlb.h"
#include "engine/x86_64/context.h"
#include "engine/x86_64/exception.h"

enum {
    FLAGS_STATUS = 0x8d5, /* carry, parity, adjust, zero, sign, overflow */
    FLAGS_ALWAYS = 0x202,
    VECTOR_DEVICE_NOT_AVAILABLE = 7
};

static void note_switch(const struct next *next)
{
    if (next->kind == NEXT_RUN && next->tcb != pad_core.last_tcb) {
        pad_core.switches++;
        pad_core.last_tcb = next->tcb;
    }
}

static inline struct next kernel_take(const struct trap *trap)
{
    atomic_store_explicit(&pad_core.is_inside, 1, memory_order_relaxed);
    uint64_t entries = atomic_load_explicit(&pad_core.entries, memory_order_relaxed);
    atomic_store_explicit(&pad_core.entries, entries + 1, memory_order_relaxed);
    struct next next = kernel_enter(&pad_core.kernel, 0, trap);
    atomic_store_explicit(&pad_core.is_inside, 0, memory_order_relaxed);
    return next;
}

/* Before the baton goes to anybody who may run other threads: all of the state is in the arena. */
static void thread_park(void)
{
    if (pad_private.loaded)
        pad_vector_save(kernel_vector_area(&pad_core.kernel, pad_private.loaded), &pad_core.vector);
    pad_private.loaded = 0;
}

static void thread_load(uint64_t tcb)
{
    const unsigned char *to = kernel_vector_area(&pad_core.kernel, tcb);
    if (pad_private.loaded)
        pad_vector_switch(kernel_vector_area(&pad_core.kernel, pad_private.loaded), to, &pad_core.vector);
    else
        pad_vector_load(to, &pad_core.vector);
    pad_private.loaded = tcb;
}

static struct next ask_look(void)
{
    thread_park();
    baton_ask(PAD_LOOK);
    return kernel_next(&pad_core.kernel, 0);
}

static uint64_t base_checked(uint64_t base)
{
    return address_is_canonical(base) ? base : 0;
}

static inline void bases_load(const struct context *context)
{
    if (context->reg[REG_FS_BASE] != pad_private.fs) {
        pad_private.fs = context->reg[REG_FS_BASE];
        __asm__ volatile("wrfsbase %0" ::"r"(base_checked(pad_private.fs)));
    }
    if (context->reg[REG_GS_BASE] != pad_private.gs) {
        pad_private.gs = context->reg[REG_GS_BASE];
        __asm__ volatile("wrgsbase %0" ::"r"(base_checked(pad_private.gs)));
    }
}

/* The address at which the program's instruction at `ip` stands. */
static __attribute__((noinline)) uint64_t ip_target(uint64_t ip)
{
    uint64_t target = patch_target(&pad_private, ip);
    if (target == ip) {
        uint64_t native = thunk_native_target(&pad_core, &pad_core.kernel, pad_private.vspace, ip);
        return native && cache_map_thunks(native) ? native : ip;
    }
    if (target)
        return target;
    pad_core.request.address = ip;
    baton_ask(PAD_UNPATCH);
    cache_apply();
    return ip;
}

static inline bool has_usual_flags(const struct context *context)
{
    return (context->reg[REG_RFLAGS] & ~(uint64_t)FLAGS_STATUS) == FLAGS_ALWAYS;
}

static inline struct pad_way way_out(struct context *context)
{
    const struct resume_hint *hint = &context->hint;
    const bool is_usual = has_usual_flags(context);
    pad_core.context = context;
    /* A hint may lead behind an instruction that does nothing; whoever steps sees that one, too. */
    if (__builtin_expect(
            is_usual && hint->ip == context->next_ip && hint->generation == pad_private.generation, 1))
        pad_private.resume = hint->target;
    else
        pad_private.resume = ip_target(context->next_ip);
    if (context->is_syscall) {
        context->reg[REG_RCX] = context->next_ip;
        context->reg[REG_R11] = context->reg[REG_RFLAGS];
    }
    bases_load(context);
    return (struct pad_way){context, is_usual ? pad_exit : pad_exit_step};
}

/* A thread that may not use the FPU goes step by step, and the monitor looks at each instruction first.
 * False: the instruction is refused. */
static bool nofpu_step(struct context *context)
{
    if (!baton_ask(PAD_FPU))
        return false;
    step_begin_fpu(context);
    return true;
}

static struct next take_nofpu(struct context *context)
{
    registers_settle(context);
    return kernel_take(&(struct trap){.kind = TRAP_EXCEPTION, .vector = VECTOR_DEVICE_NOT_AVAILABLE});
}

/* A thread without a VSpace gets no further than its first fetch. */
static struct next take_no_vspace(struct context *context)
{
    registers_settle(context);
    return kernel_take(&(struct trap){
        .kind = TRAP_VM_FAULT, .address = context->next_ip, .status = 4, .is_instruction = true});
}

/* Somebody who is not here runs next, or nobody. */
static struct next run_elsewhere(const struct next *next)
{
    if (next->kind != NEXT_RUN)
        return ask_look();
    if (next->vspace == 0)
        return take_no_vspace(next->context);
    int process = tlb_process(&pad_core, &pad_core.kernel, next->vspace);
    if (process < 0)
        return ask_look();
    thread_park();
    pad_core.handovers++;
    baton_pass((unsigned)process);
    return kernel_next(&pad_core.kernel, 0);
}

/* Whatever runs next, and wherever. */
static __attribute__((noinline)) struct pad_way leave_anyhow(struct next next)
{
    for (;;) {
        note_switch(&next);
        if (own_slot()->is_dirty)
            cache_apply();
        if (next.kind != NEXT_RUN || next.vspace == 0 || next.vspace != pad_private.vspace) {
            next = run_elsewhere(&next);
            continue;
        }
        if (next.tcb != pad_private.loaded)
            thread_load(next.tcb);
        if (!clock_is_armed(next.wants_tick))
            clock_arm(next.wants_tick);
        if (context_traps_at_once(next.context) && !pad_private.is_stepping) {
            registers_settle(next.context);
            next = kernel_take(&(struct trap){.kind = TRAP_EXCEPTION, .vector = EXCEPTION_DEBUG});
            continue;
        }
        if (next.is_fpu_disabled && !pad_private.is_stepping && !nofpu_step(next.context)) {
            next = take_nofpu(next.context);
            continue;
        }
        return way_out(next.context);
    }
}

/* The thread that was here goes on, or another of this VSpace does, and nothing else is to be done. */
static inline bool is_plain(const struct next *next)
{
    return next->kind == NEXT_RUN && next->vspace != 0 && next->vspace == pad_private.vspace &&
           !next->is_fpu_disabled && !own_slot()->is_dirty && clock_is_armed(next->wants_tick) &&
           has_usual_flags(next->context);
}

static inline struct pad_way leave(const struct next *next)
{
    if (!is_plain(next))
        return leave_anyhow(*next);
    if (next->tcb != pad_private.loaded) {
        note_switch(next);
        thread_load(next->tcb);
    }
    return way_out(next->context);
}

struct pad_way pad_syscall(void)
{
    static const struct trap trap = {.kind = TRAP_SYSCALL};
    struct next next = kernel_take(&trap);
    return leave(&next);
}

struct pad_way pad_take(const struct trap *trap)
{
    struct next next = kernel_take(trap);
    return leave(&next);
}

struct pad_way pad_resume(void)
{
    struct next next = kernel_next(&pad_core.kernel, 0);
    return leave(&next);
}

struct pad_way pad_attend(void)
{
    step_end(false);
    struct next next = kernel_next(&pad_core.kernel, 0);
    atomic_store(&pad_private.pending, 0);
    if (atomic_load(&pad_core.attention) || pad_core.deadline_ns <= clock_now_ns()) {
        next = ask_look();
    } else if (clock_take_tick(next.wants_tick)) {
        uint64_t before = next.tcb;
        registers_settle(next.context);
        next = kernel_take(&(struct trap){.kind = TRAP_TICK});
        if (next.tcb != before)
            pad_core.preempted[pad_private.hit]++;
    }
    return leave_anyhow(next);
}
