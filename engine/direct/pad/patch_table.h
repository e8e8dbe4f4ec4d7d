/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of patches: sites, redirects and copies of a process, patched frames and pool pages of all. What
 * entries mean and who may make them is patch.h's and, in the monitor, engine/direct/patch.h's affair.
 * Compiled into pad and monitor.
 *
 * Sites never leave their table before the process is reset, so an index names one. Redirects and frames do:
 * their tables close the gap, and a search ends at the first empty entry.
 */
#ifndef SELKIE_ENGINE_DIRECT_PAD_PATCH_TABLE_H
#define SELKIE_ENGINE_DIRECT_PAD_PATCH_TABLE_H

#include "engine/direct/layout.h"

enum {
    PATCH_PAGE = 1 << ABI_SMALL_PAGE_BITS,
    PATCH_SLOT = PATCH_PAGE / PAD_THUNK_SLOTS, /* bytes for a thunk */
    PATCH_SITES_MAX = PAD_SITES / 4 * 3,       /* entries in use; beyond that, searches get long */
    PATCH_REDIRECTS_MAX = PAD_REDIRECTS / 4 * 3,
    PATCH_FRAMES_MAX = PAD_FRAMES / 4 * 3
};

static inline uint32_t patch_hash(uint64_t key, uint32_t entries)
{
    return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) % entries;
}

/* NULL: not known. */
struct pad_site *patch_site_find(struct pad_private *p, uint64_t address);
/* The same, made if need be. NULL: no room. */
struct pad_site *patch_site_enter(struct pad_private *p, uint64_t address);

/* The caller keeps redirect_count below PATCH_REDIRECTS_MAX and adds no address twice. */
void patch_redirect_add(struct pad_private *p, uint64_t ip, uint64_t target);
void patch_redirect_remove(struct pad_private *p, uint64_t ip);

/* NULL: the page at `vaddr` is not patched. */
struct pad_copy *patch_copy_find(struct pad_private *p, uint64_t vaddr);

/* Take a patch out of the tables: its redirects, its place in the copy, which stays as it is. */
void patch_site_drop(struct pad_core *core, struct pad_private *p, struct pad_site *site);

/* What the process's threads noted about its patches does not hold any more (struct resume_hint). */
static inline void patch_generation_end(struct pad_core *core, struct pad_private *p)
{
    p->generation = ++core->generation;
}

/* The caller keeps frame_count below PATCH_FRAMES_MAX. */
void patch_frame_add(struct pad_core *core, const struct pad_frame *frame);
/* Some entry of a frame; NULL: none. */
struct pad_frame *patch_frame_find(struct pad_core *core, uint64_t paddr);
/* False: there was no such entry. */
bool patch_frame_remove(struct pad_core *core, const struct pad_frame *frame);

/* A page of the pool; -1: none is left. */
int patch_pool_take(struct pad_core *core);
void patch_pool_give(struct pad_core *core, uint32_t page);

static inline void patch_bounds_grow(struct pad_range *bounds, uint64_t start)
{
    if (bounds->end == 0 || start < bounds->start)
        bounds->start = start;
    if (start + PATCH_PAGE > bounds->end)
        bounds->end = start + PATCH_PAGE;
}

#endif
