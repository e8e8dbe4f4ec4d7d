/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Patched `syscall` instructions, as the pad deals with them. The monitor installs them
 * (engine/direct/patch.h).
 *
 * At a patched site stands a jump to a *thunk*, which loads rcx as `syscall` does, r11 with its tail, and
 * jumps to the pad's entry. The tail holds the instructions that the jump displaced and a jump back. The
 * patched page is a *copy* of the frame, shown by one process at one address; the frame itself never changes.
 * Every address that a guest, a thread's context or the kernel sees is that of the unpatched program.
 *
 * Invariants:
 * - "copy": a page is in the table of copies exactly while the process shows a patched copy of it, or will
 *   unmap that copy before its guest runs;
 * - "frame": while a process shows a copy of a frame, no process has a writable host mapping of the frame, or
 *   has promised to unmap one of the two before it runs. An entry of pad_core.frame stands for the copy until
 *   somebody asks for a writable mapping; a copy without entry is on its way out because of that;
 * - "redirect": each address inside a live patch, but the first, has a redirect, and nothing else has;
 * - "hint": pad_private.generation changes whenever a patch or a thunk page goes from the process, so a hint
 *   of the present generation names the thunk that still serves its address.
 */
#ifndef SELKIE_ENGINE_DIRECT_PAD_PATCH_H
#define SELKIE_ENGINE_DIRECT_PAD_PATCH_H

#include "engine/direct/pad/thunk.h"

enum {
    PATCH_ENTRY = 20,  /* bytes of a thunk up to the first displaced instruction */
    PATCH_REWRITES = 2 /* drops because the page was written, after which a site stays left */
};

/* Where the instruction at `ip` stands: `ip` itself unless a patch displaced it; 0: `ip` is inside a patch,
 * but no instruction that was displaced starts there (or ip is 0). Ask it last, behind everything that may
 * drop a patch. */
static inline uint64_t patch_target(const struct pad_private *p, uint64_t ip)
{
    if (p->redirect_count == 0)
        return ip;
    for (uint32_t i = patch_hash(ip, PAD_REDIRECTS);; i = (i + 1) % PAD_REDIRECTS) {
        const struct pad_redirect *redirect = &p->redirect[i];
        if (redirect->ip == ip)
            return redirect->target;
        if (redirect->ip == 0)
            return ip;
    }
}

/* Is `ip`, where the processor stood, at a patched site or in a thunk? Then `visible` is where the unpatched
 * program would stand. is_entry: on the way to the pad's entry, `visible` being the site; rcx may be lost
 * already. */
bool patch_place(const struct pad_core *core, const struct pad_private *p, uint64_t ip, uint64_t *visible,
                 bool *is_entry);

/* The processor raised #UD at `ip` because the guest itself jumped to an instruction that a patch displaced:
 * it has to be resumed at patch_target(ip), or unpatched if that is 0. */
static inline bool patch_is_displaced(const struct pad_private *p, uint64_t ip)
{
    return ip && patch_target(p, ip) != ip;
}

/* The monitor need not be asked about this site (again). */
bool patch_is_known(const struct pad_private *p, uint64_t site);

/* The host mappings of [start, end) in process `index`, whose private part `p` is, are being dropped or
 * replaced: drop the patches in there. If thunks go from this process, so do the copies that use them,
 * wherever they are: these are noted as pending unmaps of the process. */
void patch_forget(struct pad_core *core, struct pad_private *p, unsigned index, uint64_t start, uint64_t end);

/* The process shows another VSpace from now on, and nothing of the former: forget all sites too. */
void patch_process_reset(struct pad_private *p, struct pad_core *core, unsigned index);

/* Does a process show a patched copy of the frame at `paddr`? */
static inline bool patch_frame_is_patched(const struct pad_core *core, uint64_t paddr)
{
    if (core->frame_count == 0)
        return false;
    for (uint32_t i = patch_hash(paddr, PAD_FRAMES); core->frame[i].paddr; i = (i + 1) % PAD_FRAMES)
        if (core->frame[i].paddr == paddr)
            return true;
    return false;
}

/* A writable mapping of the frame, or of the frames in [paddr, end), is about to come into being, anywhere:
 * all copies are noted as pending unmaps of their processes. The caller applies its own before it maps. */
void patch_frame_release(struct pad_core *core, uint64_t paddr);
void patch_range_release(struct pad_core *core, uint64_t paddr, uint64_t end);

#endif
