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
           CHECK_TEST(test_huge_pages), CHECK_TEST(test_get_address),
           CHECK_TEST(test_translate_outside_user_space), CHECK_TEST(test_ipc_buffer))
