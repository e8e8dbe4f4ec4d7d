/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces, as the portable kernel sees them; implemented per architecture
 * (x86_64/). Manual: chapter "Address Spaces and Virtual Memory".
 */
#ifndef SELKIE_KERNEL_VSPACE_H
#define SELKIE_KERNEL_VSPACE_H

#include "kernel/kernel.h"
#include "kernel/result.h"
#include "kernel/state.h"
#include "kernel/tcb.h"

/* May this capability become a thread's VSpace? (A PML4 that has an ASID.) */
static inline bool vspace_is_valid_root(struct cap cap)
{
    return cap.type == CAP_PML4 && cap.is_mapped;
}

/* The paging structure that an ASID stands for: paddr of a PML4, or 0. */
static inline uint64_t asid_lookup(const struct kernel *k, uint64_t asid)
{
    uint64_t pool = k->state->asid_pool[(asid >> ABI_ASID_POOL_BITS) % (1u << ABI_ASID_HIGH_BITS)];
    const uint64_t *entries = (const uint64_t *)arena_at(k, pool);
    return LIKELY(pool) ? entries[asid % (1u << ABI_ASID_POOL_BITS)] : 0;
}

/* The PML4 a thread runs in: paddr, or 0 if its VSpace capability is none or has lost its ASID. */
static inline uint64_t vspace_of_thread(const struct kernel *k, const struct tcb *tcb)
{
    const struct cap *root = &tcb->slots[TCB_VSPACE].cap;
    if (UNLIKELY(!vspace_is_valid_root(*root) || asid_lookup(k, root->asid) != root->paddr))
        return 0;
    return root->paddr;
}

/* May this frame be an IPC buffer at `vaddr`? IllegalOperation or AlignmentError otherwise. */
MUST_USE struct result vspace_check_ipc_buffer(struct kernel *k, uint64_t vaddr, struct cap frame);

/* Map one page or structure at boot, without checks. */
void vspace_boot_map_frame(struct kernel *k, struct cap pml4, struct cap frame);
void vspace_boot_map_structure(struct kernel *k, struct cap pml4, struct cap structure);
/* Enter the PML4 under `asid`; its pool must exist. */
void vspace_boot_assign_asid(struct kernel *k, uint64_t pool, uint64_t asid, uint64_t pml4);

#endif
