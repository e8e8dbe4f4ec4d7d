/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where Selkie's own memory lies in the address space of guests: pad, arena and vector memory in one piece,
 * at the first of a few addresses that the initial thread's VSpace leaves free. Later mappings over it are
 * refused (machine_mmu.reserved_start).
 */
#include <errno.h>

#include "engine/direct/monitor.h"

#define PLACES_END 0x7e0000000000ull /* the host's own mappings of a new program lie above */

static const uint64_t places[] = {
    0x5e9400000000, 0x3c5700000000, 0x2d4300000000, 0x6b1d00000000,
    0x1f7600000000, 0x10a900000000, 0x049b00000000,
};

struct occupied {
    uint64_t start, end;
    bool is_hit;
};

static void visit(void *world, uint64_t vaddr, const struct translation *t)
{
    struct occupied *range = world;
    if (vaddr < range->end && vaddr + (1ull << t->size_bits) > range->start)
        range->is_hit = true;
}

static bool place_is_free(const struct engine *e, uint64_t start, uint64_t end)
{
    struct occupied range = {start, end, false};
    uint64_t vspace = e->k->state ? kernel_next(e->k, 0).vspace : 0;
    if (vspace)
        kernel_for_each_page(e->k, vspace, visit, &range);
    return !range.is_hit;
}

int place_choose(struct engine *e)
{
    uint64_t size = PAD_ARENA + 3 * e->k->memory_size;
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (size > PLACES_END - places[i] || !place_is_free(e, places[i], places[i] + size))
            continue;
        e->core->base = places[i];
        e->core->end = places[i] + size;
        return 0;
    }
    return diag_errno(e->diag, ENOMEM, "no room for 0x%llx bytes beside the program in its address space",
                      (unsigned long long)size);
}
