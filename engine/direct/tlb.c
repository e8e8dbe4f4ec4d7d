/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which process shows which VSpace, and what it must forget.
 *
 * A VSpace's process stands in the last entry of its PML4, which is nobody else's; the slot has the last
 * word.
 *
 * Pages are mapped in runs, and a run is given up as a whole: programs that unmap one page mostly unmap its
 * neighbours next, and those then cost no host call.
 */
#include "engine/direct/tlb.h"

#include <string.h>

enum {
    LINK_ENTRY = 511,
    PAGE = 1 << ABI_SMALL_PAGE_BITS,
    EXPECT_EXITS = 16 /* between unmapping a page and mapping the next, at most */
};

static uint64_t *link_of(const struct kernel *k, uint64_t vspace)
{
    return (uint64_t *)(void *)(k->arena + vspace) + LINK_ENTRY;
}

int tlb_process(const struct pad_core *core, const struct kernel *k, uint64_t vspace)
{
    if (vspace == 0 || vspace >= k->memory_size)
        return -1;
    uint64_t process = *link_of(k, vspace) - 1;
    return process < PAD_PROCESSES && core->slot[process].vspace == vspace ? (int)process : -1;
}

void tlb_bind(struct pad_core *core, const struct kernel *k, unsigned process, uint64_t vspace)
{
    core->slot[process].vspace = vspace;
    core->slot[process].must_reset = true;
    core->slot[process].expecting = 0;
    memset(core->slot[process].habit, 0, sizeof(core->slot[process].habit));
    *link_of(k, vspace) = process + 1;
    tlb_note_all(core, process);
}

void tlb_note_all(struct pad_core *core, unsigned process)
{
    struct pad_slot *slot = &core->slot[process];
    slot->must_wipe = slot->is_dirty = true;
    slot->unmap_count = 0;
}

void tlb_note(struct pad_core *core, unsigned process, uint64_t start, uint64_t end)
{
    struct pad_slot *slot = &core->slot[process];
    struct pad_range *last = slot->unmap_count ? &slot->unmap[slot->unmap_count - 1] : NULL;
    slot->is_dirty = true;
    if (slot->must_wipe)
        return;
    if (last && start <= last->end && end >= last->start) {
        last->start = start < last->start ? start : last->start;
        last->end = end > last->end ? end : last->end;
    } else if (slot->unmap_count < PAD_UNMAPS) {
        slot->unmap[slot->unmap_count++] = (struct pad_range){start, end};
    } else {
        tlb_note_all(core, process);
    }
}

/* Take the mark of a small page that is mapped as it stands; false: it is none. */
static bool page_forget(struct kernel *k, uint64_t vspace, uint64_t vaddr)
{
    struct translation t = kernel_translate(k, vspace, vaddr);
    if (!t.is_present || !t.is_cached || t.is_marked || t.size_bits != ABI_SMALL_PAGE_BITS)
        return false;
    kernel_translation_note(k, vspace, vaddr, false, false);
    return true;
}

/* The neighbours that were mapped with a page that goes: they will be mapped again when somebody touches
 * them. */
static struct pad_range run_forget(struct kernel *k, uint64_t vspace, uint64_t vaddr)
{
    uint64_t window = vaddr >> PAD_WINDOW_BITS << PAD_WINDOW_BITS, end = window + (1u << PAD_WINDOW_BITS);
    struct pad_range run = {vaddr, vaddr + PAGE};
    while (run.start > window && page_forget(k, vspace, run.start - PAGE))
        run.start -= PAGE;
    while (run.end < end && page_forget(k, vspace, run.end))
        run.end += PAGE;
    return run;
}

static struct pad_habit *habit_find(struct pad_slot *slot, uint64_t vaddr)
{
    for (unsigned i = 0; i < PAD_HABITS; i++)
        if (slot->habit[i].vaddr == vaddr)
            return &slot->habit[i];
    return NULL;
}

void tlb_note_touch(struct pad_core *core, unsigned process, uint64_t vaddr)
{
    struct pad_habit *habit = habit_find(&core->slot[process], vaddr);
    if (habit)
        habit->credit = TLB_CREDIT;
}

/* A page that was mapped alone goes. */
static void habit_note(struct pad_slot *slot, uint64_t vaddr)
{
    struct pad_habit *habit = habit_find(slot, vaddr);
    if (!habit) {
        slot->habit[slot->habit_next++ % PAD_HABITS] = (struct pad_habit){.vaddr = vaddr};
    } else if (habit->credit > 0) {
        habit->credit--;
        slot->expected = vaddr;
        slot->expecting = EXPECT_EXITS;
    }
}

void tlb_note_invalid(struct pad_core *core, struct kernel *k, uint64_t vspace, uint64_t vaddr, uint64_t size)
{
    int process = tlb_process(core, k, vspace);
    if (process < 0 || size == 0 || vaddr >= ABI_USER_TOP || core->slot[process].must_wipe)
        return;
    struct pad_range range = {vaddr, size > ABI_USER_TOP - vaddr ? ABI_USER_TOP : vaddr + size};
    if (size == PAGE) {
        range = run_forget(k, vspace, vaddr);
        if (range.end - range.start == PAGE)
            habit_note(&core->slot[process], vaddr);
    }
    tlb_note(core, (unsigned)process, range.start, range.end);
}

void tlb_note_gone(struct pad_core *core, struct kernel *k, uint64_t vspace)
{
    int process = tlb_process(core, k, vspace);
    if (process < 0)
        return;
    core->slot[process].vspace = 0;
    tlb_note_all(core, (unsigned)process);
}
