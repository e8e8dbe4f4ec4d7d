/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of paging structures. The three that can be mapped differ only in
 * their level; a PML4 has no invocation, it is only an argument of others.
 *
 * A structure has one place: it is mapped once and unmapped through its only
 * capability.
 *
 * Manual: section "Hardware Virtual Memory Objects", x64; API reference
 * seL4_X86_PDPT, seL4_X86_PageDirectory, seL4_X86_PageTable.
 */
#include <string.h>

#include "kernel/invocation.h"
#include "kernel/state.h"
#include "kernel/x86_64/paging.h"

/* Every page that was mapped through the structure is gone with it: it comes back empty. */
static struct result structure_decode_unmap(struct kernel *k, struct invocation *in)
{
    if (!slot_is_final(k, in->slot)) {
        remark(k, "Unmap of a paging structure: there is another capability to it.");
        return fail_revoke_first();
    }
    if (in->cap.is_mapped) {
        structure_unmap(k, in->cap);
        memset(arena_at(k, in->cap.paddr), 0, 1u << ABI_TABLE_BITS);
    }
    in->slot->cap = cap_paging_unmapped(in->cap);
    return result_ok();
}

/* Find the empty entry that is to name the structure. */
static struct result structure_find_entry(struct kernel *k, struct cap root, uint64_t vaddr,
                                          enum paging_level level, uint64_t **entry)
{
    struct paging_walk walk = paging_walk(k, root.paddr, vaddr, level);
    if (!walk.entry)
        return fail_lookup(false, lookup_missing_capability(walk.bits_left));
    if (paging_is_present(*walk.entry))
        return fail_delete_first();
    *entry = walk.entry;
    return result_ok();
}

/* Words: vaddr, attributes. The extra capability is the VSpace. */
static struct result structure_decode_map(struct kernel *k, struct invocation *in)
{
    enum paging_level level = structure_level(in->cap);

    if (in->length < 2 || !in->extra[0]) {
        remark(k, "Map of a paging structure: Truncated message.");
        return fail_truncated_message();
    }
    if (in->cap.is_mapped) {
        remark(k, "Map of a paging structure: it is mapped already.");
        return fail_invalid_capability(0);
    }
    struct cap root = in->extra[0]->cap;
    struct result checked = vspace_check_root(k, in->extra[0]);
    if (!result_is_ok(checked))
        return checked;
    uint64_t vaddr = invocation_word(in, 0) & ~((1ull << level) - 1);
    if (vaddr >= ABI_USER_TOP) {
        remark(k, "Map of a paging structure: address 0x%lx is too high.", vaddr);
        return fail_invalid_argument(0);
    }
    checked = vspace_check_asid(k, root);
    if (!result_is_ok(checked))
        return checked;
    uint64_t *entry;
    checked = structure_find_entry(k, root, vaddr, level, &entry);
    if (!result_is_ok(checked))
        return checked;

    in->slot->cap = cap_paging_mapped(in->cap, root.asid, vaddr);
    paging_set(k, root.paddr, vaddr, level, entry, paging_entry_table(in->cap.paddr, invocation_word(in, 1)));
    return result_ok();
}

enum structure_verb {
    STRUCTURE_OTHER,
    STRUCTURE_MAP,
    STRUCTURE_UNMAP
};

static enum structure_verb structure_verb_of(struct cap cap, enum operation operation)
{
    static const struct {
        enum cap_type type;
        enum operation map, unmap;
    } verbs[] = {
        {CAP_PDPT, OPERATION_X86_PDPT_MAP, OPERATION_X86_PDPT_UNMAP},
        {CAP_PAGE_DIRECTORY, OPERATION_X86_PAGE_DIRECTORY_MAP, OPERATION_X86_PAGE_DIRECTORY_UNMAP},
        {CAP_PAGE_TABLE, OPERATION_X86_PAGE_TABLE_MAP, OPERATION_X86_PAGE_TABLE_UNMAP},
    };
    for (unsigned i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (cap.type == verbs[i].type && operation == verbs[i].map)
            return STRUCTURE_MAP;
        if (cap.type == verbs[i].type && operation == verbs[i].unmap)
            return STRUCTURE_UNMAP;
    }
    return STRUCTURE_OTHER;
}

struct result paging_decode(struct kernel *k, struct invocation *in)
{
    switch (structure_verb_of(in->cap, in->operation)) {
    case STRUCTURE_MAP:
        return structure_decode_map(k, in);
    case STRUCTURE_UNMAP:
        return structure_decode_unmap(k, in);
    default:
        remark(k, "Paging structure: Illegal operation.");
        return fail_illegal_operation();
    }
}

struct result pml4_decode(struct kernel *k, struct invocation *in)
{
    (void)k;
    (void)in;
    return fail_illegal_operation();
}
