/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces, as the portable kernel sees them; implemented per architecture
 * (x86_64/). Manual: chapter "Address Spaces and Virtual Memory".
 */
#ifndef SELKIE_KERNEL_VSPACE_H
#define SELKIE_KERNEL_VSPACE_H

#include "kernel/kernel.h"
#include "kernel/result.h"
#include "kernel/tcb.h"

/* The PML4 a thread runs in: paddr, or 0 if its VSpace capability is none or has lost its ASID. */
uint64_t vspace_of_thread(const struct kernel *k, const struct tcb *tcb);

/* May this capability become a thread's VSpace? (A PML4 that has an ASID.) */
bool vspace_is_valid_root(struct cap cap);

/* May this frame be an IPC buffer at `vaddr`? IllegalOperation or AlignmentError otherwise. */
MUST_USE struct result vspace_check_ipc_buffer(struct kernel *k, uint64_t vaddr, struct cap frame);

/* The paging structure that an ASID stands for: paddr of a PML4, or 0. */
uint64_t asid_lookup(const struct kernel *k, uint64_t asid);

/* Map one page or structure at boot, without checks. */
void vspace_boot_map_frame(struct kernel *k, struct cap pml4, struct cap frame);
void vspace_boot_map_structure(struct kernel *k, struct cap pml4, struct cap structure);
/* Enter the PML4 under `asid`; its pool must exist. */
void vspace_boot_assign_asid(struct kernel *k, uint64_t pool, uint64_t asid, uint64_t pml4);

#endif
