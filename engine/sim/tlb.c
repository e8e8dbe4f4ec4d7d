/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache of translations that is never wrong, or else the kernel forgot to take
 * one back. It notes what it has taken (kernel_translation_note), and nothing else.
 *
 * A stale entry that allows less than the tables do is no fault of the kernel:
 * the access would miss, and be looked up again.
 */
#include <stdio.h>

#include "engine/sim/sim.h"
#include "kernel/assert.h"

#define PAGE_SIZE 4096ull

static uint64_t page_of(uint64_t vaddr)
{
    return vaddr & ~(PAGE_SIZE - 1);
}

static bool translation_still_holds(const struct translation *old, const struct translation *now)
{
    return now->is_present && now->paddr == old->paddr && now->size_bits == old->size_bits &&
           now->cache == old->cache && (now->is_writable || !old->is_writable);
}

void sim_tlb_check(struct sim *sim)
{
    for (unsigned i = 0; i < SIM_TLB_ENTRIES; i++) {
        const struct sim_tlb_entry *entry = &sim->tlb[i];
        if (entry->vspace == 0)
            continue;
        struct translation now = kernel_translate(&sim->kernel, entry->vspace, entry->vaddr);
        if (translation_still_holds(&entry->translation, &now))
            continue;
        fprintf(stderr,
                "sim: VSpace 0x%lx, 0x%lx: was mapped to 0x%lx (writable %u), is %s 0x%lx (writable %u)\n",
                entry->vspace, entry->vaddr, entry->translation.paddr, entry->translation.is_writable,
                now.is_present ? "now mapped to" : "no longer mapped,", now.paddr, now.is_writable);
        kernel_assert_failed("no mapping changes without an invalidation", __FILE__, __LINE__);
    }
}

void sim_tlb_invalidate(struct sim *sim, uint64_t vspace, uint64_t vaddr, uint64_t size)
{
    for (unsigned i = 0; i < SIM_TLB_ENTRIES; i++) {
        struct sim_tlb_entry *entry = &sim->tlb[i];
        if (entry->vspace == vspace && entry->vaddr + PAGE_SIZE > vaddr && entry->vaddr < vaddr + size)
            entry->vspace = 0;
    }
}

void sim_tlb_forget(struct sim *sim, uint64_t vspace)
{
    for (unsigned i = 0; i < SIM_TLB_ENTRIES; i++) {
        if (sim->tlb[i].vspace == vspace)
            sim->tlb[i].vspace = 0;
    }
}

static const struct translation *tlb_look_up(struct sim *sim, uint64_t vaddr)
{
    uint64_t vspace = sim->next.vspace;
    struct translation found = kernel_translate(&sim->kernel, vspace, vaddr);
    if (!found.is_present)
        return NULL;
    sim_tlb_invalidate(sim, vspace, page_of(vaddr), PAGE_SIZE);
    struct sim_tlb_entry *entry = &sim->tlb[sim->tlb_hand++ % SIM_TLB_ENTRIES];
    *entry = (struct sim_tlb_entry){.vspace = vspace, .vaddr = page_of(vaddr), .translation = found};
    kernel_translation_note(&sim->kernel, vspace, vaddr, true, found.is_marked);
    return &entry->translation;
}

void *sim_user_memory(struct sim *sim, uint64_t vaddr, bool is_write)
{
    const struct translation *translation = sim->next.vspace ? tlb_look_up(sim, vaddr) : NULL;
    if (!translation || translation->is_device || (is_write && !translation->is_writable))
        return NULL;
    uint64_t offset = vaddr & ((1ull << translation->size_bits) - 1);
    return sim->kernel.arena + translation->paddr + offset;
}
