/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emptying slots, with everything below them, in steps that can be interrupted.
 *
 * The last capability to a CNode or a thread cannot simply go: the object's own
 * slots must be emptied first, and that may take long and lead in circles. So
 * it first becomes a *zombie*, which counts down the slots that are still full;
 * between any two steps the system is consistent and the call can start over.
 *
 * A circle (a CNode that holds the last capability to itself, directly or through
 * others) ends in a zombie inside the very slots it names. Such a slot cannot be
 * emptied from within: it stays full until somebody asks for the deletion of that
 * very slot ("exposed").
 *
 * Manual: sections "Deletion" and "Revocation".
 */
#include "kernel/host/host.h"
#include "kernel/mcs/mcs.h"
#include "kernel/object.h"
#include "kernel/state.h"

enum {
    BLANK_SLOTS = 4096 /* from here on, asking for blank memory is cheaper than looking */
};

/* A place in long work where a pending interrupt may cut in: true means stop now with RESULT_PREEMPTED. */
static bool preemption_point(struct kernel *k)
{
    struct kernel_state *s = k->state;
    if (k->machine->clock.charge)
        k->machine->clock.charge(k->machine->clock.world, MACHINE_CHARGE_WORK);
    if (++s->work_units < k->abi->config.revoke_work_units)
        return false;
    s->work_units = 0;
    return preemption_is_due(k);
}

/* Nothing is left that needs slots emptied, or only the slot that is being emptied itself. */
static bool zombie_is_removable(const struct kernel *k, struct cap cap, const struct slot *slot)
{
    if (cap.type == CAP_NULL)
        return true;
    return cap.zombie_left == 0 || (cap.zombie_left == 1 && cap.paddr == arena_paddr(k, slot));
}

static bool zombie_is_in_own_slot(const struct kernel *k, struct cap cap, const struct slot *slot)
{
    return cap.type == CAP_ZOMBIE && cap.paddr == arena_paddr(k, slot);
}

/* Empty the last full slot of the zombie in `slot`, and count it. */
static struct result zombie_empty_last(struct kernel *k, struct slot *slot)
{
    struct cap before = slot->cap;
    struct slot *last = slot_at(k, before.paddr + ((before.zombie_left - 1) << ABI_SLOT_BITS));
    struct result deleted = slot_delete(k, last, false);
    if (!result_is_ok(deleted))
        return deleted;
    if (slot->cap.type != CAP_ZOMBIE)
        return result_ok(); /* the circle closed: our own slot went with it */
    if (slot->cap.word == before.word && slot->cap.paddr == before.paddr) {
        ASSERT(slot_is_empty(last));
        slot->cap.zombie_left--;
    }
    return result_ok();
}

/* The zombie was met inside another one: exchange it with the first slot it names, so that the outer one makes
 * progress. */
static void zombie_swap_inwards(struct kernel *k, struct slot *slot)
{
    struct slot *first = slot_at(k, slot->cap.paddr);
    ASSERT(first != slot);
    if (first->cap.type == CAP_ZOMBIE)
        ASSERT(first->cap.paddr != slot->cap.paddr);
    slot_swap(k, slot, slot->cap, first, first->cap);
}

/* The upper slots of a large CNode that nobody ever used are counted without a look at their memory, which the host
 * would have to provide. */
static struct result zombie_skip_blank(struct kernel *k, struct cap *cap)
{
    const struct machine_mmu *mmu = &k->machine->mmu;
    uint64_t end = cap->paddr + (cap->zombie_left << ABI_SLOT_BITS);
    if (cap->zombie_left < BLANK_SLOTS || !mmu->blank_from)
        return result_ok();
    uint64_t from = mmu->blank_from(mmu->world, cap->paddr, end);
    uint64_t left = (from - cap->paddr + (1u << ABI_SLOT_BITS) - 1) >> ABI_SLOT_BITS;
    while (cap->zombie_left > left && cap->zombie_left > 1) {
        cap->zombie_left--;
        if (preemption_point(k))
            return result_preempted();
    }
    return result_ok();
}

/* Most slots of most CNodes are empty. */
static struct result zombie_skip_empty(struct kernel *k, struct cap *cap)
{
    const struct slot *first = slot_at(k, cap->paddr);
    while (cap->zombie_left > 1 && slot_is_empty(first + cap->zombie_left - 1)) {
        cap->zombie_left--;
        if (preemption_point(k))
            return result_preempted();
    }
    return result_ok();
}

static struct result zombie_reduce(struct kernel *k, struct slot *slot, bool is_exposed)
{
    if (is_exposed) {
        struct result skipped = zombie_skip_empty(k, &slot->cap);
        return result_is_ok(skipped) ? zombie_empty_last(k, slot) : skipped;
    }
    zombie_swap_inwards(k, slot);
    return result_ok();
}

/* A ready set lets go of its files one by one before it ends. Interrupted, it takes no new ones. */
OUT_OF_LINE static struct result ready_set_reduce(struct kernel *k, struct cap cap)
{
    while (host_release_one(k, cap.paddr)) {
        if (preemption_point(k))
            return result_preempted();
    }
    return result_ok();
}

struct slot_end {
    bool is_removable;
    struct cap cleanup;
};

/* Bring a slot to the point where it can be emptied. */
static struct result slot_finalise(struct kernel *k, struct slot *slot, bool is_exposed, struct slot_end *end)
{
    bool may_be_blank = is_exposed;
    *end = (struct slot_end){.is_removable = true, .cleanup = cap_null()};
    while (!slot_is_empty(slot)) {
        bool is_final = slot_is_final(k, slot);
        if (!is_final && slot->cap.type != CAP_FRAME)
            return result_ok(); /* nothing ends with it; but a mapping is the capability's own */
        if (UNLIKELY(slot->cap.type == CAP_HOST)) {
            struct result reduced = ready_set_reduce(k, slot->cap);
            if (!result_is_ok(reduced))
                return reduced;
        }
        struct finalised finalised = cap_finalise(k, slot->cap, is_final);
        if (zombie_is_removable(k, finalised.remainder, slot)) {
            end->cleanup = finalised.cleanup;
            return result_ok();
        }
        slot->cap = finalised.remainder;
        if (!is_exposed && zombie_is_in_own_slot(k, slot->cap, slot)) {
            end->is_removable = false;
            return result_ok();
        }
        struct result skipped = may_be_blank ? zombie_skip_blank(k, &slot->cap) : result_ok();
        may_be_blank = false;
        if (!result_is_ok(skipped))
            return skipped;
        struct result reduced = zombie_reduce(k, slot, is_exposed);
        if (!result_is_ok(reduced))
            return reduced;
        if (preemption_point(k))
            return result_preempted();
    }
    return result_ok();
}

static void slot_empty(struct kernel *k, struct slot *slot, struct cap cleanup)
{
    if (slot_is_empty(slot))
        return;
    slot_clear(k, slot);
    cap_cleanup(k, cleanup);
}

OUT_OF_LINE static struct result slot_delete_filled(struct kernel *k, struct slot *slot, bool is_exposed)
{
    struct slot_end end;
    struct result finalised = slot_finalise(k, slot, is_exposed, &end);
    if (!result_is_ok(finalised))
        return finalised;
    if (is_exposed || end.is_removable)
        slot_empty(k, slot, end.cleanup);
    return result_ok();
}

struct result slot_delete(struct kernel *k, struct slot *slot, bool is_exposed)
{
    return slot_is_empty(slot) ? result_ok() : slot_delete_filled(k, slot, is_exposed);
}

void slot_delete_simple(struct kernel *k, struct slot *slot)
{
    if (slot_is_empty(slot))
        return;
    struct finalised finalised = cap_finalise(k, slot->cap, slot_is_final(k, slot));
    ASSERT(finalised.remainder.type == CAP_NULL && finalised.cleanup.type == CAP_NULL);
    slot_empty(k, slot, cap_null());
}

struct result slot_revoke(struct kernel *k, struct slot *slot)
{
    while (slot_has_children(k, slot)) {
        struct result deleted = slot_delete(k, slot_at(k, slot->next), true);
        if (!result_is_ok(deleted))
            return deleted;
        if (preemption_point(k))
            return result_preempted();
    }
    return result_ok();
}
