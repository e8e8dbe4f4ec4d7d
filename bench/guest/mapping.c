/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks of mappings: a frame comes and goes where the paging structures stay.
 */
#include "guest.h"

enum {
    COUNT = 50,
    COUNT_RUN = 2,
    RUN_PAGES = 64,
    RUN_BITS = 18 /* of their memory */
};

static const seL4_Word VADDR = 0x123456789000;
static seL4_CPtr frame;

static void page_map(seL4_CPtr page, seL4_Word vaddr)
{
    SEL4_UTIL_CHECK(seL4_X86_Page_Map(page, seL4_CapInitThreadVSpace, vaddr, seL4_ReadWrite,
                                      seL4_X86_Default_VMAttributes));
}

static void map(void)
{
    page_map(frame, VADDR);
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

static const seL4_Word RUN_VADDR = 0x12345a000000;
static seL4_CPtr run_frames; /* the first of consecutive slots */

/* Frames of consecutive physical addresses. */
static void run_prepare(void)
{
    seL4_CPtr untyped = sel4_util_object_alloc(&guest_allocator, seL4_UntypedObject, RUN_BITS);
    run_frames = sel4_util_slot_alloc(&guest_allocator);
    for (unsigned i = 1; i < RUN_PAGES; i++) {
        (void)sel4_util_slot_alloc(&guest_allocator);
    }
    SEL4_UTIL_CHECK(
        seL4_Untyped_Retype(untyped, seL4_X86_4K, 0, guest_allocator.cnode, 0, 0, run_frames, RUN_PAGES));
    SEL4_UTIL_CHECK(
        sel4_util_map(&guest_allocator, seL4_CapInitThreadVSpace, run_frames, RUN_VADDR, seL4_ReadWrite));
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(run_frames));
}

static void run_once(seL4_Word value)
{
    for (unsigned i = 0; i < RUN_PAGES; i++) {
        page_map(run_frames + i, RUN_VADDR + i * LIBSEL4_BIT(seL4_PageBits));
    }
    for (unsigned i = 0; i < RUN_PAGES; i++) {
        *(volatile seL4_Word *)(RUN_VADDR + i * LIBSEL4_BIT(seL4_PageBits)) = value;
    }
    for (unsigned i = 0; i < RUN_PAGES; i++) {
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(run_frames + i));
    }
}

static void run_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        run_once(i);
    }
}

const struct benchmark benchmark_map_run_64 = {"map_run_64", run_prepare, run_repeat, NULL, COUNT_RUN};
