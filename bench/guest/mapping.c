/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks of mappings: a frame comes and goes where the paging structures stay.
 */
#include "guest.h"

enum {
    COUNT = 50
};

static const seL4_Word VADDR = 0x123456789000;
static seL4_CPtr frame;

static void map(void)
{
    SEL4_UTIL_CHECK(seL4_X86_Page_Map(frame, seL4_CapInitThreadVSpace, VADDR, seL4_ReadWrite,
                                      seL4_X86_Default_VMAttributes));
}

static void map_prepare(void)
{
    frame = sel4_util_object_alloc(&guest_allocator, seL4_X86_4K, 0);
    SEL4_UTIL_CHECK(sel4_util_map(&guest_allocator, seL4_CapInitThreadVSpace, frame, VADDR, seL4_ReadWrite));
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(frame));
}

static void map_unmap_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        map();
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(frame));
    }
}

const struct benchmark benchmark_map_unmap = {"map_unmap", map_prepare, map_unmap_repeat, NULL, COUNT};

static void map_touch_unmap_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        map();
        *(volatile seL4_Word *)VADDR = i;
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(frame));
    }
}

const struct benchmark benchmark_map_touch_unmap = {"map_touch_unmap", map_prepare, map_touch_unmap_repeat,
                                                    NULL, COUNT};
