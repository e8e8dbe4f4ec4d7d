/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "asid" and "page tables": what the processor would see, and the capabilities
 * that say so.
 *
 * Only VSpaces that an identifier stands for are walked; no thread can run in
 * another. A frame capability may claim a mapping that was replaced since, but
 * whatever is present must be claimed.
 */
#include "check/heap.h"
#include "kernel/x86_64/paging.h"

static const char ASID[] = "asid";
static const char TABLES[] = "page tables";

enum {
    POOLS = 1 << ABI_ASID_HIGH_BITS,
    POOL_ENTRIES = 1 << ABI_ASID_POOL_BITS,
    USER_ENTRIES = PAGING_ENTRIES / 2
};

struct walk {
    struct heap *heap;
    uint64_t asid;
};

/* Does some capability of this type to `paddr` say it is mapped in this VSpace at `vaddr`? */
static bool mapping_is_claimed(const struct walk *walk, enum cap_type type, uint64_t paddr, uint64_t vaddr,
                               enum paging_level level)
{
    const struct heap *heap = walk->heap;
    for (uint32_t i = heap_physical_find(heap, paddr); i < heap->physical_count; i++) {
        struct cap cap = heap->slots[heap->physical[i]].slot->cap;
        if (cap.paddr != paddr)
            return false;
        bool is_here = cap.type == type && cap.asid == walk->asid && cap.vaddr == vaddr;
        if (is_here && (type == CAP_FRAME ? frame_level(cap) == level : cap.is_mapped))
            return true;
    }
    return false;
}

static enum cap_type table_type(enum paging_level level)
{
    return level == LEVEL_PML4 ? CAP_PDPT : level == LEVEL_PDPT ? CAP_PAGE_DIRECTORY : CAP_PAGE_TABLE;
}

static void table_check(const struct walk *walk, uint64_t table, uint64_t vaddr, enum paging_level level)
{
    const uint64_t *entries = arena_at(walk->heap->k, table);
    unsigned count = level == LEVEL_PML4 ? USER_ENTRIES : PAGING_ENTRIES;

    for (unsigned i = 0; i < count; i++) {
        if (entries[i] == 0)
            continue;
        uint64_t at = vaddr + ((uint64_t)i << level);
        CHECK_THAT(TABLES, paging_is_present(entries[i]),
                   "ASID %lu, 0x%lx: entry 0x%lx is neither empty nor present", walk->asid, at, entries[i]);
        uint64_t paddr = paging_paddr(entries[i], level);
        if (paging_is_page(entries[i], level)) {
            CHECK_THAT(TABLES, level != LEVEL_PML4, "ASID %lu, 0x%lx: a page of 512 GiB", walk->asid, at);
            CHECK_NAMED(TABLES, walk->heap, paddr, mapping_is_claimed(walk, CAP_FRAME, paddr, at, level),
                        "ASID %lu, 0x%lx: the page 0x%lx is mapped, but no frame capability says so",
                        walk->asid, at, paddr);
        } else {
            CHECK_THAT(TABLES, (entries[i] & PAGING_NOTES) == 0,
                       "ASID %lu, 0x%lx: a table with an engine's notes", walk->asid, at);
            CHECK_NAMED(TABLES, walk->heap, paddr,
                        mapping_is_claimed(walk, table_type(level), paddr, at, level),
                        "ASID %lu, 0x%lx: the table 0x%lx is in place, but no capability says so", walk->asid,
                        at, paddr);
            table_check(walk, paddr, at, (enum paging_level)(level - 9));
        }
    }
}

static void asid_check(struct heap *heap, uint64_t asid, uint64_t pml4)
{
    struct walk walk = {heap, asid};
    CHECK_THAT(ASID, asid != 0, "ASID 0 stands for 0x%lx", pml4);
    CHECK_NAMED(ASID, heap, pml4, mapping_is_claimed(&walk, CAP_PML4, pml4, 0, LEVEL_PML4),
                "ASID %lu stands for 0x%lx, but no PML4 capability says so", asid, pml4);
    table_check(&walk, pml4, 0, LEVEL_PML4);
}

static void pool_check(struct heap *heap, unsigned pool)
{
    uint64_t paddr = heap->k->state->asid_pool[pool];
    if (paddr == 0)
        return;
    bool is_found = false;
    for (uint32_t i = heap_physical_find(heap, paddr); i < heap->physical_count && !is_found; i++) {
        struct cap cap = heap->slots[heap->physical[i]].slot->cap;
        if (cap.paddr != paddr)
            break;
        is_found = cap.type == CAP_ASID_POOL && cap.asid == pool * POOL_ENTRIES;
    }
    CHECK_NAMED(ASID, heap, paddr, is_found, "pool %u is at 0x%lx, but no capability says so", pool, paddr);
    const uint64_t *entries = arena_at(heap->k, paddr);
    for (unsigned i = 0; i < POOL_ENTRIES; i++) {
        if (entries[i])
            asid_check(heap, (uint64_t)pool * POOL_ENTRIES + i, entries[i]);
    }
}

void check_vspaces(struct heap *heap)
{
    for (unsigned pool = 0; pool < POOLS; pool++)
        pool_check(heap, pool);
    for (uint32_t i = 0; i < heap->physical_count; i++) {
        const struct heap_slot *at = &heap->slots[heap->physical[i]];
        struct cap cap = at->slot->cap;
        if (cap.type == CAP_ASID_POOL)
            CHECK_THAT(ASID,
                       cap.asid % POOL_ENTRIES == 0 &&
                           heap->k->state->asid_pool[cap.asid / POOL_ENTRIES] == cap.paddr,
                       "the pool capability in 0x%lx is for ASID %lu, which has another pool", at->paddr,
                       (uint64_t)cap.asid);
    }
}
