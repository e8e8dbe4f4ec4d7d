/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thunks as all processes share them. Compiled into pad and monitor.
 *
 * A program reads the jump to a thunk where its patched code stands, so it may copy it: a VSpace cloned byte
 * by byte holds jumps in its frames, *native* ones. They work because a thunk serves its site in every
 * process: sites of several processes with the same address and the same displaced bytes have one thunk, a
 * thunk's address never becomes another site's, and a process that jumps to one gets the page it lies in.
 */
#ifndef SELKIE_ENGINE_DIRECT_PAD_THUNK_H
#define SELKIE_ENGINE_DIRECT_PAD_THUNK_H

#include "engine/direct/pad/patch_table.h"

static inline bool thunk_page_is_shown(const struct pad_private *p, unsigned index)
{
    return p->thunk_pages[index / 64] >> index % 64 & 1;
}

/* From now on the process shows this thunk page. */
void thunk_page_show(const struct pad_core *core, struct pad_private *p, unsigned index);

/* The thunk page that `address` lies in, whoever shows it; -1: none. */
int thunk_page_find(const struct pad_core *core, uint64_t address);

/* The thunk whose slot `address` lies in; NULL: none. */
const struct pad_thunk *thunk_find(const struct pad_core *core, uint64_t address);

/* The address of a thunk of a page. */
static inline uint64_t thunk_address(const struct pad_thunk_page *page, unsigned slot)
{
    return page->address + slot * (uint64_t)PATCH_SLOT;
}

/* The site whose thunk starts at `address`, if in `vspace` the jump to it stands there natively; 0: none. */
uint64_t thunk_native_site(const struct pad_core *core, const struct kernel *k, uint64_t vspace,
                           uint64_t address);

/* Where the instruction at `ip` stands that a native jump displaced when it was made; 0: there is none. */
uint64_t thunk_native_target(const struct pad_core *core, const struct kernel *k, uint64_t vspace,
                             uint64_t ip);

#endif
