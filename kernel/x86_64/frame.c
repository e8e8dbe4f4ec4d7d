/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of a frame: put it into a VSpace, take it out, ask where it lies.
 *
 * A frame capability can be mapped once; mapping it again where it is changes
 * rights and attributes. Mapping over another frame of the same size replaces
 * that one, whose capability stays as it was and unmaps nothing later on.
 *
 * Manual: section "Page"; API reference seL4_X86_Page.
 */
#include "kernel/invocation.h"
#include "kernel/state.h"
#include "kernel/vspace.h"
#include "kernel/x86_64/paging.h"
#include "kernel/x86_64/x86.h"

/* Is the frame free to be mapped there, judged by its own capability and the address? */
static struct result frame_check_place(struct kernel *k, struct cap frame, struct cap root, uint64_t vaddr)
{
    if (frame.asid != 0) {
        if (frame.asid != root.asid)
            return fail_invalid_capability(1);
        if (frame.vaddr != vaddr) {
            remark(k, "Page Map: the page is mapped at another address.");
            return fail_invalid_argument(0);
        }
        return result_ok();
    }
    uint64_t vaddr_last = vaddr + (1ull << frame_level(frame)) - 1;
    if (vaddr > ABI_USER_TOP || vaddr_last > ABI_USER_TOP) {
        remark(k, "Page Map: address 0x%lx is too high.", vaddr);
        return fail_invalid_argument(0);
    }
    return result_ok();
}

/* Find the entry for the page. A table in its place must be taken away first; a page is simply replaced. */
static struct result frame_find_entry(struct kernel *k, struct cap root, uint64_t vaddr,
                                      enum paging_level level, uint64_t **entry)
{
    struct paging_walk walk = paging_walk(k, root.paddr, vaddr, level);
    if (!walk.entry)
        return fail_lookup(false, lookup_missing_capability(walk.bits_left));
    if (paging_is_table(*walk.entry, level))
        return fail_delete_first();
    *entry = walk.entry;
    return result_ok();
}

/* DIFFERS: the engine may keep part of the page's addresses from guests. Asked last, so that whatever a real kernel
 * refuses is refused as there. */
static struct result frame_check_withheld(struct kernel *k, uint64_t vaddr, enum paging_level level)
{
    const struct machine_mmu *mmu = &k->machine->mmu;
    bool has_reserved = mmu->reserved_start < mmu->reserved_end;
    bool is_reserved =
        has_reserved && vaddr < mmu->reserved_end && vaddr + (1ull << level) > mmu->reserved_start;
    if (vaddr >= mmu->lowest && !is_reserved)
        return result_ok();
    remark(k, "Page Map: address 0x%lx is one that this host cannot give.", vaddr);
    return fail_invalid_argument(0);
}

/* Words: vaddr, rights, attributes. The extra capability is the VSpace. */
static struct result frame_decode_map(struct kernel *k, struct invocation *in)
{
    if (in->length < 3 || !in->extra[0])
        return fail_truncated_message();
    struct cap frame = in->cap;
    struct cap root = in->extra[0]->cap;
    uint64_t vaddr = invocation_word(in, 0);
    enum paging_level level = frame_level(frame);

    struct result checked = vspace_check_root(k, in->extra[0]);
    if (result_is_ok(checked))
        checked = frame_check_place(k, frame, root, vaddr);
    if (result_is_ok(checked))
        checked = vspace_check_asid(k, root);
    if (!result_is_ok(checked))
        return checked;
    if (vaddr & ((1ull << level) - 1))
        return fail_alignment();
    uint64_t *entry;
    checked = frame_find_entry(k, root, vaddr, level, &entry);
    if (result_is_ok(checked) && frame.asid == 0)
        checked = frame_check_withheld(k, vaddr, level);
    if (!result_is_ok(checked))
        return checked;

    /* The rights of this mapping are less than the capability's, but the capability keeps its own. */
    struct cap masked = x86_cap_mask_rights(frame, cap_rights_from_word(invocation_word(in, 1)));
    in->slot->cap = cap_frame_mapped(frame, root.asid, vaddr, (enum frame_rights)frame.frame_rights);
    paging_set(k, root.paddr, vaddr, level, entry,
               paging_entry_page(frame.paddr, level, (enum frame_rights)masked.frame_rights,
                                 invocation_word(in, 2)));
    return result_ok();
}

struct result frame_decode(struct kernel *k, struct invocation *in)
{
    switch (in->operation) {
    case OPERATION_X86_PAGE_MAP:
        return frame_decode_map(k, in);
    case OPERATION_X86_PAGE_UNMAP:
        frame_unmap(k, in->cap);
        in->slot->cap = cap_frame_unmapped(in->cap);
        return result_ok();
    case OPERATION_X86_PAGE_GET_ADDRESS: {
        uint64_t paddr = in->cap.paddr;
        invocation_reply(k, in, &paddr, 1);
        return result_ok();
    }
    default:
        return fail_illegal_operation();
    }
}
