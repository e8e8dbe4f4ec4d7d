/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Patched `syscall` instructions in the pad: where an address stands, and the ways in which patches go.
 */
#include "engine/direct/pad/patch.h"
#include "engine/direct/tlb.h"

bool patch_place(const struct pad_private *p, uint64_t ip, uint64_t *visible, bool *is_entry)
{
    struct pad_private *table = (struct pad_private *)(uintptr_t)p; /* the searches change nothing */
    const struct pad_thunk_page *page = patch_thunk_page_find(table, ip);
    const struct pad_site *site = page ? NULL : patch_site_find(table, ip);
    *is_entry = true;
    *visible = ip;
    if (!page)
        return site && site->thunk;
    uint32_t owner = page->site[ip % PATCH_PAGE / PATCH_SLOT];
    if (owner == 0)
        return false;
    site = &p->site[owner - 1];
    uint64_t offset = ip - site->thunk;
    *is_entry = offset < PATCH_ENTRY;
    *visible = site->address;
    for (unsigned i = 0; !*is_entry && i <= site->count; i++)
        if (offset >= site->to[i])
            *visible = site->address + site->from[i];
    return true;
}

bool patch_is_known(const struct pad_private *p, uint64_t address)
{
    const struct pad_site *site = patch_site_find((struct pad_private *)(uintptr_t)p, address);
    return site ? site->thunk || site->why : p->site_count >= PATCH_SITES_MAX;
}

static void copy_drop(struct pad_core *core, struct pad_private *p, unsigned index, struct pad_copy *copy)
{
    bool is_written = !patch_frame_remove(
        core, &(struct pad_frame){.paddr = copy->paddr, .vaddr = copy->vaddr, .process = index});
    core->patch_drops++;
    while (copy->first) {
        struct pad_site *site = &p->site[copy->first - 1];
        if (is_written && site->drops < UINT8_MAX)
            site->drops++;
        patch_site_drop(p, site);
    }
    patch_pool_give(core, copy->page);
    *copy = p->copy[--p->copy_count];
    if (p->copy_count == 0)
        p->copy_bounds = (struct pad_range){0, 0};
}

static void thunk_page_drop(struct pad_core *core, struct pad_private *p, unsigned index,
                            struct pad_thunk_page *page)
{
    for (unsigned slot = 0; slot < PAD_THUNK_SLOTS; slot++) {
        if (page->site[slot] == 0)
            continue;
        uint64_t vaddr = p->site[page->site[slot] - 1].address & ~(uint64_t)(PATCH_PAGE - 1);
        copy_drop(core, p, index, patch_copy_find(p, vaddr));
        tlb_note(core, index, vaddr, vaddr + PATCH_PAGE);
    }
    patch_pool_give(core, page->page);
    *page = p->thunk_page[--p->thunk_page_count];
    if (p->thunk_page_count == 0)
        p->thunk_bounds = (struct pad_range){0, 0};
}

static bool overlap(uint64_t start, uint64_t end, const struct pad_range *range)
{
    return start < range->end && end > range->start;
}

void patch_forget(struct pad_core *core, struct pad_private *p, unsigned index, uint64_t start, uint64_t end)
{
    /* Dropping an entry puts the last one in its place, so both go from the last to the first. A thunk page
     * that goes can take copies with it, but never another thunk page. */
    if (overlap(start, end, &p->thunk_bounds))
        for (uint32_t i = p->thunk_page_count; i-- > 0;)
            if (p->thunk_page[i].address < end && p->thunk_page[i].address + PATCH_PAGE > start)
                thunk_page_drop(core, p, index, &p->thunk_page[i]);
    if (overlap(start, end, &p->copy_bounds))
        for (uint32_t i = p->copy_count; i-- > 0;)
            if (p->copy[i].vaddr < end && p->copy[i].vaddr + PATCH_PAGE > start)
                copy_drop(core, p, index, &p->copy[i]);
}

void patch_process_reset(struct pad_private *p, struct pad_core *core, unsigned index)
{
    patch_forget(core, p, index, 0, UINT64_MAX);
    for (uint32_t i = 0; p->site_count > 0 && i < PAD_SITES; i++) {
        p->site_count -= p->site[i].address != 0;
        p->site[i] = (struct pad_site){0};
    }
}

void patch_frame_release(struct pad_core *core, uint64_t paddr)
{
    struct pad_frame *found;
    while ((found = patch_frame_find(core, paddr))) {
        struct pad_frame frame = *found;
        patch_frame_remove(core, &frame);
        tlb_note(core, frame.process, frame.vaddr, frame.vaddr + PATCH_PAGE);
    }
}

void patch_range_release(struct pad_core *core, uint64_t paddr, uint64_t end)
{
    if (core->frame_count == 0)
        return;
    if ((end - paddr) / PATCH_PAGE < PAD_FRAMES) {
        for (uint64_t at = paddr; at < end; at += PATCH_PAGE)
            patch_frame_release(core, at);
        return;
    }
    /* Removal moves entries towards the gap, so never past the place that is looked at. */
    for (uint32_t i = 0; i < PAD_FRAMES; i++)
        while (core->frame[i].paddr >= paddr && core->frame[i].paddr < end && core->frame[i].paddr)
            patch_frame_release(core, core->frame[i].paddr);
}
