/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Patched `syscall` instructions in the pad: where an address stands, and the ways in which patches go.
 */
#include "engine/direct/pad/patch.h"
#include "engine/direct/tlb.h"

/* The thunk page that the process shows at `address`; -1: none. */
static int shown_find(const struct pad_core *core, const struct pad_private *p, uint64_t address)
{
    if (address < p->thunk_bounds.start || address >= p->thunk_bounds.end)
        return -1;
    int index = thunk_page_find(core, address);
    return index >= 0 && thunk_page_is_shown(p, (unsigned)index) ? index : -1;
}

bool patch_place(const struct pad_core *core, const struct pad_private *p, uint64_t ip, uint64_t *visible,
                 bool *is_entry)
{
    *is_entry = true;
    *visible = ip;
    if (shown_find(core, p, ip) < 0) {
        const struct pad_site *site = patch_site_find((struct pad_private *)(uintptr_t)p, ip);
        return site && site->thunk;
    }
    const struct pad_thunk *thunk = thunk_find(core, ip);
    if (!thunk)
        return false;
    uint64_t offset = ip % PATCH_SLOT;
    *is_entry = offset < PATCH_ENTRY;
    *visible = thunk->site;
    for (unsigned i = 0; !*is_entry && i <= thunk->count; i++)
        if (offset >= thunk->to[i])
            *visible = thunk->site + thunk->from[i];
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
        patch_site_drop(core, p, site);
    }
    patch_pool_give(core, copy->page);
    *copy = p->copy[--p->copy_count];
    if (p->copy_count == 0)
        p->copy_bounds = (struct pad_range){0, 0};
}

static bool copy_uses(const struct pad_private *p, const struct pad_copy *copy, uint64_t thunk_page)
{
    for (uint16_t i = copy->first; i; i = p->site[i - 1].next)
        if (p->site[i - 1].thunk - thunk_page < PATCH_PAGE)
            return true;
    return false;
}

/* The process shows this thunk page no longer. */
static void thunk_page_hide(struct pad_core *core, struct pad_private *p, unsigned index, unsigned page)
{
    for (uint32_t i = p->copy_count; i-- > 0;) {
        uint64_t vaddr = p->copy[i].vaddr;
        if (!copy_uses(p, &p->copy[i], core->thunk_page[page].address))
            continue;
        copy_drop(core, p, index, &p->copy[i]);
        tlb_note(core, index, vaddr, vaddr + PATCH_PAGE);
    }
    p->thunk_pages[page / 64] &= ~(1ull << page % 64);
    patch_generation_end(core, p);
}

static void thunk_pages_hide(struct pad_core *core, struct pad_private *p, unsigned index, uint64_t start,
                             uint64_t end)
{
    uint64_t left = 0;
    for (unsigned i = 0; i < core->thunk_page_count; i++) {
        uint64_t address = core->thunk_page[i].address;
        if (thunk_page_is_shown(p, i) && address < end && address + PATCH_PAGE > start)
            thunk_page_hide(core, p, index, i);
    }
    for (unsigned i = 0; i < PAD_THUNK_PAGES / 64; i++)
        left |= p->thunk_pages[i];
    if (left == 0)
        p->thunk_bounds = (struct pad_range){0, 0};
}

static bool overlap(uint64_t start, uint64_t end, const struct pad_range *range)
{
    return start < range->end && end > range->start;
}

void patch_forget(struct pad_core *core, struct pad_private *p, unsigned index, uint64_t start, uint64_t end)
{
    if (overlap(start, end, &p->thunk_bounds))
        thunk_pages_hide(core, p, index, start, end);
    /* Dropping a copy puts the last one in its place, so they go from the last to the first. */
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
    patch_generation_end(core, p);
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
