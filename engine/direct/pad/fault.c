/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a signal that hit the guest means to the kernel: a system call, a page fault, another exception, or
 * nothing (a miss of the mapping cache, a device, the end of a step).
 */
#include <asm/signal.h>
#include <asm/siginfo.h>

#include "engine/direct/pad/pad.h"
#include "engine/direct/pad/patch.h"
#include "engine/x86_64/context.h"
#include "engine/x86_64/exception.h"
#include "engine/x86_64/tsc.h"

enum {
    USER_CS = 0x33,
    FLAG_TRAP = 0x100,
    ERROR_NO_MEMORY = 12,
    PATCH_TRAPS = 8,
    MISSES_MAX = 8 /* of one instruction at one address, in a row */
};

/* A site that traps again and again is worth a patch, which costs as much as a few dozen traps. Sites are not
 * told apart before that: of those that share a place, the one that traps most is found first. */
static void site_notice(const struct context *context)
{
    uint64_t site = context->reg[REG_FAULT_IP];
    uint8_t *traps = &pad_private.site_traps[(site ^ site >> 9) % PAD_SITE_TRAPS];
    pad_core.traps_left++;
    if (++*traps < PATCH_TRAPS)
        return;
    *traps = 0;
    if (pad_private.has_breakpoints || patch_is_known(&pad_private, site) ||
        (context->reg[REG_RFLAGS] & FLAG_TRAP))
        return;
    pad_core.request.address = site;
    baton_ask(PAD_PATCH);
    cache_apply();
}

static struct pad_way take_syscall(struct context *context)
{
    context->next_ip = pad_private.trap.call_address;
    struct trap trap = trap_of_syscall(&pad_core.kernel, pad_private.vspace, context);
    if (trap.kind == TRAP_SYSCALL) {
        context->reg[REG_RCX] = context->next_ip;
        context->reg[REG_R11] = context->reg[REG_RFLAGS];
        site_notice(context);
    }
    return pad_take(&trap);
}

/* A miss that filling does not cure would go on for ever. */
static void miss_check(uint64_t ip, uint64_t address)
{
    if (pad_private.miss_ip != ip || pad_private.miss_address != address) {
        pad_private.miss_ip = ip;
        pad_private.miss_address = address;
        pad_private.miss_repeats = 0;
        pad_private.miss_entries = 0;
    }
    uint64_t entries = atomic_load(&pad_core.entries);
    pad_private.miss_repeats = pad_private.miss_entries == entries ? pad_private.miss_repeats + 1 : 0;
    pad_private.miss_entries = entries;
    if (pad_private.miss_repeats <= MISSES_MAX)
        return;
    pad_core.request.address = ERROR_NO_MEMORY;
    pad_core.request.value = address;
    pad_text_copy(pad_core.request.text, sizeof(pad_core.request.text),
                  "a guest cannot use the memory that is mapped");
    baton_fail(PAD_FAILED);
}

static void step_begin(struct context *context, bool is_device)
{
    pad_private.is_stepping = true;
    pad_private.is_device_step = is_device;
    if (context->is_syscall)
        registers_settle(context); /* before the flag that is ours is set */
    pad_private.had_trap_flag = context->reg[REG_RFLAGS] & FLAG_TRAP;
    context->reg[REG_RFLAGS] |= FLAG_TRAP;
}

void step_begin_fpu(struct context *context)
{
    step_begin(context, false);
}

void step_end(bool is_done)
{
    if (!pad_private.is_stepping)
        return;
    pad_private.is_stepping = false;
    if (!pad_private.had_trap_flag)
        pad_core.context->reg[REG_RFLAGS] &= ~(uint64_t)FLAG_TRAP;
    if (!pad_private.is_device_step)
        return;
    pad_core.request.value = is_done;
    baton_ask(PAD_STEPPED);
    cache_apply();
}

static struct pad_load *load_place(uint64_t ip)
{
    return &pad_private.load[(ip ^ ip >> 4) % PAD_LOADS];
}

/* What a counter counts. In virtual time, reading it costs what it costs when the monitor is asked (run/virtual.c). */
static uint64_t counter_now_ns(void)
{
    struct virtual_clock *clock = pad_core.kernel.virtual_clock;
    if (!clock)
        return clock_now_ns();
    virtual_clock_device(clock);
    virtual_clock_poll(clock);
    return clock->now_ns;
}

/* A counter that drivers read all the time, by an instruction that the monitor has decoded once. */
static bool counter_load(struct context *context, uint64_t address, const struct translation *t)
{
    const struct machine_counter *counter = &pad_core.counter;
    const struct pad_load *load = load_place(context->next_ip);
    uint8_t bytes[sizeof(load->bytes)];
    uint64_t paddr = t->paddr + (address & ((1ull << t->size_bits) - 1));
    if (!pad_core.has_counter || paddr != counter->paddr || load->ip != context->next_ip ||
        kernel_read_user(&pad_core.kernel, pad_private.vspace, load->ip, bytes, load->length) !=
            load->length ||
        __builtin_memcmp(bytes, load->bytes, load->length) != 0)
        return false;
    uint64_t now_ns = counter_now_ns();
    uint64_t gone_ns = now_ns > counter->start_ns ? now_ns - counter->start_ns : 0;
    uint64_t value = counter->value + gone_ns / counter->tick_ns;
    bool is_held = now_ns < counter->held_until_ns && value - counter->held < INT64_MAX;
    context->reg[load->to] = is_held ? counter->held : value;
    context->next_ip += load->length;
    context->reg[REG_FAULT_IP] = context->next_ip;
    return true;
}

static struct pad_way take_device(struct context *context, uint64_t address, const struct translation *t)
{
    uint64_t ip = context->next_ip;
    if (counter_load(context, address, t))
        return pad_resume();
    pad_core.request.address = address;
    switch ((enum pad_device)baton_ask(PAD_DEVICE)) {
    case DEVICE_DONE:
        if (pad_core.load.ip == ip)
            *load_place(ip) = pad_core.load;
        break;
    case DEVICE_STEP:
        step_begin(context, true);
        break;
    case DEVICE_NONE:
        cache_map_ones(address, t);
        break;
    }
    return pad_resume();
}

/* Code that was copied together with a jump to a thunk: the process gets the thunk, and the jump is made
 * again. */
static bool take_native_jump(struct context *context, const struct exception *x, const struct translation *t)
{
    bool is_fetch = (x->code & PAGE_FAULT_FETCH) || x->address == context->next_ip;
    if (x->vector != EXCEPTION_PAGE_FAULT || !is_fetch || t->is_present || t->is_forbidden)
        return false;
    uint64_t site = thunk_native_site(&pad_core, &pad_core.kernel, pad_private.vspace, x->address);
    if (site == 0 || !cache_map_thunks(x->address))
        return false;
    context->next_ip = context->reg[REG_FAULT_IP] = site;
    return true;
}

/* A page of a window on a file. Code on a file system that allows none stays a fault. */
static struct pad_way take_window(struct context *context, const struct exception *x,
                                  const struct translation *t)
{
    if (t->is_cached && x->code & PAGE_FAULT_FETCH) {
        struct trap trap = trap_vm_fault(x->address, PAGE_FAULT_PRESENT, true);
        return pad_take(&trap);
    }
    miss_check(context->next_ip, x->address);
    cache_fill_window(x->address, t);
    return pad_resume();
}

/* The host has no memory there: in a window, the file has ended. */
static bool is_end_of_file(const struct pad_trap *t, struct trap *trap)
{
    if (t->address >= ABI_USER_TOP)
        return false;
    struct translation page = kernel_translate(&pad_core.kernel, pad_private.vspace, t->address);
    if (!page.is_present || !machine_is_window(page.paddr))
        return false;
    *trap = trap_vm_fault(t->address, PAGE_FAULT_PRESENT | (unsigned)(t->error & PAGE_FAULT_WRITE),
                          t->error & PAGE_FAULT_FETCH);
    return true;
}

static struct pad_way take_exception(struct context *context)
{
    const struct pad_trap *s = &pad_private.trap;
    const struct exception x = {s->vector, s->error, s->address};
    struct translation t = {.is_present = false};
    struct trap trap;
    if (x.vector == EXCEPTION_PAGE_FAULT && x.address < ABI_USER_TOP)
        t = kernel_translate(&pad_core.kernel, pad_private.vspace, x.address);
    if (t.is_present && x.address < pad_core.address_min)
        t.is_present = false; /* DIFFERS: the host refuses mappings there */
    if (take_native_jump(context, &x, &t))
        return pad_resume();
    if (x.vector == EXCEPTION_GENERAL_PROTECTION &&
        tsc_emulate(&pad_core.kernel, pad_private.vspace, context))
        return context->reg[REG_RFLAGS] & FLAG_TRAP
                   ? pad_take(&(struct trap){.kind = TRAP_EXCEPTION, .vector = EXCEPTION_DEBUG})
                   : pad_resume();
    if (trap_of_exception(&x, &t, context, &trap))
        return pad_take(&trap);
    if (machine_is_window(t.paddr) && t.is_present)
        return take_window(context, &x, &t);
    if (t.is_device)
        return take_device(context, x.address, &t);
    if (bulk_take(context, s, &t))
        return pad_resume();
    miss_check(context->next_ip, x.address);
    cache_fill(x.address, &t);
    return pad_resume();
}

static bool take_breakpoint(struct trap *trap)
{
    if (pad_private.trap.number != SIGTRAP || !pad_private.has_breakpoints)
        return false;
    *trap = trap_exception(EXCEPTION_DEBUG, 0);
    trap->debug_status = breakpoints_hit();
    return trap->debug_status & TRAP_DEBUG_BREAKPOINTS;
}

static bool is_memory_missing(const struct pad_trap *t)
{
    return t->number == SIGBUS && t->code >= BUS_ADRERR &&
           t->code <= BUS_OBJERR + 2; /* and its machine checks */
}

static bool is_displaced(uint64_t ip)
{
    return patch_is_displaced(&pad_private, ip) ||
           thunk_native_target(&pad_core, &pad_core.kernel, pad_private.vspace, ip);
}

struct pad_way pad_trapped(void)
{
    const struct pad_trap *t = &pad_private.trap;
    struct context *context = pad_core.context;
    if (pad_private.is_stepping) {
        bool is_done = t->number == SIGTRAP && t->code == TRAP_TRACE;
        step_end(is_done);
        if (is_done && !pad_private.had_trap_flag)
            return pad_resume();
    }
    if (t->cs !=
        USER_CS) /* DIFFERS: seL4 has no 32-bit code segment; getting there is a fault, here after the fact */
        return pad_take(&(struct trap){.kind = TRAP_EXCEPTION, .vector = EXCEPTION_GENERAL_PROTECTION});
    if (t->number == SIGSYS)
        return take_syscall(context);
    struct trap trap;
    if (take_breakpoint(&trap))
        return pad_take(&trap);
    if (t->number == SIGILL && !t->is_in_thunk && is_displaced(context->next_ip))
        return pad_resume(); /* the guest jumped to an instruction that a patch displaced */
    if (is_memory_missing(t) && is_end_of_file(t, &trap))
        return pad_take(&trap);
    if (is_memory_missing(t)) {
        pad_core.request.address = ERROR_NO_MEMORY;
        pad_core.request.value = t->address;
        pad_text_copy(pad_core.request.text, sizeof(pad_core.request.text),
                      "the host has no memory for a guest");
        baton_fail(PAD_FAILED);
    }
    return take_exception(context);
}
