/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever stands in the pad memory, a guest may have written there. Before the monitor uses a count or an
 * index from it, it looks here whether it can be one. Wrong values that pass do harm to the guest alone.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/direct/monitor.h"

int broken(struct engine *e, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (e->diag)
        (void)vsnprintf(e->diag->text, sizeof(e->diag->text), format, arguments);
    va_end(arguments);
    return -EUCLEAN;
}

static int doubt(struct engine *e, const char *what)
{
    return broken(e, "%s in Selkie's memory was overwritten", what);
}

int doubt_core(struct engine *e)
{
    const struct pad_core *core = e->core;
    if (core->period_ns == 0)
        return doubt(e, "the length of a tick");
    for (unsigned i = 0; i < PAD_PROCESSES; i++)
        if (e->process[i].pid && core->slot[i].unmap_count > PAD_UNMAPS)
            return doubt(e, "a list of pending unmaps");
    return 0;
}

static bool are_copies_sound(const struct pad_private *p)
{
    bool is_sound = p->copy_count <= PAD_COPIES;
    for (uint32_t i = 0; is_sound && i < p->copy_count; i++)
        is_sound = p->copy[i].page < PAD_POOL_PAGES && p->copy[i].first <= PAD_SITES;
    return is_sound;
}

static bool are_thunk_pages_sound(const struct pad_core *core)
{
    bool is_sound = core->thunk_page_count <= PAD_THUNK_PAGES;
    for (uint32_t i = 0; is_sound && i < core->thunk_page_count; i++)
        is_sound = core->thunk_page[i].page < PAD_POOL_PAGES;
    return is_sound;
}

static bool are_sites_sound(const struct pad_private *p)
{
    bool is_sound = p->site_count <= PAD_SITES && p->redirect_count <= PAD_REDIRECTS;
    for (uint32_t i = 0; is_sound && i < PAD_SITES; i++)
        is_sound = p->site[i].next <= PAD_SITES && p->site[i].count <= sizeof(p->site[i].from);
    return is_sound;
}

int doubt_tables(struct engine *e, unsigned process)
{
    const struct pad_private *p = private_of(e, process);
    if (!are_copies_sound(p) || !are_sites_sound(p) || !are_thunk_pages_sound(e->core) ||
        e->core->frame_count > PAD_FRAMES)
        return doubt(e, "a table of patches");
    return 0;
}
