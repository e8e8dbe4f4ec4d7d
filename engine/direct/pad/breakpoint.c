/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints of threads, this process's side: what its debug registers hold is that of
 * pad_private.breakpoints.
 *
 * A breakpoint on an instruction is one on its address, and a patched site has its instructions somewhere
 * else; so a process that has such breakpoints gives up its patches, and makes none.
 */
#include "engine/direct/pad/pad.h"
#include "engine/direct/tlb.h"

void breakpoints_load(const struct breakpoints *wanted)
{
    static const struct breakpoints none = {.control = 0};
    if (!wanted)
        wanted = &none;
    pad_private.has_breakpoints = wanted->control != 0;
    if (pad_private.has_breakpoints && pad_private.copy_count > 0) {
        tlb_note_all(&pad_core, pad_private.index);
        cache_apply();
    }
    if (__builtin_memcmp(&pad_private.breakpoints, wanted, sizeof(*wanted)) == 0)
        return;
    pad_private.breakpoints = *wanted;
    baton_ask(PAD_BREAKPOINTS);
}

uint32_t breakpoints_hit(void)
{
    return (uint32_t)baton_ask(PAD_DEBUG_HITS) & (TRAP_DEBUG_BREAKPOINTS | TRAP_DEBUG_STEP);
}
