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
#include "engine/x86_64/endless.h"
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

static __attribute__((noinline)) struct next kernel_take(const struct trap *trap)
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

/* The segment bases come first: the processor drains at WRFSBASE and is slow at XGETBV (vector.S), which
 * costs least with nothing between the two. */
static inline void thread_load(uint64_t tcb, const struct context *context)
{
    const unsigned char *to = kernel_vector_area(&pad_core.kernel, tcb);
    bases_load(context);
    if (pad_private.loaded)
        pad_vector_switch(kernel_vector_area(&pad_core.kernel, pad_private.loaded), to, &pad_core.vector);
    else
        pad_vector_load(to, &pad_core.vector);
    pad_private.loaded = tcb;
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
    if (next->kind != NEXT_RUN) {
        clock_disarm();
        return ask_look();
    }
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

/* In virtual time, what is due before the thread goes on. */
static bool take_due(struct next *next)
{
    switch (virtual_clock_due(pad_core.kernel.virtual_clock, next->wants_tick, next->timer_ns)) {
    case VIRTUAL_DEVICE:
        *next = ask_look();
        return true;
    case VIRTUAL_TICK:
        registers_settle(next->context);
        *next = kernel_take(&(struct trap){.kind = TRAP_TICK});
        return true;
    case VIRTUAL_NOTHING:
        break;
    }
    return false;
}

/* In virtual time, a thread that would go round in a circle until the next event gets there at once. */
static bool skip_endless(const struct next *next)
{
    struct virtual_clock *clock = pad_core.kernel.virtual_clock;
    if (next->vspace == 0 || next->breakpoints || !has_usual_flags(next->context) ||
        atomic_load(&pad_core.attention) ||
        !endless_loop(&pad_core.kernel, next->vspace, next->context->next_ip, true))
        return false;
    bool is_skipped = virtual_clock_skip(clock);
    pad_core.spins += is_skipped;
    return is_skipped;
}

/* Whatever runs next, and wherever. */
static __attribute__((noinline)) struct pad_way leave_anyhow(struct next next)
{
    for (;;) {
        note_switch(&next);
        if (own_slot()->is_dirty)
            cache_apply();
        if (pad_core.kernel.virtual_clock && next.kind == NEXT_RUN &&
            (take_due(&next) || skip_endless(&next)))
            continue;
        if (next.kind != NEXT_RUN || next.vspace == 0 || next.vspace != pad_private.vspace) {
            next = run_elsewhere(&next);
            continue;
        }
        if (own_slot()->expecting)
            cache_expect();
        if (next.tcb != pad_private.loaded)
            thread_load(next.tcb, next.context);
        if (!clock_is_armed(&next))
            clock_arm(&next);
        if (!atomic_load(&pad_private.pending))
            next = kernel_awake(&pad_core.kernel, 0); /* the timer may be a little early, no more */
        if (next.breakpoints || pad_private.has_breakpoints)
            breakpoints_load(next.breakpoints);
        if (context_traps_at_once(next.context) && !pad_private.is_stepping) {
            registers_settle(next.context);
            next = kernel_take(&(struct trap){.kind = TRAP_EXCEPTION, .vector = EXCEPTION_DEBUG});
            continue;
        }
        if (next.is_fpu_disabled && !pad_private.is_stepping && !nofpu_begin(next.context)) {
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
           !next->is_special && !pad_private.has_breakpoints && !own_slot()->is_dirty &&
           !own_slot()->expecting && clock_is_armed(next) &&
           has_usual_flags(next->context);
}

static inline struct pad_way leave(const struct next *next)
{
    if (!is_plain(next))
        return leave_anyhow(*next);
    if (next->tcb != pad_private.loaded) {
        note_switch(next);
        thread_load(next->tcb, next->context);
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

/* In virtual time the monitor has seen the thread spin. If this is still so, nothing happens before the next
 * event. */
static void spin_end(struct virtual_clock *clock)
{
    uint64_t spun = atomic_exchange(&pad_core.spun, 0), ip = pad_core.context->next_ip;
    if (spun != core_activity(&pad_core, clock) + 1)
        return;
    if (!endless_loop(&pad_core.kernel, pad_private.vspace, ip, false)) {
        if (!spin_is_sure(&pad_core.spin_places, pad_core.spin_verdict, ip))
            return;
        spin_place_add(&pad_core.spin_places, ip);
    }
    pad_core.spins += virtual_clock_skip(clock);
}

static bool is_outside_waiting(void)
{
    return atomic_load(&pad_core.attention) ||
           (!pad_core.kernel.virtual_clock && pad_core.deadline_ns <= clock_now_ns());
}

struct pad_way pad_attend(void)
{
    step_end(false);
    struct next next = kernel_next(&pad_core.kernel, 0);
    atomic_store(&pad_private.pending, 0);
    if (is_outside_waiting()) {
        next = ask_look();
    } else if (pad_core.kernel.virtual_clock) {
        spin_end(pad_core.kernel.virtual_clock);
    } else if (clock_take_tick(&next)) {
        uint64_t before = next.tcb;
        registers_settle(next.context);
        next = kernel_take(&(struct trap){.kind = TRAP_TICK});
        if (next.tcb != before)
            pad_core.preempted[pad_private.hit]++;
    }
    return leave_anyhow(next);
}
