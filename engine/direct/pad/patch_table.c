/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of patches: open addressing, linear search.
 */
#include "engine/direct/pad/patch_table.h"

/* May an entry that stands at `at` but belongs at `home` move back to the gap at `hole`? */
static bool fills_gap(uint32_t home, uint32_t at, uint32_t hole, uint32_t entries)
{
    return (at - home) % entries >= (at - hole) % entries;
}

static struct pad_site *site_place(struct pad_private *p, uint64_t address)
{
    uint32_t i = patch_hash(address, PAD_SITES);
    while (p->site[i].address && p->site[i].address != address)
        i = (i + 1) % PAD_SITES;
    return &p->site[i];
}

struct pad_site *patch_site_find(struct pad_private *p, uint64_t address)
{
    struct pad_site *site = site_place(p, address);
    return site->address ? site : NULL;
}

struct pad_site *patch_site_enter(struct pad_private *p, uint64_t address)
{
    struct pad_site *site = site_place(p, address);
    if (site->address)
        return site;
    if (p->site_count >= PATCH_SITES_MAX || address == 0)
        return NULL;
    p->site_count++;
    *site = (struct pad_site){.address = address};
    return site;
}

static uint32_t redirect_place(const struct pad_private *p, uint64_t ip)
{
    uint32_t i = patch_hash(ip, PAD_REDIRECTS);
    while (p->redirect[i].ip && p->redirect[i].ip != ip)
        i = (i + 1) % PAD_REDIRECTS;
    return i;
}

void patch_redirect_add(struct pad_private *p, uint64_t ip, uint64_t target)
{
    p->redirect[redirect_place(p, ip)] = (struct pad_redirect){ip, target};
    p->redirect_count++;
}

void patch_redirect_remove(struct pad_private *p, uint64_t ip)
{
    uint32_t hole = redirect_place(p, ip);
    if (p->redirect[hole].ip == 0)
        return;
    for (uint32_t i = (hole + 1) % PAD_REDIRECTS; p->redirect[i].ip; i = (i + 1) % PAD_REDIRECTS) {
        if (!fills_gap(patch_hash(p->redirect[i].ip, PAD_REDIRECTS), i, hole, PAD_REDIRECTS))
            continue;
        p->redirect[hole] = p->redirect[i];
        hole = i;
    }
    p->redirect[hole] = (struct pad_redirect){0};
    p->redirect_count--;
}

struct pad_copy *patch_copy_find(struct pad_private *p, uint64_t vaddr)
{
    for (uint32_t i = 0; i < p->copy_count; i++)
        if (p->copy[i].vaddr == vaddr)
            return &p->copy[i];
    return NULL;
}

static void site_unlink(struct pad_private *p, struct pad_site *site)
{
    uint16_t index = (uint16_t)(site - p->site + 1);
    struct pad_copy *copy = patch_copy_find(p, site->address & ~(uint64_t)(PATCH_PAGE - 1));
    if (!copy)
        return;
    uint16_t *link = &copy->first;
    while (*link && *link != index)
        link = &p->site[*link - 1].next;
    if (*link)
        *link = site->next;
    site->next = 0;
}

void patch_site_drop(struct pad_core *core, struct pad_private *p, struct pad_site *site)
{
    for (unsigned i = 1; i < site->length; i++)
        patch_redirect_remove(p, site->address + i);
    site_unlink(p, site);
    site->thunk = 0;
    patch_generation_end(core, p);
}

static uint32_t frame_home(uint64_t paddr)
{
    return patch_hash(paddr, PAD_FRAMES);
}

void patch_frame_add(struct pad_core *core, const struct pad_frame *frame)
{
    uint32_t i = frame_home(frame->paddr);
    while (core->frame[i].paddr)
        i = (i + 1) % PAD_FRAMES;
    core->frame[i] = *frame;
    core->frame_count++;
}

struct pad_frame *patch_frame_find(struct pad_core *core, uint64_t paddr)
{
    for (uint32_t i = frame_home(paddr); core->frame[i].paddr; i = (i + 1) % PAD_FRAMES)
        if (core->frame[i].paddr == paddr)
            return &core->frame[i];
    return NULL;
}

bool patch_frame_remove(struct pad_core *core, const struct pad_frame *frame)
{
    struct pad_frame *table = core->frame;
    uint32_t hole = frame_home(frame->paddr);
    while (table[hole].paddr && (table[hole].paddr != frame->paddr || table[hole].vaddr != frame->vaddr ||
                                 table[hole].process != frame->process))
        hole = (hole + 1) % PAD_FRAMES;
    if (table[hole].paddr == 0)
        return false;
    for (uint32_t i = (hole + 1) % PAD_FRAMES; table[i].paddr; i = (i + 1) % PAD_FRAMES) {
        if (!fills_gap(frame_home(table[i].paddr), i, hole, PAD_FRAMES))
            continue;
        table[hole] = table[i];
        hole = i;
    }
    table[hole] = (struct pad_frame){0};
    core->frame_count--;
    return true;
}

int patch_pool_take(struct pad_core *core)
{
    for (uint32_t i = 0; i < PAD_POOL_PAGES / 64; i++) {
        if (core->pool[i] == UINT64_MAX)
            continue;
        int bit = __builtin_ctzll(~core->pool[i]);
        core->pool[i] |= 1ull << bit;
        core->pool_used++;
        return (int)(i * 64) + bit;
    }
    return -1;
}

void patch_pool_give(struct pad_core *core, uint32_t page)
{
    core->pool[page / 64] &= ~(1ull << page % 64);
    core->pool_used--;
}
