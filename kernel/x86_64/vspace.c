/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VSpaces as the portable kernel sees them: which one a thread runs in, what may
 * become one, and the unchecked mappings of the boot.
 * Manual: chapter "Address Spaces and Virtual Memory".
 */
#include "kernel/vspace.h"

#include "kernel/invocation.h"
#include "kernel/state.h"
#include "kernel/x86_64/paging.h"

struct result vspace_check_root(struct kernel *k, const struct slot *root)
{
    if (vspace_is_valid_root(root->cap))
        return result_ok();
    remark(k, "Mapping: the VSpace is no PML4 with an ASID.");
    return fail_invalid_capability(1);
}

struct result vspace_check_asid(const struct kernel *k, struct cap root)
{
    uint64_t vspace = asid_lookup(k, root.asid);
    if (vspace == 0)
        return fail_lookup(false, lookup_invalid_root());
    if (vspace != root.paddr)
        return fail_invalid_capability(1);
    return result_ok();
}

struct result vspace_check_ipc_buffer(struct kernel *k, uint64_t vaddr, struct cap frame)
{
    if (frame.type != CAP_FRAME) {
        remark(k, "IPC buffer: no frame capability.");
        return fail_illegal_operation();
    }
    if (frame.frame_is_device) {
        remark(k, "IPC buffer: device memory cannot be one.");
        return fail_illegal_operation();
    }
    if (vaddr & ((1ull << ABI_IPC_BUFFER_BITS) - 1)) {
        remark(k, "IPC buffer: address 0x%lx is not aligned.", vaddr);
        return fail_alignment();
    }
    return result_ok();
}

static void vspace_boot_set(struct kernel *k, struct cap pml4, uint64_t vaddr, enum paging_level level,
                            uint64_t entry)
{
    struct paging_walk walk = paging_walk(k, pml4.paddr, vaddr, level);
    ASSERT(walk.entry && !paging_is_present(*walk.entry));
    *walk.entry = entry;
}

void vspace_boot_map_frame(struct kernel *k, struct cap pml4, struct cap frame)
{
    enum paging_level level = frame_level(frame);
    vspace_boot_set(k, pml4, frame.vaddr, level,
                    paging_entry_page(frame.paddr, level, (enum frame_rights)frame.frame_rights, 0));
}

void vspace_boot_map_structure(struct kernel *k, struct cap pml4, struct cap structure)
{
    vspace_boot_set(k, pml4, structure.vaddr, structure_level(structure),
                    paging_entry_table(structure.paddr, 0));
}
