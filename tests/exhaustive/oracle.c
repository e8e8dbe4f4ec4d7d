/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold of a step, and of a state, besides kernel_check; all of it found
 * out without the kernel's own derivation tree.
 *
 * - "authority": a step puts no capability anywhere that its actor could not have
 *   taken from what it can reach, or a peer have granted it in a message; and no
 *   capability gains rights on the way. Time gives nothing to anybody.
 * - "rights": a copy has at most those that were asked for.
 * - "cancellation": of the threads that wait to send, those with the badge stop.
 * - "refusal": a call that is answered with an error has changed nothing.
 * - "revocation": what a revoked capability was the origin of is gone.
 * - "accounting": objects are disjoint, and each lies in the used part of every
 *   untyped that reaches over it.
 */
#include "kernel/assert.h"
#include "kernel/ipc.h"
#include "kernel/state.h"
#include "tests/exhaustive/exhaustive.h"

#define MUST(condition, what) ((condition) ? (void)0 : kernel_assert_failed(what, __FILE__, __LINE__))

static struct {
    struct reach all;    /* every slot there is */
    struct reach actor;  /* those that who ran at the mark controls */
    struct reach others; /* those that the other threads control */
    uint64_t running;    /* TCB, 0: nobody */
} mark;

static struct slot slot_before(const struct tiny *tiny, uint64_t paddr)
{
    struct slot slot;
    memcpy(&slot, arena_before(tiny->rig.k, paddr), sizeof slot);
    return slot;
}

static struct tcb tcb_before(const struct tiny *tiny, uint64_t paddr)
{
    struct tcb tcb;
    memcpy(&tcb, arena_before(tiny->rig.k, paddr), sizeof tcb);
    return tcb;
}

static bool reach_has(const struct reach *reach, uint64_t paddr)
{
    for (unsigned i = 0; i < reach->count; i++) {
        if (reach->slot[i] == paddr)
            return true;
    }
    return false;
}

static void reach_add(struct reach *reach, uint64_t paddr, uint64_t slots)
{
    if (reach_has(reach, paddr))
        return;
    for (uint64_t i = 0; i < slots; i++) {
        MUST(reach->count < SLOTS_MAX, "a tiny kernel has few slots");
        reach->slot[reach->count++] = paddr + i * sizeof(struct slot);
    }
}

/* Is the slot in memory that somebody with these slots could take back? */
static bool reach_has_memory(const struct tiny *tiny, const struct reach *reach, uint64_t paddr)
{
    for (unsigned i = 0; i < reach->count; i++) {
        struct cap cap = slot_before(tiny, reach->slot[i]).cap;
        if (cap.type == CAP_UNTYPED && paddr - cap.paddr < 1ull << cap.untyped_bits)
            return true;
    }
    return false;
}

/* Whoever has a CNode, a thread, or what is left of them, has the capabilities in there. */
static void reach_close(const struct tiny *tiny, struct reach *reach)
{
    for (unsigned i = 0; i < reach->count; i++) {
        struct cap cap = slot_before(tiny, reach->slot[i]).cap;
        if (cap.type == CAP_CNODE)
            reach_add(reach, cap.paddr, 1ull << cap.radix);
        else if (cap.type == CAP_THREAD)
            reach_add(reach, cap.paddr, TCB_SLOTS);
        else if (cap.type == CAP_ZOMBIE)
            reach_add(reach, cap.paddr, cap.zombie_is_tcb ? TCB_SLOTS : 1ull << cap.zombie_radix);
    }
}

static void reach_of_thread(const struct tiny *tiny, struct reach *reach, uint64_t tcb)
{
    reach_add(reach, tcb, TCB_SLOTS);
    reach_close(tiny, reach);
}

void oracle_mark(const struct tiny *tiny)
{
    const struct kernel_state *state = tiny->rig.k->state;
    uint64_t first_irq = arena_paddr(tiny->rig.k, &state->irq_slot[0]);
    mark.all.count = mark.actor.count = mark.others.count = 0;
    mark.running = tiny->rig.sim->next.kind == NEXT_RUN ? tiny->rig.sim->next.tcb : 0;
    for (uint64_t at = state->threads; at; at = tcb_at(tiny->rig.k, at)->all_next)
        reach_of_thread(tiny, at == mark.running ? &mark.actor : &mark.others, at);
    mark.all = mark.actor;
    for (unsigned i = 0; i < mark.others.count; i++) {
        if (!reach_has(&mark.all, mark.others.slot[i]))
            reach_add(&mark.all, mark.others.slot[i], 1);
    }
    reach_add(&mark.all, first_irq, KERNEL_IRQS);
}

/* --- authority --- */

static bool rights_within(struct cap less, struct cap more)
{
    if (less.type == CAP_ENDPOINT || less.type == CAP_NOTIFICATION) {
        uint64_t rights = (uint64_t)CAP_RIGHTS_ALL << CAP_DETAIL_SHIFT;
        return (less.head & rights & ~more.head) == 0 && (less.badge == more.badge || more.badge == 0);
    }
    if (less.type == CAP_FRAME)
        return less.frame_rights <= more.frame_rights;
    if (less.type == CAP_REPLY || less.type == CAP_REPLY_OBJECT)
        return less.can_grant <= more.can_grant;
    return true;
}

static bool is_within(const struct tiny *tiny, struct cap object, struct cap untyped)
{
    uint64_t size = 1ull << cap_size_bits(tiny->rig.k, object);
    return object.paddr >= untyped.paddr &&
           object.paddr + size <= untyped.paddr + (1ull << untyped.untyped_bits);
}

/* Could a capability like `cap` be made out of `source`? */
static bool is_source(const struct tiny *tiny, struct cap cap, struct cap source, enum operation operation)
{
    if (cap.type == CAP_ZOMBIE && cap.paddr == source.paddr)
        return source.type == CAP_CNODE || source.type == CAP_THREAD || source.type == CAP_ZOMBIE;
    if (cap.type == CAP_IRQ_HANDLER)
        return source.type == CAP_IRQ_CONTROL || (source.type == CAP_IRQ_HANDLER && source.irq == cap.irq);
    if (cap.type == CAP_IO_PORT)
        return source.type == CAP_IO_PORT_CONTROL || (source.type == CAP_IO_PORT && source.word == cap.word);
    /* Memory is the origin of what is made from it, and the way back to it when it is lost in a circle. */
    bool is_memory_enough = operation == OPERATION_UNTYPED_RETYPE ||
                            operation == OPERATION_X86_ASID_CONTROL_MAKE_POOL ||
                            operation == OPERATION_CNODE_REVOKE;
    if (is_memory_enough && source.type == CAP_UNTYPED && cap_is_physical(cap) &&
        is_within(tiny, cap, source))
        return true;
    return cap.type == source.type && cap.paddr == source.paddr && rights_within(cap, source);
}

static bool reach_has_source(const struct tiny *tiny, const struct reach *reach, struct cap cap,
                             enum operation operation)
{
    for (unsigned i = 0; i < reach->count; i++) {
        if (is_source(tiny, cap, slot_before(tiny, reach->slot[i]).cap, operation))
            return true;
    }
    return false;
}

/* A reply capability appears where a call or a fault was received. */
static bool is_fresh_reply(const struct tiny *tiny, uint64_t at, struct cap cap)
{
    const struct kernel *k = tiny->rig.k;
    if (cap.type != CAP_REPLY || tiny->rig.sim->abi.config.is_mcs)
        return false;
    if (cap.is_master)
        return at == arena_paddr(k, &tcb_at(k, cap.paddr)->slots[TCB_REPLY]);
    for (uint64_t tcb = k->state->threads; tcb; tcb = tcb_at(k, tcb)->all_next) {
        if (at == arena_paddr(k, &tcb_at(k, tcb)->slots[TCB_CALLER]))
            return tcb_at(k, cap.paddr)->state == THREAD_BLOCKED_ON_REPLY;
    }
    return false;
}

static bool can_grant_through(const struct tiny *tiny, const struct tcb *tcb, uint64_t cptr)
{
    struct cap node = tcb->slots[TCB_CSPACE].cap;
    if (node.type != CAP_CNODE || cptr >> node.radix)
        return false;
    struct cap cap = slot_before(tiny, node.paddr + cptr * sizeof(struct slot)).cap;
    return (cap.type == CAP_ENDPOINT || cap.type == CAP_REPLY || cap.type == CAP_REPLY_OBJECT) &&
           cap.can_grant;
}

/* May the actor of the step send capabilities along? */
static bool step_can_grant(const struct tiny *tiny, const struct step *step)
{
    if (step->kind != STEP_SYSCALL && step->kind != STEP_AGAIN)
        return false;
    for (unsigned i = 0; i < TCB_SLOTS; i++) {
        struct cap cap = slot_before(tiny, mark.running + i * sizeof(struct slot)).cap;
        if (cap.type == CAP_REPLY && !cap.is_master && cap.can_grant)
            return true;
    }
    struct tcb tcb = tcb_before(tiny, mark.running);
    const uint64_t *reg = tcb.context.reg;
    if (step->kind == STEP_AGAIN)
        return can_grant_through(tiny, &tcb, reg[REG_RDI]) || can_grant_through(tiny, &tcb, reg[REG_R12]) ||
               can_grant_through(tiny, &tcb, reg[REG_R13]);
    return can_grant_through(tiny, &tcb, step->cptr) || can_grant_through(tiny, &tcb, step->reply) ||
           can_grant_through(tiny, &tcb, step->send_to);
}

/* Does some other thread wait to send capabilities? */
static bool sender_can_grant(const struct tiny *tiny)
{
    const struct kernel *k = tiny->rig.k;
    for (uint64_t at = k->state->threads; at; at = tcb_at(k, at)->all_next) {
        struct tcb tcb = tcb_before(tiny, at);
        if (at != mark.running && tcb.state == THREAD_BLOCKED_ON_SEND && tcb.blocking_can_grant)
            return true;
    }
    return false;
}

static void authority_check_slot(const struct tiny *tiny, const struct step *step, uint64_t at,
                                 struct cap before, struct cap now)
{
    if (now.type == CAP_NULL || (now.head == before.head && now.word == before.word))
        return;
    MUST(mark.running && step->kind != STEP_INTERRUPT && step->kind != STEP_TICK && step->kind != STEP_WAIT,
         "authority: time gives no capability to anybody");
    if (is_fresh_reply(tiny, at, now))
        return;
    enum operation operation = step->kind == STEP_SYSCALL ? step->message.operation : OPERATION_INVALID;
    bool is_own_place = !reach_has(&mark.others, at) || reach_has(&mark.actor, at); /* or an interrupt's */
    bool is_own_source = reach_has_source(tiny, &mark.actor, now, operation);
    if (operation == OPERATION_CNODE_REVOKE)
        is_own_place = is_own_place || reach_has_memory(tiny, &mark.actor, at);
    if (is_own_place && is_own_source)
        return;
    if (is_own_place) { /* it was given something */
        MUST(reach_has_source(tiny, &mark.others, now, operation), "authority: a capability from nowhere");
        MUST(sender_can_grant(tiny), "authority: a capability came without grant");
        return;
    }
    MUST(is_own_source, "authority: somebody gave what it did not have");
    MUST(step_can_grant(tiny, step), "authority: a capability went without grant");
}

static void authority_check(const struct tiny *tiny, const struct step *step, const struct change *changes,
                            unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned part = 0; part < LINE_SIZE; part += sizeof(struct slot)) {
            uint64_t at = changes[i].paddr + part;
            struct slot now, before;
            memcpy(&now, changes[i].now + part, sizeof now);
            memcpy(&before, changes[i].before + part, sizeof before);
            if (memcmp(&now, &before, sizeof now) != 0 && reach_has(&mark.all, at))
                authority_check_slot(tiny, step, at, before.cap, now.cap);
        }
    }
}

/* --- refusal --- */

static void refusal_check(const struct tiny *tiny, struct outcome outcome, const struct change *changes,
                          unsigned count)
{
    const struct kernel *k = tiny->rig.k;
    if (!outcome.is_answered || outcome.label == ABI_NO_ERROR)
        return;
    struct tcb before = tcb_before(tiny, mark.running);
    struct tcb now = *tcb_at(k, mark.running);
    uint64_t buffer = before.slots[TCB_IPC_BUFFER].cap.paddr;
    memcpy(&now.context, &before.context, sizeof now.context);
    MUST(memcmp(&now, &before, sizeof now) == 0, "refusal: a call that failed has changed its caller");
    for (unsigned i = 0; i < count; i++) {
        bool is_callers = changes[i].paddr - mark.running < 1u << k->abi->object_bits[OBJECT_TCB];
        bool is_message = changes[i].paddr - buffer < 1u << ABI_SMALL_PAGE_BITS;
        MUST(is_callers || is_message, "refusal: a call that failed has changed something");
    }
}

/* --- revocation --- */

/* CancelBadgedSends ends the waiting of those who send with this badge, and of nobody else. */
static void cancellation_check(const struct tiny *tiny, const struct step *step, struct outcome outcome)
{
    const struct kernel *k = tiny->rig.k;
    if (!outcome.is_answered || outcome.label != ABI_NO_ERROR || step->cptr != ABI_SLOT_CNODE ||
        step->message.operation != OPERATION_CNODE_CANCEL_BADGED_SENDS)
        return;
    struct cap cap = rig_cap(&tiny->rig, step->message.word[0]);
    for (uint64_t at = k->state->threads; at; at = tcb_at(k, at)->all_next) {
        struct tcb before = tcb_before(tiny, at);
        bool is_waiting = tcb_at(k, at)->state == THREAD_BLOCKED_ON_SEND;
        if (at == mark.running || before.state != THREAD_BLOCKED_ON_SEND ||
            before.blocking_object != cap.paddr)
            continue;
        MUST(is_waiting == (before.blocking_badge != cap.badge || cap.badge == 0),
             "cancellation: of those who wait to send, exactly those with the badge are to start over");
    }
}

static void revocation_check(const struct tiny *tiny, const struct step *step, struct outcome outcome)
{
    const struct kernel *k = tiny->rig.k;
    if (!outcome.is_answered || outcome.label != ABI_NO_ERROR ||
        step->message.operation != OPERATION_CNODE_REVOKE || step->cptr != ABI_SLOT_CNODE)
        return;
    const struct slot *revoked = rig_slot(&tiny->rig, step->message.word[0]);
    struct cap cap = revoked->cap;
    bool is_origin = revoked->is_revocable && cap_is_physical(cap) &&
                     ((cap.type != CAP_ENDPOINT && cap.type != CAP_NOTIFICATION) || cap.badge == 0);
    for (unsigned i = 0; is_origin && i < mark.all.count; i++) {
        const struct slot *other = slot_at(k, mark.all.slot[i]);
        if (other == revoked || !cap_is_physical(other->cap) || other->cap.type == CAP_ZOMBIE)
            continue;
        bool is_same_place = other->cap.paddr == cap.paddr && other->cap.type == cap.type;
        bool is_inside = cap.type == CAP_UNTYPED && is_within(tiny, other->cap, cap) &&
                         !(other->cap.type == CAP_UNTYPED && other->cap.untyped_bits == cap.untyped_bits);
        MUST(!is_inside && (!is_same_place || cap.type == CAP_UNTYPED),
             "revocation: something derived from the capability is left");
    }
}

/* --- rights --- */

/* A copy has no right that was not asked for. */
static void rights_check(const struct tiny *tiny, const struct step *step, struct outcome outcome)
{
    bool is_copy =
        step->message.operation == OPERATION_CNODE_COPY || step->message.operation == OPERATION_CNODE_MINT;
    if (!is_copy || !outcome.is_answered || outcome.label != ABI_NO_ERROR || step->cptr != ABI_SLOT_CNODE)
        return;
    struct cap cap = rig_cap(&tiny->rig, step->message.word[0]);
    uint64_t rights = (cap.head >> CAP_DETAIL_SHIFT) & CAP_RIGHTS_ALL;
    MUST((cap.type != CAP_ENDPOINT && cap.type != CAP_NOTIFICATION) || (rights & ~step->message.word[4]) == 0,
         "rights: a copy has rights that it was not to have");
}

void oracle_step(const struct tiny *tiny, const struct step *step, struct outcome outcome,
                 const struct change *changes, unsigned count)
{
    authority_check(tiny, step, changes, count);
    refusal_check(tiny, outcome, changes, count);
    rights_check(tiny, step, outcome);
    cancellation_check(tiny, step, outcome);
    revocation_check(tiny, step, outcome);
}

/* --- accounting --- */

struct extent {
    uint64_t start, end;
    struct cap cap;
};

static void extents_check(struct extent a, struct extent b)
{
    bool is_apart = a.end <= b.start || b.end <= a.start;
    bool is_same = a.start == b.start && a.end == b.end;
    if (is_apart)
        return;
    if (a.cap.type != CAP_UNTYPED && b.cap.type != CAP_UNTYPED) {
        MUST(is_same, "accounting: two objects overlap");
        bool is_dying = a.cap.type == CAP_ZOMBIE || b.cap.type == CAP_ZOMBIE;
        MUST(is_dying || a.cap.type == b.cap.type, "accounting: one place, two kinds of objects");
        return;
    }
    if (is_same && a.cap.type == b.cap.type)
        return;
    struct extent outer =
        a.cap.type != CAP_UNTYPED || (b.cap.type == CAP_UNTYPED && b.end - b.start > a.end - a.start) ? b : a;
    struct extent inner =
        outer.start == a.start && outer.end == a.end && outer.cap.head == a.cap.head ? b : a;
    MUST(inner.start >= outer.start && inner.end <= outer.end, "accounting: an object is cut by an untyped");
    MUST(inner.end <= outer.start + outer.cap.free_offset,
         "accounting: an object lies where its untyped says there is free memory");
}

void oracle_state(const struct tiny *tiny)
{
    static struct extent extents[SLOTS_MAX];
    const struct kernel *k = tiny->rig.k;
    unsigned count = 0;
    for (unsigned i = 0; i < mark.all.count; i++) {
        struct cap cap = slot_at(k, mark.all.slot[i])->cap;
        /* A zombie has lost its size. */
        if (cap.type == CAP_NULL || cap.type == CAP_ZOMBIE || cap.type == CAP_REPLY || !cap_is_physical(cap))
            continue;
        extents[count++] = (struct extent){cap.paddr, cap.paddr + (1ull << cap_size_bits(k, cap)), cap};
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < i; j++)
            extents_check(extents[i], extents[j]);
    }
}
