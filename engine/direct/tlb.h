/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's mappings of a guest process are a cache of seL4's page tables: what is to be forgotten is noted
 * here, by whoever holds the baton, and done by the process itself before its guest runs again. Compiled into
 * pad and monitor.
 *
 * Programs that load others map frame after frame at one address, to write to it and unmap it. Such a page is
 * entered as soon as it is mapped again, without waiting for the signal of the touch: once it was touched, unmapped,
 * and touched again. Whether a page that is entered so is used at all cannot be seen, so now and then the next touch
 * is waited for.
 */
#ifndef SELKIE_ENGINE_DIRECT_TLB_H
#define SELKIE_ENGINE_DIRECT_TLB_H

#include "engine/direct/layout.h"

enum {
    TLB_CREDIT = 15 /* times that a page is entered untouched before a touch has to be seen again */
};

/* The guest process that is bound to `vspace`; -1: none. */
int tlb_process(const struct pad_core *core, const struct kernel *k, uint64_t vspace);

/* Bind a process to a VSpace, and drop whatever it showed before. */
void tlb_bind(struct pad_core *core, const struct kernel *k, unsigned process, uint64_t vspace);

/* [start, end) of a process must be unmapped before it runs. */
void tlb_note(struct pad_core *core, unsigned process, uint64_t start, uint64_t end);
void tlb_note_all(struct pad_core *core, unsigned process);

/* The guest touched this page, which was mapped for it alone, without neighbours. */
void tlb_note_touch(struct pad_core *core, unsigned process, uint64_t vaddr);

/* What machine_mmu asks. */
void tlb_note_invalid(struct pad_core *core, struct kernel *k, uint64_t vspace, uint64_t vaddr,
                      uint64_t size);
void tlb_note_gone(struct pad_core *core, struct kernel *k, uint64_t vspace);

#endif
