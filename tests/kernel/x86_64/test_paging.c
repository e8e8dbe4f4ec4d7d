/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paging structures and frames. Every expectation is what a real seL4 16.0.0 answers.
 */
#include "tests/kernel/x86_64/fixture.h"

#define A0 0x10000000000ull /* nothing is mapped here, and PML4, PDPT and PD start here */

enum {
    READ = 2,
    WRITE = 1,
    ALL = 15
};

static struct result map_structure(unsigned cap, unsigned vspace, uint64_t vaddr)
{
    enum operation operation = slot(cap)->cap.type == CAP_PDPT             ? OPERATION_X86_PDPT_MAP
                               : slot(cap)->cap.type == CAP_PAGE_DIRECTORY ? OPERATION_X86_PAGE_DIRECTORY_MAP
                                                                           : OPERATION_X86_PAGE_TABLE_MAP;
    return invoke(cap, operation, vspace, NO_CAP, 2, vaddr, W(0));
}

static struct result unmap_structure(unsigned cap)
{
    enum operation operation = slot(cap)->cap.type == CAP_PDPT ? OPERATION_X86_PDPT_UNMAP
                               : slot(cap)->cap.type == CAP_PAGE_DIRECTORY
                                   ? OPERATION_X86_PAGE_DIRECTORY_UNMAP
                                   : OPERATION_X86_PAGE_TABLE_UNMAP;
    return invoke(cap, operation, NO_CAP, NO_CAP, 0);
}

static struct result map_page(unsigned cap, unsigned vspace, uint64_t vaddr, uint64_t rights)
{
    return invoke(cap, OPERATION_X86_PAGE_MAP, vspace, NO_CAP, 3, vaddr, rights, W(0));
}

static struct result unmap_page(unsigned cap)
{
    return invoke(cap, OPERATION_X86_PAGE_UNMAP, NO_CAP, NO_CAP, 0);
}

static struct translation translate(uint64_t vaddr)
{
    return kernel_translate(&kernel, vspace_paddr(), vaddr);
}

/* As an engine that has taken the page into its cache. */
static void note(uint64_t vaddr)
{
    kernel_translation_note(&kernel, vspace_paddr(), vaddr, true, false);
}

static unsigned pdpt, pd, pt;

/* Tables down to 4 KiB at A0. */
static void fixture_reset_with_tables(void)
{
    fixture_reset();
    pdpt = make(OBJECT_PDPT);
    pd = make(OBJECT_PAGE_DIRECTORY);
    pt = make(OBJECT_PAGE_TABLE);
    CHECK_OK(map_structure(pdpt, ABI_SLOT_VSPACE, A0));
    CHECK_OK(map_structure(pd, ABI_SLOT_VSPACE, A0));
    CHECK_OK(map_structure(pt, ABI_SLOT_VSPACE, A0));
}

static void test_structures_are_needed_from_the_top(void)
{
    fixture_reset();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    pdpt = make(OBJECT_PDPT);
    pd = make(OBJECT_PAGE_DIRECTORY);
    pt = make(OBJECT_PAGE_TABLE);
    CHECK_FAIL_MISSING(map_page(frame, ABI_SLOT_VSPACE, A0, ALL), 39);
    CHECK_FAIL_MISSING(map_structure(pd, ABI_SLOT_VSPACE, A0), 39);
    CHECK_OK(map_structure(pdpt, ABI_SLOT_VSPACE, A0 + 0x123456));
    CHECK_FAIL_MISSING(map_structure(pt, ABI_SLOT_VSPACE, A0), 30);
    CHECK_FAIL_MISSING(map_page(frame, ABI_SLOT_VSPACE, A0, ALL), 30);
    CHECK_OK(map_structure(pd, ABI_SLOT_VSPACE, A0 + 0x1234));
    CHECK_FAIL_MISSING(map_page(frame, ABI_SLOT_VSPACE, A0, ALL), 21);
    CHECK_OK(map_structure(pt, ABI_SLOT_VSPACE, A0 + 0x1234));
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, ALL));
    CHECK_EQ(translate(A0 + 0xfff).paddr, slot(frame)->cap.paddr);
    CHECK_EQ(seen.invalidates, 0);
}

static void test_structure_refusals_in_order(void)
{
    fixture_reset();
    pdpt = make(OBJECT_PDPT);
    pd = make(OBJECT_PAGE_DIRECTORY);
    unsigned other = make(OBJECT_PDPT);
    unsigned bare = make(OBJECT_PML4);
    unsigned endpoint = make(OBJECT_ENDPOINT);
    CHECK_FAIL(invoke(pdpt, OPERATION_X86_PAGE_MAP, ABI_SLOT_VSPACE, NO_CAP, 2, A0, W(0)),
               ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(invoke(bare, OPERATION_X86_PDPT_MAP, ABI_SLOT_VSPACE, NO_CAP, 2, A0, W(0)),
               ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(invoke(pdpt, OPERATION_X86_PDPT_MAP, ABI_SLOT_VSPACE, NO_CAP, 1, A0), ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL(invoke(pdpt, OPERATION_X86_PDPT_MAP, NO_CAP, NO_CAP, 2, A0, W(0)), ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL_INDEX(map_structure(pdpt, bare, 0x800000000000), ABI_INVALID_CAPABILITY, 1);
    CHECK_FAIL_INDEX(map_structure(pdpt, endpoint, A0), ABI_INVALID_CAPABILITY, 1);
    CHECK_FAIL_INDEX(map_structure(pdpt, ABI_SLOT_NULL, A0), ABI_INVALID_CAPABILITY, 1);
    CHECK_FAIL_INDEX(map_structure(pdpt, ABI_SLOT_VSPACE, 0x800000000000), ABI_INVALID_ARGUMENT, 0);
    CHECK_FAIL_INDEX(map_structure(pdpt, ABI_SLOT_VSPACE, 0xfffffffffffff000), ABI_INVALID_ARGUMENT, 0);
    CHECK_OK(map_structure(pdpt, ABI_SLOT_VSPACE, 0x7ffffffff000));
    CHECK_FAIL(map_structure(other, ABI_SLOT_VSPACE, 0x7fffffffefff), ABI_DELETE_FIRST);
    CHECK_FAIL_INDEX(map_structure(pdpt, endpoint, 0xffff800000000000), ABI_INVALID_CAPABILITY, 0);
    CHECK_FAIL_INDEX(map_structure(pd, ABI_SLOT_VSPACE, 0x800000000000), ABI_INVALID_ARGUMENT, 0);
}

static void test_structure_unmap(void)
{
    fixture_reset_with_tables();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    unsigned again = copy(pt, ALL);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, ALL));
    CHECK_FAIL(unmap_structure(again), ABI_REVOKE_FIRST);
    delete (pt);
    CHECK(translate(A0).is_present);
    CHECK_OK(unmap_structure(again));
    CHECK_EQ(seen.invalidate_vaddr, A0);
    CHECK_EQ(seen.invalidate_size, 1u << 21);
    CHECK(!translate(A0).is_present);
    CHECK_EQ(copy(again, ALL), 0);
    CHECK_OK(map_structure(again, ABI_SLOT_VSPACE, A0));
    CHECK(!translate(A0).is_present); /* it was cleared */
    CHECK_OK(unmap_page(frame));
}

static void test_structure_deletion_unmaps(void)
{
    fixture_reset_with_tables();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, ALL));
    delete (pd);
    CHECK_EQ(seen.invalidate_size, 1u << 30);
    CHECK_FAIL_MISSING(map_page(frame, ABI_SLOT_VSPACE, A0, ALL), 30);
    CHECK_OK(unmap_structure(pt));
    CHECK_OK(unmap_structure(pdpt));
    CHECK_EQ(seen.invalidate_size, 1ull << 39);
    CHECK_OK(unmap_structure(pdpt)); /* unmapped already */
}

static void test_frame_refusals_in_order(void)
{
    fixture_reset_with_tables();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    unsigned large = make(OBJECT_LARGE_PAGE);
    unsigned bare = make(OBJECT_PML4);
    CHECK_FAIL(invoke(frame, OPERATION_X86_PAGE_TABLE_MAP, ABI_SLOT_VSPACE, NO_CAP, 3, A0, W(3), W(0)),
               ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(invoke(frame, OPERATION_X86_PAGE_MAP, ABI_SLOT_VSPACE, NO_CAP, 2, A0, W(3)),
               ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL(invoke(frame, OPERATION_X86_PAGE_MAP, NO_CAP, NO_CAP, 3, A0, W(3), W(0)),
               ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL_INDEX(map_page(frame, bare, 0x800000000001, ALL), ABI_INVALID_CAPABILITY, 1);
    CHECK_FAIL_INDEX(map_page(frame, ABI_SLOT_VSPACE, 0x800000000001, ALL), ABI_INVALID_ARGUMENT, 0);
    CHECK_FAIL_INDEX(map_page(frame, ABI_SLOT_VSPACE, 0x7ffffffff000, ALL), ABI_INVALID_ARGUMENT, 0);
    CHECK_FAIL_INDEX(map_page(frame, ABI_SLOT_VSPACE, 0xfffffffffffff000, ALL), ABI_INVALID_ARGUMENT, 0);
    CHECK_FAIL_MISSING(map_page(frame, ABI_SLOT_VSPACE, 0x7fffffffe000, ALL), 39);
    CHECK_FAIL(map_page(frame, ABI_SLOT_VSPACE, 0x7fffffffe001, ALL), ABI_ALIGNMENT_ERROR);
    CHECK_FAIL_INDEX(map_page(large, ABI_SLOT_VSPACE, 0x7fffffe00000, ALL), ABI_INVALID_ARGUMENT, 0);
    CHECK_FAIL_MISSING(map_page(large, ABI_SLOT_VSPACE, 0x7fffffc00000, ALL), 39);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, ALL));
    CHECK_FAIL_INDEX(map_page(frame, ABI_SLOT_VSPACE, A0 + 1, ALL), ABI_INVALID_ARGUMENT, 0);
    CHECK_OK(invoke(ABI_SLOT_ASID_POOL, OPERATION_X86_ASID_POOL_ASSIGN, bare, NO_CAP, 0));
    CHECK_FAIL_INDEX(map_page(frame, bare, A0 + 1, ALL), ABI_INVALID_CAPABILITY, 1);
    CHECK_FAIL(map_page(large, ABI_SLOT_VSPACE, A0, ALL), ABI_DELETE_FIRST);
    CHECK_FAIL(map_page(large, ABI_SLOT_VSPACE, A0 + 0x1000, ALL), ABI_ALIGNMENT_ERROR);
}

static void test_frame_rights(void)
{
    fixture_reset_with_tables();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, READ));
    CHECK(translate(A0).is_present && !translate(A0).is_writable);
    CHECK_EQ(seen.invalidates, 0);
    note(A0);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, WRITE));
    CHECK(!translate(A0).is_present && translate(A0).is_forbidden);
    CHECK_EQ(seen.invalidates, 1);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, ALL)); /* the capability kept its rights */
    CHECK(translate(A0).is_writable);

    unsigned reader = copy(frame, READ);
    unsigned writer = copy(frame, WRITE);
    CHECK_OK(map_page(reader, ABI_SLOT_VSPACE, A0 + 0x1000, ALL));
    CHECK_OK(map_page(writer, ABI_SLOT_VSPACE, A0 + 0x2000, ALL));
    CHECK(translate(A0 + 0x1000).is_present && !translate(A0 + 0x1000).is_writable);
    CHECK(translate(A0 + 0x2000).is_forbidden);
    revoke(frame);
    CHECK(!translate(A0 + 0x1000).is_present && !translate(A0 + 0x2000).is_forbidden);
    CHECK(translate(A0).is_present);
}

static void test_frame_attributes(void)
{
    fixture_reset_with_tables();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    unsigned large = make(OBJECT_LARGE_PAGE);
    CHECK_OK(invoke(frame, OPERATION_X86_PAGE_MAP, ABI_SLOT_VSPACE, NO_CAP, 3, A0, W(ALL), W(0xffd)));
    CHECK_EQ(translate(A0).cache, 5);
    CHECK_OK(invoke(large, OPERATION_X86_PAGE_MAP, ABI_SLOT_VSPACE, NO_CAP, 3, A0 + 0x200000, W(ALL), W(6)));
    CHECK_EQ(translate(A0 + 0x200000).cache, 6);
    CHECK_EQ(translate(A0 + 0x2fffff).paddr, slot(large)->cap.paddr);
    CHECK_EQ(translate(A0 + 0x200000).size_bits, 21);
}

static void test_frame_replaced(void)
{
    fixture_reset_with_tables();
    unsigned a = make(OBJECT_SMALL_PAGE);
    unsigned b = make(OBJECT_SMALL_PAGE);
    CHECK_OK(map_page(a, ABI_SLOT_VSPACE, A0, ALL));
    note(A0);
    CHECK_OK(map_page(b, ABI_SLOT_VSPACE, A0, ALL));
    CHECK_EQ(seen.invalidates, 1);
    CHECK_EQ(translate(A0).paddr, slot(b)->cap.paddr);
    CHECK_OK(unmap_page(a)); /* no longer there */
    CHECK_EQ(translate(A0).paddr, slot(b)->cap.paddr);
    CHECK_OK(map_page(a, ABI_SLOT_VSPACE, A0, ALL));
    delete (b);
    CHECK_EQ(translate(A0).paddr, slot(a)->cap.paddr);
    delete (a);
    CHECK(!translate(A0).is_present);
}

static void test_large_pages(void)
{
    fixture_reset_with_tables();
    unsigned large = make(OBJECT_LARGE_PAGE);
    unsigned other = make(OBJECT_LARGE_PAGE);
    unsigned frame = make(OBJECT_SMALL_PAGE);
    unsigned table = make(OBJECT_PAGE_TABLE);
    CHECK_OK(map_page(large, ABI_SLOT_VSPACE, A0 + 0x200000, ALL));
    CHECK_OK(map_page(other, ABI_SLOT_VSPACE, A0 + 0x200000, ALL));
    CHECK_OK(unmap_page(large));
    CHECK_EQ(translate(A0 + 0x2ff000).paddr, slot(other)->cap.paddr);
    CHECK_FAIL_MISSING(map_page(frame, ABI_SLOT_VSPACE, A0 + 0x200000, ALL), 21);
    CHECK_FAIL(map_structure(table, ABI_SLOT_VSPACE, A0 + 0x200000), ABI_DELETE_FIRST);
    CHECK_FAIL_MISSING(map_page(large, ABI_SLOT_VSPACE, A0 + 0x40000000, ALL), 30);
    note(A0 + 0x3ff000);
    CHECK_OK(unmap_page(other));
    CHECK_EQ(seen.invalidate_size, 1u << 21);
    CHECK_OK(map_structure(table, ABI_SLOT_VSPACE, A0 + 0x200000));
}

static void test_huge_pages(void)
{
    fixture_reset_with_tables();
    unsigned huge = make_from(device, OBJECT_HUGE_PAGE, 0);
    unsigned directory = make(OBJECT_PAGE_DIRECTORY);
    unsigned large = make(OBJECT_LARGE_PAGE);
    CHECK_FAIL(map_page(huge, ABI_SLOT_VSPACE, A0, ALL), ABI_DELETE_FIRST);
    CHECK_FAIL(map_page(huge, ABI_SLOT_VSPACE, A0 + 0x1000, ALL), ABI_ALIGNMENT_ERROR);
    CHECK_FAIL_MISSING(map_page(huge, ABI_SLOT_VSPACE, A0 + 0x8000000000, ALL), 39);
    CHECK_OK(map_page(huge, ABI_SLOT_VSPACE, A0 + 0x40000000, ALL));
    CHECK(translate(A0 + 0x7ffff000).is_device);
    CHECK_EQ(translate(A0 + 0x7ffff000).size_bits, 30);
    CHECK_FAIL(map_structure(directory, ABI_SLOT_VSPACE, A0 + 0x40000000), ABI_DELETE_FIRST);
    CHECK_FAIL_MISSING(map_page(large, ABI_SLOT_VSPACE, A0 + 0x40000000, ALL), 30);
    CHECK_OK(unmap_page(huge));
    CHECK(!translate(A0 + 0x40000000).is_present);
}

static bool notes_are(uint64_t vaddr, bool is_cached, bool is_marked)
{
    struct translation t = translate(vaddr);
    return t.is_cached == is_cached && t.is_marked == is_marked;
}

/* A page that no engine knows changes without a word; the others do not. */
static void test_notes_decide_who_is_told(void)
{
    fixture_reset_with_tables();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    unsigned other = make(OBJECT_SMALL_PAGE);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, ALL));
    CHECK(notes_are(A0, false, false));
    CHECK_OK(map_page(other, ABI_SLOT_VSPACE, A0, ALL));
    CHECK_OK(map_page(other, ABI_SLOT_VSPACE, A0, READ));
    CHECK_OK(unmap_page(other));
    CHECK_EQ(seen.invalidates, 0);

    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, ALL));
    kernel_translation_note(&kernel, vspace_paddr(), A0 + 0x123, true, false);
    CHECK(notes_are(A0, true, false));
    CHECK_OK(unmap_page(frame));
    CHECK_EQ(seen.invalidates, 1);
    CHECK_EQ(seen.invalidate_vaddr, A0);
    CHECK_EQ(seen.invalidate_size, 4096);

    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, ALL));
    CHECK(notes_are(A0, false, false));
    kernel_translation_note(&kernel, vspace_paddr(), A0, false, true);
    CHECK(notes_are(A0, false, true));
    delete (frame);
    CHECK_EQ(seen.invalidates, 1);

    CHECK_OK(unmap_structure(pt)); /* whatever is below: a region is always told of */
    CHECK_EQ(seen.invalidates, 2);
    CHECK_EQ(seen.invalidate_size, 1u << 21);
}

static void test_notes_last_as_long_as_the_mapping(void)
{
    fixture_reset_with_tables();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    unsigned large = make(OBJECT_LARGE_PAGE);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, ALL));
    CHECK_OK(map_page(large, ABI_SLOT_VSPACE, A0 + 0x200000, ALL));
    kernel_translation_note(&kernel, vspace_paddr(), A0, true, true);
    kernel_translation_note(&kernel, vspace_paddr(), A0 + 0x3ff123, true, true);
    struct translation small = translate(A0), wide = translate(A0 + 0x200000);
    CHECK_EQ(small.paddr, slot(frame)->cap.paddr);
    CHECK_EQ(wide.paddr, slot(large)->cap.paddr);
    CHECK_EQ(small.cache | wide.cache, 0);
    kernel_check(&kernel);

    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, ALL)); /* the same again */
    CHECK_OK(map_page(large, ABI_SLOT_VSPACE, A0 + 0x200000, ALL));
    CHECK_EQ(seen.invalidates, 0);
    CHECK(notes_are(A0, true, true) && notes_are(A0 + 0x200000, true, true));

    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0, READ));
    CHECK_EQ(seen.invalidates, 1);
    CHECK(notes_are(A0, false, false));
    CHECK_OK(invoke(large, OPERATION_X86_PAGE_MAP, ABI_SLOT_VSPACE, NO_CAP, 3, A0 + 0x200000, W(ALL), W(1)));
    CHECK_EQ(seen.invalidates, 2);
    CHECK(notes_are(A0 + 0x200000, false, false));
    kernel_translation_note(&kernel, vspace_paddr(), A0, true, false);
    kernel_translation_note(&kernel, vspace_paddr(), A0, false, false); /* dropped from the cache */
    CHECK_OK(unmap_page(frame));
    CHECK_EQ(seen.invalidates, 2);
}

static void test_notes_without_a_page(void)
{
    fixture_reset_with_tables();
    kernel_translation_note(&kernel, vspace_paddr(), A0, true, true);
    kernel_translation_note(&kernel, vspace_paddr(), A0 + 0x40000000, true, true);
    kernel_translation_note(&kernel, vspace_paddr(), 0x800000000000, true, true);
    kernel_translation_note(&kernel, vspace_paddr(), ~0ull, true, true);
    kernel_translation_note(&kernel, 0, A0, true, true);
    kernel_check(&kernel);
    CHECK(notes_are(A0, false, false));
}

/* Where the engine can have no pages, nor anything below. */
static void test_withheld_addresses(void)
{
    fixture_reset_with_tables();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    unsigned large = make(OBJECT_LARGE_PAGE);
    unsigned low = make(OBJECT_PAGE_TABLE);
    machine.mmu.lowest = 0x10000;
    machine.mmu.reserved_start = A0 + 0x3000;
    machine.mmu.reserved_end = A0 + 0x5000;
    CHECK_FAIL_INDEX(map_page(large, ABI_SLOT_VSPACE, 0, ALL), ABI_INVALID_ARGUMENT, 0);
    /* What a real kernel refuses comes first. */
    CHECK_FAIL_MISSING(map_page(frame, ABI_SLOT_VSPACE, 0xf000, ALL), 21);
    CHECK_OK(map_structure(low, ABI_SLOT_VSPACE, 0));
    CHECK_FAIL(map_page(frame, ABI_SLOT_VSPACE, 0xf001, ALL), ABI_ALIGNMENT_ERROR);
    CHECK_FAIL(map_page(large, ABI_SLOT_VSPACE, 0, ALL), ABI_DELETE_FIRST);
    CHECK_FAIL_INDEX(map_page(frame, ABI_SLOT_VSPACE, 0, ALL), ABI_INVALID_ARGUMENT, 0);
    CHECK_FAIL_INDEX(map_page(frame, ABI_SLOT_VSPACE, 0xf000, ALL), ABI_INVALID_ARGUMENT, 0);
    CHECK(slot(frame)->cap.asid == 0 && !translate(0xf000).is_present);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, 0x10000, ALL));
    CHECK_OK(unmap_page(frame));

    CHECK_FAIL_INDEX(map_page(frame, ABI_SLOT_VSPACE, A0 + 0x3000, ALL), ABI_INVALID_ARGUMENT, 0);
    CHECK_FAIL_INDEX(map_page(frame, ABI_SLOT_VSPACE, A0 + 0x4000, ALL), ABI_INVALID_ARGUMENT, 0);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0 + 0x2000, ALL));
    CHECK_OK(unmap_page(frame));
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0 + 0x5000, ALL));

    machine.mmu.reserved_start = A0 + 0x3ff000;
    machine.mmu.reserved_end = A0 + 0x400000;
    CHECK_FAIL_INDEX(map_page(large, ABI_SLOT_VSPACE, A0 + 0x200000, ALL), ABI_INVALID_ARGUMENT, 0);
    machine.mmu.reserved_end = machine.mmu.reserved_start; /* nothing is */
    CHECK_OK(map_page(large, ABI_SLOT_VSPACE, A0 + 0x200000, ALL));
    /* What lies there already may change its rights. */
    machine.mmu.lowest = A0 + 0x6000;
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0 + 0x5000, READ));
    machine.mmu.lowest = machine.mmu.reserved_start = machine.mmu.reserved_end = 0;
}

/* Where the engine shows something of its own, it hears of new pages too. */
static void test_watched_addresses(void)
{
    fixture_reset_with_tables();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    unsigned large = make(OBJECT_LARGE_PAGE);
    unsigned table = make(OBJECT_PAGE_TABLE);
    machine.mmu.watched_start = A0 + 0x3000;
    machine.mmu.watched_end = A0 + 0x202000;
    seen.invalidates = 0;
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0 + 0x2000, ALL));
    CHECK_OK(unmap_page(frame));
    CHECK_EQ(seen.invalidates, 0);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0 + 0x3000, ALL));
    CHECK_EQ(seen.invalidates, 1);
    CHECK_OK(unmap_page(frame)); /* in no cache */
    CHECK_EQ(seen.invalidates, 1);
    CHECK_OK(map_page(large, ABI_SLOT_VSPACE, A0 + 0x200000, ALL));
    CHECK_EQ(seen.invalidates, 2);
    CHECK_OK(unmap_page(large));
    CHECK_OK(map_structure(table, ABI_SLOT_VSPACE, A0 + 0x200000)); /* an empty table shows nothing */
    CHECK_EQ(seen.invalidates, 2);
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0 + 0x202000, ALL));
    CHECK_EQ(seen.invalidates, 2);
    machine.mmu.watched_start = machine.mmu.watched_end = 0;
}

static struct {
    unsigned count;
    uint64_t vaddr[16];
    struct translation t[16];
} visited;

static void page_visited(void *world, uint64_t vaddr, const struct translation *t)
{
    CHECK(world == &visited);
    CHECK(visited.count < 16);
    visited.vaddr[visited.count] = vaddr;
    visited.t[visited.count++] = *t;
}

static void visit_all(uint64_t vspace)
{
    visited.count = 0;
    kernel_for_each_page(&kernel, vspace, page_visited, &visited);
}

static void test_each_page(void)
{
    fixture_reset_with_tables();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    unsigned unreadable = make(OBJECT_SMALL_PAGE);
    unsigned large = make(OBJECT_LARGE_PAGE);
    unsigned huge = make_from(device, OBJECT_HUGE_PAGE, 0);
    unsigned bare = make(OBJECT_PML4);
    visit_all(vspace_paddr());
    unsigned booted = visited.count; /* the image, the IPC buffer, the bootinfo */
    CHECK(booted >= 3 && booted < 12);
    CHECK_OK(map_page(huge, ABI_SLOT_VSPACE, A0 + 0x40000000, ALL));
    CHECK_OK(map_page(large, ABI_SLOT_VSPACE, A0 + 0x3fe00000, READ));
    CHECK_OK(map_page(unreadable, ABI_SLOT_VSPACE, A0, WRITE));
    CHECK_OK(map_page(frame, ABI_SLOT_VSPACE, A0 + 0x1ff000, ALL));
    note(A0 + 0x3fe00000);

    visit_all(vspace_paddr());
    CHECK_EQ(visited.count, booted + 3);
    CHECK_EQ(visited.vaddr[0], FIXTURE_IMAGE);
    CHECK_EQ(visited.vaddr[booted], A0 + 0x1ff000);
    CHECK_EQ(visited.vaddr[booted + 1], A0 + 0x3fe00000);
    CHECK_EQ(visited.vaddr[booted + 2], A0 + 0x40000000);
    for (unsigned i = 0; i < visited.count; i++) {
        struct translation t = translate(visited.vaddr[i]);
        CHECK(t.is_present && t.paddr == visited.t[i].paddr && t.size_bits == visited.t[i].size_bits);
        CHECK(t.is_writable == visited.t[i].is_writable && t.is_device == visited.t[i].is_device);
        CHECK(i == 0 || visited.vaddr[i] > visited.vaddr[i - 1]);
        CHECK_EQ(visited.t[i].is_cached, i == booted + 1);
    }
    visit_all(slot(bare)->cap.paddr);
    CHECK_EQ(visited.count, 0);
    visit_all(0);
    CHECK_EQ(visited.count, 0);
}

/* Whatever the tables hold, nothing outside the arena is read. */
static void test_each_page_of_garbage(void)
{
    fixture_reset_with_tables();
    uint64_t *pml4 = arena_at(&kernel, vspace_paddr());
    uint64_t *entry = &pml4[A0 >> 39], good = *entry;
    visit_all(vspace_paddr());
    unsigned booted = visited.count;
    const uint64_t bad[] = {
        FIXTURE_MEMORY | 7,          /* the first byte behind the arena */
        0xffffffffff000 | 7,         /* the last page there can be */
        slot(pdpt)->cap.paddr | 6,   /* not present */
        slot(pdpt)->cap.paddr | 0x87 /* a page of 512 GiB */
    };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        *entry = bad[i];
        visit_all(vspace_paddr());
        CHECK_EQ(visited.count, booted);
    }
    *entry = good;
    pml4[300] = good; /* the kernel's half */
    visit_all(vspace_paddr());
    CHECK_EQ(visited.count, booted);
    pml4[300] = 0;
    visit_all(FIXTURE_MEMORY);
    visit_all(~0ull << 12);
    visit_all(vspace_paddr() + 8);
    CHECK_EQ(visited.count, 0);
}

static void test_get_address(void)
{
    fixture_reset();
    unsigned frame = make(OBJECT_SMALL_PAGE);
    CHECK_OK(invoke(frame, OPERATION_X86_PAGE_GET_ADDRESS, NO_CAP, NO_CAP, 0));
    CHECK_EQ(reply_word(), slot(frame)->cap.paddr);
    CHECK_EQ(caller->state, THREAD_RUNNING);
}

static void test_translate_outside_user_space(void)
{
    fixture_reset();
    CHECK(!translate(0x800000000000).is_present);
    CHECK(!translate(~0ull).is_present);
    CHECK(!kernel_translate(&kernel, 0, 0x1000).is_present);
}

static void test_ipc_buffer(void)
{
    fixture_reset();
    struct cap frame = slot(make(OBJECT_SMALL_PAGE))->cap;
    struct cap outside = slot(make_from(device, OBJECT_SMALL_PAGE, 0))->cap;
    struct cap endpoint = slot(make(OBJECT_ENDPOINT))->cap;
    CHECK_OK(vspace_check_ipc_buffer(&kernel, 0xffffffffffffc000, frame));
    CHECK_FAIL(vspace_check_ipc_buffer(&kernel, 0x1008, frame), ABI_ALIGNMENT_ERROR);
    CHECK_FAIL(vspace_check_ipc_buffer(&kernel, 0x1001, outside), ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(vspace_check_ipc_buffer(&kernel, 0x1001, endpoint), ABI_ILLEGAL_OPERATION);
}

CHECK_MAIN(CHECK_TEST(test_structures_are_needed_from_the_top), CHECK_TEST(test_structure_refusals_in_order),
           CHECK_TEST(test_structure_unmap), CHECK_TEST(test_structure_deletion_unmaps),
           CHECK_TEST(test_frame_refusals_in_order), CHECK_TEST(test_frame_rights),
           CHECK_TEST(test_frame_attributes), CHECK_TEST(test_frame_replaced), CHECK_TEST(test_large_pages),
           CHECK_TEST(test_huge_pages), CHECK_TEST(test_notes_decide_who_is_told),
           CHECK_TEST(test_notes_last_as_long_as_the_mapping), CHECK_TEST(test_notes_without_a_page),
           CHECK_TEST(test_withheld_addresses), CHECK_TEST(test_watched_addresses),
           CHECK_TEST(test_each_page), CHECK_TEST(test_each_page_of_garbage), CHECK_TEST(test_get_address),
           CHECK_TEST(test_translate_outside_user_space), CHECK_TEST(test_ipc_buffer))
