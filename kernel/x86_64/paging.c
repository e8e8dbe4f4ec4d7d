/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and writing page tables; who may do so is decided elsewhere.
 * Source of the format: the processor manuals, chapter "4-level paging".
 */
#include "kernel/x86_64/paging.h"

#include "kernel/state.h"
#include "kernel/vspace.h"

enum {
    ENTRY_PRESENT = 1 << 0,
    ENTRY_WRITABLE = 1 << 1,
    ENTRY_USER = 1 << 2,
    ENTRY_WRITE_THROUGH = 1 << 3,
    ENTRY_CACHE_DISABLED = 1 << 4,
    ENTRY_PAGE_SIZE = 1 << 7, /* above the page table: this is a page */
    ENTRY_SMALL_PAT = 1 << 7, /* in the page table */
    ENTRY_LARGE_PAT = 1 << 12
};

#define ENTRY_ADDRESS_END (1ull << 52)

static uint64_t level_mask(enum paging_level level)
{
    return (1ull << level) - 1;
}

static uint64_t entry_cache_bits(uint64_t attributes)
{
    return (attributes & VM_WRITE_THROUGH ? ENTRY_WRITE_THROUGH : 0u) |
           (attributes & VM_CACHE_DISABLED ? ENTRY_CACHE_DISABLED : 0u);
}

static uint64_t entry_pat_bit(enum paging_level level)
{
    return level == LEVEL_PAGE_TABLE ? ENTRY_SMALL_PAT : ENTRY_LARGE_PAT;
}

uint64_t paging_entry_table(uint64_t paddr, uint64_t attributes)
{
    return paddr | entry_cache_bits(attributes) | ENTRY_PRESENT | ENTRY_WRITABLE | ENTRY_USER;
}

uint64_t paging_entry_page(uint64_t paddr, enum paging_level level, enum frame_rights rights,
                           uint64_t attributes)
{
    uint64_t entry = paddr | entry_cache_bits(attributes) | ENTRY_PRESENT;
    if (level != LEVEL_PAGE_TABLE)
        entry |= ENTRY_PAGE_SIZE;
    if (attributes & VM_PAT)
        entry |= entry_pat_bit(level);
    if (rights != FRAME_READ_ONLY)
        entry |= ENTRY_WRITABLE;
    if (rights != FRAME_KERNEL_ONLY)
        entry |= ENTRY_USER;
    return entry;
}

bool paging_is_present(uint64_t entry)
{
    return entry & ENTRY_PRESENT;
}

bool paging_is_page(uint64_t entry, enum paging_level level)
{
    return (entry & ENTRY_PRESENT) && (level == LEVEL_PAGE_TABLE || (entry & ENTRY_PAGE_SIZE));
}

bool paging_is_table(uint64_t entry, enum paging_level level)
{
    return (entry & ENTRY_PRESENT) && !paging_is_page(entry, level);
}

uint64_t paging_paddr(uint64_t entry, enum paging_level level)
{
    uint64_t low_bits = paging_is_page(entry, level) ? level_mask(level) : level_mask(LEVEL_PAGE_TABLE);
    return entry & (ENTRY_ADDRESS_END - 1) & ~low_bits;
}

static enum paging_level level_below(enum paging_level level)
{
    return (enum paging_level)(level - 9);
}

static uint64_t *table_entry(const struct kernel *k, uint64_t table, uint64_t vaddr, enum paging_level level)
{
    uint64_t *entries = arena_at(k, table);
    return &entries[(vaddr >> level) % PAGING_ENTRIES];
}

struct paging_walk paging_walk(const struct kernel *k, uint64_t vspace, uint64_t vaddr,
                               enum paging_level level)
{
    ASSERT(vspace != 0 && vaddr < 1ull << 47);
    uint64_t *entry = table_entry(k, vspace, vaddr, LEVEL_PML4);
    for (enum paging_level at = LEVEL_PML4; at > level; at = level_below(at)) {
        if (!paging_is_table(*entry, at))
            return (struct paging_walk){.entry = NULL, .bits_left = at};
        entry = table_entry(k, paging_paddr(*entry, at), vaddr, level_below(at));
    }
    return (struct paging_walk){.entry = entry};
}

/* Does the engine want to know of a new page there? */
static bool is_watched(const struct machine_mmu *mmu, uint64_t start, uint64_t size)
{
    return start < mmu->watched_end && start + size > mmu->watched_start &&
           (!mmu->shows || mmu->shows(mmu->world, start, size));
}

void paging_set(struct kernel *k, uint64_t vspace, uint64_t vaddr, enum paging_level level, uint64_t *place,
                uint64_t entry)
{
    uint64_t old = *place;
    if ((old & ~(uint64_t)PAGING_NOTES) == entry)
        return;
    *place = entry;
    const struct machine_mmu *mmu = &k->machine->mmu;
    uint64_t start = vaddr & ~level_mask(level), size = 1ull << level;
    if (paging_is_table(old, level) || (old & PAGING_CACHED) ||
        (paging_is_page(entry, level) && is_watched(mmu, start, size)))
        mmu->invalidate(mmu->world, vspace, start, size);
}

struct translation paging_translation(const struct kernel *k, uint64_t entry, enum paging_level level)
{
    uint64_t paddr = paging_paddr(entry, level);
    uint64_t cache = (entry & ENTRY_WRITE_THROUGH ? VM_WRITE_THROUGH : 0u) |
                     (entry & ENTRY_CACHE_DISABLED ? VM_CACHE_DISABLED : 0u) |
                     (entry & entry_pat_bit(level) ? VM_PAT : 0u);
    return (struct translation){
        .is_present = entry & ENTRY_USER,
        .is_writable = (entry & ENTRY_USER) && (entry & ENTRY_WRITABLE),
        .is_device = paddr >= k->memory_size,
        .is_forbidden = !(entry & ENTRY_USER),
        .is_cached = entry & PAGING_CACHED,
        .is_marked = entry & PAGING_MARKED,
        .size_bits = (uint8_t)level,
        .cache = (uint8_t)cache,
        .paddr = paddr,
    };
}

/* The entry of the page that holds `vaddr`, and its level; NULL if there is none. */
static uint64_t *leaf_find(const struct kernel *k, uint64_t vspace, uint64_t vaddr, enum paging_level *level)
{
    if (vspace == 0 || vaddr >= 1ull << 47)
        return NULL;
    uint64_t table = vspace;
    for (*level = LEVEL_PML4;; *level = level_below(*level)) {
        uint64_t *entry = table_entry(k, table, vaddr, *level);
        if (paging_is_page(*entry, *level))
            return entry;
        if (!paging_is_present(*entry))
            return NULL;
        table = paging_paddr(*entry, *level);
    }
}

struct translation kernel_translate(const struct kernel *k, uint64_t vspace, uint64_t vaddr)
{
    enum paging_level level;
    const uint64_t *entry = leaf_find(k, vspace, vaddr, &level);
    return entry ? paging_translation(k, *entry, level) : (struct translation){.is_present = false};
}

void kernel_translation_note(struct kernel *k, uint64_t vspace, uint64_t vaddr, bool is_cached,
                             bool is_marked)
{
    enum paging_level level;
    uint64_t *entry = leaf_find(k, vspace, vaddr, &level);
    if (entry)
        *entry = (*entry & ~(uint64_t)PAGING_NOTES) | (is_cached ? PAGING_CACHED : 0u) |
                 (is_marked ? PAGING_MARKED : 0u);
}

enum paging_level frame_level(struct cap frame)
{
    return (enum paging_level)frame_size_bits((enum frame_size)frame.frame_size);
}

enum paging_level structure_level(struct cap structure)
{
    switch ((enum cap_type)structure.type) {
    case CAP_PDPT:
        return LEVEL_PML4;
    case CAP_PAGE_DIRECTORY:
        return LEVEL_PDPT;
    default:
        ASSERT(structure.type == CAP_PAGE_TABLE);
        return LEVEL_PAGE_DIRECTORY;
    }
}

/* Clear the entry that `cap` was put in, unless something else is there by now, or the way there is gone. */
static void paging_clear(struct kernel *k, struct cap cap, enum paging_level level,
                         bool (*is_kind)(uint64_t entry, enum paging_level level))
{
    uint64_t vspace = asid_lookup(k, cap.asid);
    if (vspace == 0)
        return;
    struct paging_walk walk = paging_walk(k, vspace, cap.vaddr, level);
    if (walk.entry && is_kind(*walk.entry, level) && paging_paddr(*walk.entry, level) == cap.paddr)
        paging_set(k, vspace, cap.vaddr, level, walk.entry, 0);
}

void frame_unmap(struct kernel *k, struct cap frame)
{
    if (frame.asid != 0)
        paging_clear(k, frame, frame_level(frame), paging_is_page);
}

void structure_unmap(struct kernel *k, struct cap structure)
{
    if (structure.is_mapped)
        paging_clear(k, structure, structure_level(structure), paging_is_table);
}
