/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every page of a VSpace in turn, for engines that want to see all of one.
 *
 * Not a walk of the kernel's own: nothing here relies on the tables being any good.
 */
#include "kernel/state.h"
#include "kernel/x86_64/paging.h"

enum {
    TABLE_SIZE = PAGING_ENTRIES * sizeof(uint64_t),
    USER_ENTRIES = PAGING_ENTRIES / 2 /* of a PML4 */
};

struct visitor {
    const struct kernel *k;
    void (*visit)(void *world, uint64_t vaddr, const struct translation *t);
    void *world;
};

static bool table_is_inside(const struct kernel *k, uint64_t table)
{
    return table % TABLE_SIZE == 0 && table < k->memory_size && k->memory_size - table >= TABLE_SIZE;
}

/* The table that covers addresses from `vaddr` on. */
static void table_visit(const struct visitor *visitor, uint64_t table, uint64_t vaddr,
                        enum paging_level level)
{
    if (!table_is_inside(visitor->k, table))
        return;
    const uint64_t *entries = arena_at(visitor->k, table);
    unsigned count = level == LEVEL_PML4 ? USER_ENTRIES : PAGING_ENTRIES;
    for (unsigned i = 0; i < count; i++, vaddr += 1ull << level) {
        uint64_t entry = entries[i];
        if (!paging_is_present(entry))
            continue;
        if (paging_is_table(entry, level)) {
            table_visit(visitor, paging_paddr(entry, level), vaddr, (enum paging_level)(level - 9));
        } else if (level != LEVEL_PML4) {
            struct translation t = paging_translation(visitor->k, entry, level);
            if (t.is_present)
                visitor->visit(visitor->world, vaddr, &t);
        }
    }
}

void kernel_for_each_page(const struct kernel *k, uint64_t vspace,
                          void (*visit)(void *world, uint64_t vaddr, const struct translation *t),
                          void *world)
{
    struct visitor visitor = {k, visit, world};
    if (vspace != 0)
        table_visit(&visitor, vspace, 0, LEVEL_PML4);
}
