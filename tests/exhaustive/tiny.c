/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tiny kernel: two threads of one priority, and a few of everything they can
 * get hold of. The root thread has all of it; the child has a CSpace of eight slots
 * and can reach nothing else unless it is given something.
 */
#include "check/check.h"
#include "kernel/message.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "tests/exhaustive/exhaustive.h"

enum {
    PRIORITY = 10,
    CHILD_GUARD = 61,
    ENTRY = 0x400000,
    BUDGET_US = 1000,
    PERIOD_US = 3000
};

static void child_give(struct rig *rig, uint64_t cnode, uint64_t index, uint64_t cap, uint64_t rights,
                       uint64_t data)
{
    CHECK_OK(rig_invoke(rig, cnode, OPERATION_CNODE_MINT, WORDS(index, 3, cap, 64, rights, data),
                        CAPS(ABI_SLOT_CNODE))
                 .label);
}

/* Slots 1 to 5: the endpoint, the notification, its thread, a small untyped, its CNode. */
static void child_furnish(struct tiny *tiny)
{
    struct rig *rig = &tiny->rig;
    child_give(rig, tiny->cnode, 1, tiny->endpoint, RIGHTS_ALL, 1);
    child_give(rig, tiny->cnode, 2, tiny->notification, RIGHTS_ALL, 2);
    child_give(rig, tiny->cnode, 3, tiny->thread, RIGHTS_ALL, 0);
    child_give(rig, tiny->cnode, 4, rig_new_small_untyped(rig, 6), RIGHTS_ALL, 0);
    child_give(rig, tiny->cnode, 5, tiny->cnode, RIGHTS_ALL, CHILD_GUARD);
}

static void window_set(const struct tiny *tiny, uint64_t tcb, uint64_t cnode, uint64_t index)
{
    uint64_t *buffer = thread_ipc_buffer(tiny->rig.k, tcb_at(tiny->rig.k, tcb), true);
    buffer[BUFFER_RECEIVE_CNODE] = cnode;
    buffer[BUFFER_RECEIVE_INDEX] = index;
    buffer[BUFFER_RECEIVE_DEPTH] = 64;
}

static void child_start(struct tiny *tiny)
{
    struct rig *rig = &tiny->rig;
    tiny->thread = rig_thread(rig, PRIORITY, 0);
    rig_give_buffer(rig, tiny->thread);
    child_furnish(tiny);
    CHECK_OK(rig_invoke(rig, tiny->thread, OPERATION_TCB_SET_SPACE, WORDS(1, CHILD_GUARD, 0),
                        CAPS(tiny->cnode, ABI_SLOT_VSPACE))
                 .label);
}

static void context_make(struct tiny *tiny, uint64_t *slot, uint64_t budget_us, uint64_t period_us)
{
    struct rig *rig = &tiny->rig;
    *slot = rig_new(rig, OBJECT_SCHED_CONTEXT, 8);
    CHECK_OK(rig_invoke(rig, tiny->control, OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS,
                        WORDS(budget_us, period_us, 0, 0, 0), CAPS(*slot))
                 .label);
}

/* The child runs on a context of its own, and can receive with two reply objects: 7 is its, 6 stays free. */
static void child_start_mcs(struct tiny *tiny)
{
    struct rig *rig = &tiny->rig;
    tiny->control = RIG_SCHED_CONTROL;
    context_make(tiny, &tiny->context, BUDGET_US, PERIOD_US);
    context_make(tiny, &tiny->context_spare, BUDGET_US, BUDGET_US);
    tiny->reply = rig_new(rig, OBJECT_REPLY, 0);
    tiny->reply_spare = rig_new(rig, OBJECT_REPLY, 0);
    tiny->thread = rig_new(rig, OBJECT_TCB, 0);
    child_furnish(tiny);
    child_give(rig, tiny->cnode, 7, tiny->reply, RIGHTS_ALL, 0);
    CHECK_OK(rig_invoke(rig, tiny->thread, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(255, PRIORITY),
                        CAPS(ABI_SLOT_TCB, tiny->context, tiny->endpoint))
                 .label);
    CHECK_OK(rig_invoke(rig, tiny->thread, OPERATION_TCB_SET_SPACE, WORDS(CHILD_GUARD, 0),
                        CAPS(tiny->endpoint, tiny->cnode, ABI_SLOT_VSPACE))
                 .label);
    rig_give_buffer(rig, tiny->thread);
    CHECK_OK(
        rig_invoke(rig, tiny->thread, OPERATION_TCB_WRITE_REGISTERS, WORDS(1, 2, ENTRY, 0), NO_CAPS).label);
}

static void threads_make(struct tiny *tiny, bool is_mcs)
{
    struct rig *rig = &tiny->rig;
    if (is_mcs)
        child_start_mcs(tiny);
    else
        child_start(tiny);
    tiny->root = rig->root;
    tiny->child = rig_cap(rig, tiny->thread).paddr;
    window_set(tiny, tiny->root, ABI_SLOT_CNODE, tiny->empty[3]);
    window_set(tiny, tiny->child, 5, 6);
}

static void memory_make(struct tiny *tiny)
{
    struct rig *rig = &tiny->rig;
    tiny->small = rig_new_small_untyped(rig, 8);
    tiny->half = rig_new_small_untyped(rig, 12);
    tiny->spare = rig_new(rig, OBJECT_TCB, 0);
    tiny->page = rig_new(rig, OBJECT_SMALL_PAGE, 0);
    tiny->frame = rig_free_slot(rig);
    CHECK_OK(rig_copy(rig, tiny->frame, tiny->page, RIGHT_READ));
    tiny->pml4 = rig_new(rig, OBJECT_PML4, 0);
}

static void devices_make(struct tiny *tiny)
{
    struct rig *rig = &tiny->rig;
    tiny->irq = rig_free_slot(rig);
    tiny->port = rig_free_slot(rig);
    CHECK_OK(rig_invoke(rig, ABI_SLOT_IRQ_CONTROL, OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_IOAPIC,
                        WORDS(tiny->irq, 64, 0, 5, 0, 0, 4), CAPS(ABI_SLOT_CNODE))
                 .label);
    CHECK_OK(rig_invoke(rig, ABI_SLOT_IO_PORT_CONTROL, OPERATION_X86_IO_PORT_CONTROL_ISSUE,
                        WORDS(0x3f8, 0x3ff, tiny->port, 64), CAPS(ABI_SLOT_CNODE))
                 .label);
}

/* Every tick ends a turn. */
static void clock_shorten(struct tiny *tiny)
{
    tiny->rig.sim->abi.config.time_slice_ticks = 1;
    for (uint64_t at = tiny->rig.k->state->threads; at; at = tcb_at(tiny->rig.k, at)->all_next)
        tcb_at(tiny->rig.k, at)->time_slice = 1;
}

static bool thread_is_resting(const struct tcb *tcb)
{
    bool is_restarted = tcb->context.is_syscall && tcb->context.next_ip == tcb->context.reg[REG_FAULT_IP];
    return tcb->state == THREAD_RUNNING && !is_restarted;
}

static void thread_rest(const struct tiny *tiny, struct tcb *tcb)
{
    struct context *context = &tcb->context;
    for (unsigned i = REG_RAX; i <= REG_R15; i++)
        context->reg[i] = 0;
    context->reg[REG_FAULT_IP] = context->next_ip = ENTRY;
    context->is_syscall = false;
    uint64_t *buffer = thread_ipc_buffer(tiny->rig.k, tcb, true);
    for (unsigned i = 0; buffer && i < BUFFER_RECEIVE_CNODE; i++) {
        if (buffer[i])
            buffer[i] = 0;
    }
}

/* The bytes between its fields may be anything. */
static void fault_settle(struct fault *fault)
{
    struct fault settled;
    memset(&settled, 0, sizeof settled);
    settled.type = fault->type;
    settled.is_receive_phase = fault->is_receive_phase;
    settled.is_instruction = fault->is_instruction;
    settled.address = fault->address;
    settled.status = fault->status;
    settled.lookup.kind = fault->lookup.kind;
    settled.lookup.bits_left = fault->lookup.bits_left;
    settled.lookup.bits_found = fault->lookup.bits_found;
    settled.lookup.guard_bits = fault->lookup.guard_bits;
    settled.lookup.guard = fault->lookup.guard;
    if (memcmp(fault, &settled, sizeof settled) != 0)
        memcpy(fault, &settled, sizeof settled);
}

static void threads_rest(const struct tiny *tiny)
{
    struct kernel_state *state = tiny->rig.k->state;
    for (uint64_t at = state->threads; at; at = tcb_at(tiny->rig.k, at)->all_next) {
        struct tcb *tcb = tcb_at(tiny->rig.k, at);
        fault_settle(&tcb->fault);
        if (thread_is_resting(tcb))
            thread_rest(tiny, tcb);
    }
    fault_settle(&state->unhandled_detail);
}

struct tiny tiny_open(const struct tiny_options *options)
{
    struct tiny tiny = {.rig = rig_open_with((struct sim_options){.release = 16,
                                                                  .memory_size = 4 << 20,
                                                                  .root_cnode_bits = 7,
                                                                  .work_units = 1,
                                                                  .is_mcs = options->is_mcs})};
    struct rig *rig = &tiny.rig;
    rig->sim->after_trap = NULL;
    tiny.endpoint = rig_new(rig, OBJECT_ENDPOINT, 0);
    tiny.notification = rig_new(rig, OBJECT_NOTIFICATION, 0);
    tiny.cnode = rig_new(rig, OBJECT_CNODE, 3);
    tiny.badged = rig_free_slot(rig);
    tiny.send_only = rig_free_slot(rig);
    CHECK_OK(rig_mint(rig, tiny.badged, tiny.endpoint, RIGHTS_ALL, 5));
    CHECK_OK(rig_mint(rig, tiny.send_only, tiny.endpoint, RIGHT_WRITE, 6));
    for (unsigned i = 0; i < 4; i++)
        tiny.empty[i] = rig_free_slot(rig);
    memory_make(&tiny);
    devices_make(&tiny);
    threads_make(&tiny, options->is_mcs);
    clock_shorten(&tiny);
    CHECK_OK(
        rig_invoke(rig, ABI_SLOT_TCB, OPERATION_TCB_SET_PRIORITY, WORDS(PRIORITY), CAPS(ABI_SLOT_TCB)).label);
    threads_rest(&tiny);
    tiny_menu(&tiny, options);
    return tiny;
}

static bool actor_runs(const struct tiny *tiny, enum actor actors)
{
    uint64_t tcb = tiny->rig.sim->next.tcb;
    return (tcb == tiny->root && (actors & ACTOR_ROOT)) || (tcb == tiny->child && (actors & ACTOR_CHILD)) ||
           (tcb != tiny->root && tcb != tiny->child && actors == ACTOR_BOTH);
}

bool step_applies(const struct tiny *tiny, const struct step *step)
{
    const struct sim *sim = tiny->rig.sim;
    if (sim->next.kind == NEXT_HALT)
        return false;
    if (step->kind == STEP_WAIT)
        return true;
    if (step->kind == STEP_TICK)
        return sim->abi.config.is_mcs ? sim->next.timer_ns != UINT64_MAX
                                      : sim->next.kind == NEXT_RUN || sim->next.wants_tick;
    if (step->kind == STEP_INTERRUPT)
        return kernel_irq_is_handled(tiny->rig.k, step->number);
    if (sim->next.kind != NEXT_RUN)
        return false;
    if (sim_is_restarted(sim))
        return step->kind == STEP_AGAIN;
    if (step->kind == STEP_VM_FAULT || step->kind == STEP_EXCEPTION)
        return actor_runs(tiny, step->actors);
    return step->kind == STEP_SYSCALL && sim->next.vspace != 0 && actor_runs(tiny, step->actors);
}

static void syscall_make(struct tiny *tiny, const struct step *step)
{
    struct rig *rig = &tiny->rig;
    rig->reply = step->reply;
    rig->destination = step->send_to;
    uint64_t label = step->message.operation ? rig_label(rig, step->message.operation) : step->label;
    rig_syscall(rig, step->syscall, step->cptr,
                rig_info(label, step->message.cap_count, step->message.length), step->message.word,
                step->message.length, step->message.cap, step->message.cap_count);
}

static void step_enter(struct tiny *tiny, const struct step *step)
{
    struct sim *sim = tiny->rig.sim;
    switch (step->kind) {
    case STEP_SYSCALL:
        syscall_make(tiny, step);
        return;
    case STEP_AGAIN:
        sim_restart(sim);
        return;
    case STEP_VM_FAULT:
        sim_vm_fault(sim, step->address, step->number);
        return;
    case STEP_EXCEPTION:
        sim_exception(sim, step->number, 0);
        return;
    case STEP_INTERRUPT:
        sim_interrupt(sim, step->number);
        return;
    case STEP_WAIT:
        sim->now_ns += step->time_ns;
        sim_tick(sim);
        return;
    case STEP_TICK:
        if (sim->next.timer_ns != UINT64_MAX && sim->next.timer_ns > sim->now_ns)
            sim->now_ns = sim->next.timer_ns;
        sim_tick(sim);
    }
}

struct outcome step_take(struct tiny *tiny, const struct step *step)
{
    struct sim *sim = tiny->rig.sim;
    uint64_t caller = sim->next.kind == NEXT_RUN ? sim->next.tcb : 0;
    struct outcome outcome = {.is_answered = false};

    sim->preempt_countdown = step->preempt_at;
    step_enter(tiny, step);
    const struct tcb *tcb = tcb_at(tiny->rig.k, caller);
    if (tcb && step->kind == STEP_SYSCALL && step->syscall == SYSCALL_CALL && step->message.operation) {
        outcome.is_preempted = !thread_is_resting(tcb);
        outcome.is_answered = thread_is_resting(tcb);
        outcome.label = message_info_from_word(tcb->context.reg[REG_RSI]).label;
    }
    threads_rest(tiny);
    return outcome;
}
