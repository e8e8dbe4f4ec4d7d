/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four levels of x86-64 page tables, in the processor's own format.
 *
 * A level is named by its shift: one entry of the table covers 2^shift bytes.
 * Only the lower half of a PML4 is seL4's; its upper 256 entries belong to the
 * kernel and read as zero to every walk.
 *
 * Invariants (kernel_check: "page tables"), for every VSpace that an ASID stands
 * for: an entry that is present and no page names a table in the arena; every
 * page and table was put there through a capability that still says so, unless
 * another frame replaced the page; a table has one place at most. A VSpace
 * without an ASID may hold stale entries, but no walk reaches it.
 */
#ifndef SELKIE_KERNEL_X86_64_PAGING_H
#define SELKIE_KERNEL_X86_64_PAGING_H

#include "kernel/kernel.h"
#include "kernel/result.h"
#include "kernel/slot.h"

enum paging_level {
    LEVEL_PML4 = 39,
    LEVEL_PDPT = 30,
    LEVEL_PAGE_DIRECTORY = 21,
    LEVEL_PAGE_TABLE = 12
};

enum {
    PAGING_ENTRIES = 512
};

/* seL4_X86_VMAttributes, which are also the three low bits of a page attribute index. */
enum vm_attributes {
    VM_WRITE_THROUGH = 1,
    VM_CACHE_DISABLED = 2,
    VM_PAT = 4
};

/* What an engine notes in the entry of a page (kernel_translation_note): the Accessed bit and one that processors leave
 * to software. No table carries either. */
enum {
    PAGING_CACHED = 1 << 5,
    PAGING_MARKED = 1 << 9,
    PAGING_NOTES = PAGING_CACHED | PAGING_MARKED
};

/* Make entries. A page without user access is present all the same. */
uint64_t paging_entry_table(uint64_t paddr, uint64_t attributes);
uint64_t paging_entry_page(uint64_t paddr, enum paging_level level, enum frame_rights rights,
                           uint64_t attributes);

bool paging_is_present(uint64_t entry);
bool paging_is_table(uint64_t entry, enum paging_level level);
bool paging_is_page(uint64_t entry, enum paging_level level);
uint64_t paging_paddr(uint64_t entry, enum paging_level level);

/* What an entry that names a page says about it. */
struct translation paging_translation(const struct kernel *k, uint64_t entry, enum paging_level level);

struct paging_walk {
    uint64_t *entry;    /* NULL: a table is missing on the way */
    unsigned bits_left; /* then: the address bits below the entry that should have named it */
};
/* The entry of `level` for `vaddr`. */
struct paging_walk paging_walk(const struct kernel *k, uint64_t vspace, uint64_t vaddr,
                               enum paging_level level);

/* Put `entry` in place and tell the engine if that takes back what the tables said before and it may still know. An
 * entry that says what the old one says leaves that in place, with its notes. */
void paging_set(struct kernel *k, uint64_t vspace, uint64_t vaddr, enum paging_level level, uint64_t *place,
                uint64_t entry);

/* The level whose entries a capability occupies. */
enum paging_level frame_level(struct cap frame);
enum paging_level structure_level(struct cap structure); /* page table, page directory or PDPT */

/* Take a frame or structure out of the VSpace its capability says, if it is still there. */
void frame_unmap(struct kernel *k, struct cap frame);
void structure_unmap(struct kernel *k, struct cap structure);

/* The VSpace of a PML4 capability that an invocation was given as its first extra one: it must have an ASID
 * (else InvalidCapability(1)); vspace_check_asid then asks whether that still stands for it. */
MUST_USE struct result vspace_check_root(struct kernel *k, const struct slot *root);
MUST_USE struct result vspace_check_asid(const struct kernel *k, struct cap root);

/* ASIDs (asid.c): the VSpace or the whole pool is gone. */
void asid_remove(struct kernel *k, uint64_t asid, uint64_t pml4);
void asid_pool_remove(struct kernel *k, struct cap pool);

/* I/O ports (io_port.c): the ports of a range may be issued again. */
void io_port_release(struct kernel *k, uint16_t first, uint16_t last);

#endif
