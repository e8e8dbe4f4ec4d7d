/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address space identifiers: which PML4 an ASID stands for.
 *
 * A mapped capability remembers an ASID, not a PML4, so that it becomes harmless
 * when the VSpace goes: the ASID then stands for nothing, or for another VSpace in which
 * nothing of that capability is mapped. A pool is one page of PML4 addresses; the
 * kernel's table names the pool of each 2^9 ASIDs. ASID 0 is none.
 *
 * Invariant (kernel_check: "asid"): every pool in the table has a capability; an
 * entry of such a pool names a live PML4 whose capabilities carry this ASID.
 *
 * Manual: section "ASID Control and ASID Pool"; API reference seL4_X86_ASIDControl, seL4_X86_ASIDPool.
 */
#include <string.h>

#include "kernel/invocation.h"
#include "kernel/state.h"
#include "kernel/vspace.h"
#include "kernel/x86_64/paging.h"
#include "kernel/x86_64/x86.h"

enum {
    POOLS = 1 << ABI_ASID_HIGH_BITS,
    POOL_ENTRIES = 1 << ABI_ASID_POOL_BITS
};

static uint64_t *asid_pool_of(const struct kernel *k, uint64_t asid)
{
    ASSERT(asid < (uint64_t)POOLS * POOL_ENTRIES);
    uint64_t pool = k->state->asid_pool[asid / POOL_ENTRIES];
    return pool ? arena_at(k, pool) : NULL;
}

static void vspace_forget(struct kernel *k, uint64_t pml4)
{
    k->machine->mmu.forget(k->machine->mmu.world, pml4);
}

void asid_remove(struct kernel *k, uint64_t asid, uint64_t pml4)
{
    if (asid_lookup(k, asid) != pml4)
        return;
    asid_pool_of(k, asid)[asid % POOL_ENTRIES] = 0;
    vspace_forget(k, pml4);
}

void asid_pool_remove(struct kernel *k, struct cap pool)
{
    uint64_t *place = &k->state->asid_pool[pool.asid / POOL_ENTRIES];
    if (*place != pool.paddr)
        return;
    const uint64_t *entries = arena_at(k, pool.paddr);
    *place = 0;
    for (unsigned i = 0; i < POOL_ENTRIES; i++) {
        if (entries[i])
            vspace_forget(k, entries[i]);
    }
}

void vspace_boot_assign_asid(struct kernel *k, uint64_t pool, uint64_t asid, uint64_t pml4)
{
    k->state->asid_pool[asid / POOL_ENTRIES] = pool;
    asid_pool_of(k, asid)[asid % POOL_ENTRIES] = pml4;
}

/* The first unused place in the kernel's table, or POOLS. */
static unsigned asid_pool_find_free(const struct kernel *k)
{
    unsigned i = 0;
    while (i < POOLS && k->state->asid_pool[i])
        i++;
    return i;
}

static struct result asid_control_check_untyped(struct kernel *k, const struct slot *untyped)
{
    struct cap cap = untyped->cap;
    if (cap.type != CAP_UNTYPED || cap.untyped_bits != ABI_TABLE_BITS || cap.is_device) {
        remark(k, "ASIDControl MakePool: no untyped of 2^%u bytes of ordinary memory.",
               (unsigned)ABI_TABLE_BITS);
        return fail_invalid_capability(1);
    }
    if (slot_has_children(k, untyped)) {
        remark(k, "ASIDControl MakePool: the untyped has children.");
        return fail_revoke_first();
    }
    return result_ok();
}

/* The untyped becomes the pool, all of it. */
static void asid_pool_make(struct kernel *k, struct slot *untyped, unsigned pool, struct slot *destination)
{
    uint64_t paddr = untyped->cap.paddr;
    memset(arena_at(k, paddr), 0, 1u << ABI_TABLE_BITS);
    untyped->cap.free_offset = 1u << ABI_TABLE_BITS;
    slot_insert(k, destination, cap_asid_pool(paddr, (uint64_t)pool * POOL_ENTRIES), untyped);
    k->state->asid_pool[pool] = paddr;
}

/* Words: index, depth. Extra capabilities: the untyped, the destination's root. */
struct result asid_control_decode(struct kernel *k, struct invocation *in)
{
    if (in->operation != OPERATION_X86_ASID_CONTROL_MAKE_POOL)
        return fail_illegal_operation();
    if (in->length < 2 || !in->extra[0] || !in->extra[1])
        return fail_truncated_message();
    unsigned pool = asid_pool_find_free(k);
    if (pool == POOLS) {
        remark(k, "ASIDControl MakePool: all pools exist.");
        return fail_delete_first();
    }
    struct result checked = asid_control_check_untyped(k, in->extra[0]);
    if (!result_is_ok(checked))
        return checked;
    struct slot *destination;
    checked = x86_destination(k, in->extra[1], invocation_word(in, 0), invocation_word(in, 1), &destination);
    if (!result_is_ok(checked))
        return checked;

    asid_pool_make(k, in->extra[0], pool, destination);
    return result_ok();
}

/* The first ASID of the pool that stands for nothing, or one behind the pool. */
static uint64_t asid_find_free(const struct kernel *k, uint64_t first)
{
    uint64_t asid = first ? first : 1;
    while (asid < first + POOL_ENTRIES && asid_lookup(k, asid))
        asid++;
    return asid;
}

/* The extra capability is a PML4 without an ASID; it gets one. */
struct result asid_pool_decode(struct kernel *k, struct invocation *in)
{
    if (in->operation != OPERATION_X86_ASID_POOL_ASSIGN)
        return fail_illegal_operation();
    if (!in->extra[0])
        return fail_truncated_message();
    struct slot *pml4 = in->extra[0];
    if (pml4->cap.type != CAP_PML4 || pml4->cap.is_mapped) {
        remark(k, "ASIDPool Assign: no PML4 without an ASID.");
        return fail_invalid_capability(1);
    }
    uint64_t first = in->cap.asid;
    uint64_t pool = k->state->asid_pool[first / POOL_ENTRIES];
    if (pool == 0)
        return fail_lookup(false, lookup_invalid_root());
    if (pool != in->cap.paddr)
        return fail_invalid_capability(0);
    uint64_t asid = asid_find_free(k, first);
    if (asid == first + POOL_ENTRIES) {
        remark(k, "ASIDPool Assign: the pool is full.");
        return fail_delete_first();
    }

    asid_pool_of(k, asid)[asid % POOL_ENTRIES] = pml4->cap.paddr;
    pml4->cap = cap_paging_mapped(pml4->cap, asid, 0);
    return result_ok();
}
