/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding thunks, by their own address and by a jump to them in a guest's memory.
 */
#include "engine/direct/pad/thunk.h"

enum {
    JUMP_OPCODE = 0xe9,
    JUMP_SIZE = 5,
    DISPLACED_FIRST = 2, /* displaced instructions start at these offsets from their site: inside the jump */
    DISPLACED_LAST = JUMP_SIZE - 1
};

void thunk_page_show(const struct pad_core *core, struct pad_private *p, unsigned index)
{
    p->thunk_pages[index / 64] |= 1ull << index % 64;
    patch_bounds_grow(&p->thunk_bounds, core->thunk_page[index].address);
}

int thunk_page_find(const struct pad_core *core, uint64_t address)
{
    for (uint32_t i = 0; i < core->thunk_page_count; i++)
        if (address - core->thunk_page[i].address < PATCH_PAGE)
            return (int)i;
    return -1;
}

const struct pad_thunk *thunk_find(const struct pad_core *core, uint64_t address)
{
    int page = thunk_page_find(core, address);
    if (page < 0)
        return NULL;
    const struct pad_thunk *thunk = &core->thunk_page[page].thunk[address % PATCH_PAGE / PATCH_SLOT];
    return thunk->site ? thunk : NULL;
}

/* Where the jump that may be these bytes goes; 0: it is none. */
static uint64_t jump_target(const unsigned char *bytes, uint64_t address)
{
    int32_t displacement;
    if (bytes[0] != JUMP_OPCODE)
        return 0;
    __builtin_memcpy(&displacement, bytes + 1, sizeof(displacement));
    return address + JUMP_SIZE + (uint64_t)(int64_t)displacement;
}

/* The thunk of the site at `site`, if these bytes there are the jump to it. */
static const struct pad_thunk *native_find(const struct pad_core *core, const unsigned char *bytes,
                                           uint64_t site, uint64_t *address)
{
    *address = jump_target(bytes, site);
    const struct pad_thunk *thunk =
        *address && *address % PATCH_SLOT == 0 ? thunk_find(core, *address) : NULL;
    return thunk && thunk->site == site ? thunk : NULL;
}

uint64_t thunk_native_site(const struct pad_core *core, const struct kernel *k, uint64_t vspace,
                           uint64_t address)
{
    unsigned char bytes[JUMP_SIZE];
    uint64_t target;
    const struct pad_thunk *thunk = address % PATCH_SLOT == 0 ? thunk_find(core, address) : NULL;
    if (!thunk || kernel_read_user(k, vspace, thunk->site, bytes, sizeof(bytes)) < sizeof(bytes))
        return 0;
    return native_find(core, bytes, thunk->site, &target) && target == address ? thunk->site : 0;
}

static uint64_t displaced_target(const struct pad_thunk *thunk, uint64_t address, unsigned offset)
{
    for (unsigned i = 0; i < thunk->count; i++)
        if (thunk->from[i] == offset)
            return address + thunk->to[i];
    return 0;
}

uint64_t thunk_native_target(const struct pad_core *core, const struct kernel *k, uint64_t vspace,
                             uint64_t ip)
{
    /* The site is in the same page. */
    unsigned char bytes[DISPLACED_LAST + JUMP_SIZE - DISPLACED_FIRST];
    unsigned before = ip % PATCH_PAGE < DISPLACED_LAST ? (unsigned)(ip % PATCH_PAGE) : DISPLACED_LAST;
    if (core->thunk_page_count == 0 || before < DISPLACED_FIRST)
        return 0;
    size_t size = kernel_read_user(k, vspace, ip - before, bytes, before + JUMP_SIZE - DISPLACED_FIRST);
    for (unsigned offset = DISPLACED_FIRST; offset <= before; offset++) {
        uint64_t address;
        if (before - offset + JUMP_SIZE > size)
            continue;
        const struct pad_thunk *thunk = native_find(core, bytes + before - offset, ip - offset, &address);
        uint64_t target = thunk ? displaced_target(thunk, address, offset) : 0;
        if (target)
            return target;
    }
    return 0;
}
