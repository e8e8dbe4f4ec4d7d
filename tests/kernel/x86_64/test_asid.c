/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ASID pools, and what becomes of capabilities whose VSpace lost its ASID. Every
 * expectation is what a real seL4 16.0.0 answers.
 */
#include "tests/kernel/x86_64/fixture.h"

#define A0 0x10000000000ull

static struct result make_pool(unsigned untyped, unsigned root, uint64_t index, uint64_t depth)
{
    return invoke(ABI_SLOT_ASID_CONTROL, OPERATION_X86_ASID_CONTROL_MAKE_POOL, untyped, root, 2, index,
                  depth);
}

static struct result assign(unsigned pool, unsigned pml4)
{
    return invoke(pool, OPERATION_X86_ASID_POOL_ASSIGN, pml4, NO_CAP, 0);
}

static struct result map_pdpt(unsigned pdpt, unsigned vspace)
{
    return invoke(pdpt, OPERATION_X86_PDPT_MAP, vspace, NO_CAP, 2, A0, W(0));
}

static struct result map_page(unsigned page, unsigned vspace, uint64_t vaddr)
{
    return invoke(page, OPERATION_X86_PAGE_MAP, vspace, NO_CAP, 3, vaddr, W(15), W(0));
}

static void test_make_pool_refusals_in_order(void)
{
    fixture_reset();
    unsigned untyped = make_from(ordinary, OBJECT_UNTYPED, 12);
    unsigned larger = make_from(ordinary, OBJECT_UNTYPED, 13);
    unsigned outside = make_from(device, OBJECT_UNTYPED, 12);
    unsigned used = make_from(ordinary, OBJECT_UNTYPED, 12);
    unsigned endpoint = make_from(used, OBJECT_ENDPOINT, 0);
    unsigned to = next_slot;
    CHECK_FAIL(
        invoke(ABI_SLOT_ASID_CONTROL, OPERATION_X86_PAGE_MAP, untyped, ABI_SLOT_CNODE, 2, W(to), W(64)),
        ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(invoke(ABI_SLOT_ASID_CONTROL, OPERATION_X86_ASID_CONTROL_MAKE_POOL, untyped, ABI_SLOT_CNODE, 1,
                      W(to)),
               ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL(
        invoke(ABI_SLOT_ASID_CONTROL, OPERATION_X86_ASID_CONTROL_MAKE_POOL, untyped, NO_CAP, 2, W(to), W(64)),
        ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL_INDEX(make_pool(endpoint, endpoint, to, 64), ABI_INVALID_CAPABILITY, 1);
    CHECK_FAIL_INDEX(make_pool(larger, ABI_SLOT_CNODE, to, 64), ABI_INVALID_CAPABILITY, 1);
    CHECK_FAIL_INDEX(make_pool(outside, ABI_SLOT_CNODE, to, 64), ABI_INVALID_CAPABILITY, 1);
    CHECK_FAIL(make_pool(used, endpoint, to, 64), ABI_REVOKE_FIRST);
    CHECK_FAIL_RANGE(make_pool(untyped, ABI_SLOT_CNODE, to, 65), 1, 64);
    CHECK_FAIL_ROOT(make_pool(untyped, endpoint, to, 64));
    CHECK_FAIL(make_pool(untyped, ABI_SLOT_CNODE, endpoint, 64), ABI_DELETE_FIRST);
    CHECK_OK(make_pool(untyped, ABI_SLOT_CNODE, to, 64));
    CHECK_EQ(slot(to)->cap.type, CAP_ASID_POOL);
    CHECK_EQ(slot(untyped)->cap.free_offset, 4096);
    CHECK(slot_has_children(&kernel, slot(untyped)));
}

static void test_pools_run_out(void)
{
    fixture_reset();
    for (unsigned i = 1; i < 8; i++) {
        unsigned untyped = make_from(ordinary, OBJECT_UNTYPED, 12);
        CHECK_OK(make_pool(untyped, ABI_SLOT_CNODE, next_slot++, 64));
    }
    CHECK_FAIL(make_pool(ABI_SLOT_NULL, ABI_SLOT_NULL, ABI_SLOT_CNODE, 64), ABI_DELETE_FIRST);
    delete (next_slot - 1);
    unsigned untyped = make_from(ordinary, OBJECT_UNTYPED, 12);
    CHECK_OK(make_pool(untyped, ABI_SLOT_CNODE, next_slot, 64));
}

static void test_assign_refusals(void)
{
    fixture_reset();
    unsigned pml4 = make(OBJECT_PML4);
    unsigned endpoint = make(OBJECT_ENDPOINT);
    CHECK_FAIL(invoke(ABI_SLOT_ASID_POOL, OPERATION_X86_PAGE_MAP, pml4, NO_CAP, 0), ABI_ILLEGAL_OPERATION);
    CHECK_FAIL(invoke(ABI_SLOT_ASID_POOL, OPERATION_X86_ASID_POOL_ASSIGN, NO_CAP, NO_CAP, 0),
               ABI_TRUNCATED_MESSAGE);
    CHECK_FAIL_INDEX(assign(ABI_SLOT_ASID_POOL, endpoint), ABI_INVALID_CAPABILITY, 1);
    CHECK_FAIL_INDEX(assign(ABI_SLOT_ASID_POOL, ABI_SLOT_VSPACE), ABI_INVALID_CAPABILITY, 1);
    CHECK_EQ(copy(pml4, 15), 0);
    CHECK_OK(assign(ABI_SLOT_ASID_POOL, pml4));
    CHECK(copy(pml4, 15) != 0);
    CHECK(vspace_is_valid_root(slot(pml4)->cap));
    CHECK_FAIL_INDEX(assign(ABI_SLOT_ASID_POOL, pml4), ABI_INVALID_CAPABILITY, 1);
}

static void test_a_pool_fills_up(void)
{
    fixture_reset();
    unsigned assigned = 0;
    struct result result = result_ok();
    while (result_is_ok(result) && assigned < 600) {
        result = assign(ABI_SLOT_ASID_POOL, make(OBJECT_PML4));
        assigned += result_is_ok(result);
    }
    CHECK_FAIL(result, ABI_DELETE_FIRST);
    CHECK_EQ(assigned, 510); /* 0 is none, 1 is the caller's */
    delete (next_slot - 2);
    CHECK_EQ(seen.forgets, 1);
    CHECK_OK(assign(ABI_SLOT_ASID_POOL, next_slot - 1));
}

static void test_vspace_deletion(void)
{
    fixture_reset();
    unsigned pml4 = make(OBJECT_PML4);
    unsigned pdpt = make(OBJECT_PDPT);
    CHECK_OK(assign(ABI_SLOT_ASID_POOL, pml4));
    unsigned again = copy(pml4, 15);
    uint64_t paddr = slot(pml4)->cap.paddr;
    CHECK_OK(map_pdpt(pdpt, pml4));
    delete (pml4);
    CHECK_EQ(seen.forgets, 0);
    delete (again);
    CHECK_EQ(seen.forget_vspace, paddr);
    CHECK_FAIL_INDEX(map_pdpt(pdpt, ABI_SLOT_VSPACE), ABI_INVALID_CAPABILITY, 0);
    CHECK_OK(invoke(pdpt, OPERATION_X86_PDPT_UNMAP, NO_CAP, NO_CAP, 0));
    CHECK_OK(map_pdpt(pdpt, ABI_SLOT_VSPACE));
}

/* The pool goes, its VSpaces stay behind without a meaning. */
static void test_stale_asid(void)
{
    fixture_reset();
    unsigned untyped = make_from(ordinary, OBJECT_UNTYPED, 12);
    unsigned old = make(OBJECT_PML4);
    unsigned new = make(OBJECT_PML4);
    unsigned pdpt = make(OBJECT_PDPT);
    unsigned page = make(OBJECT_LARGE_PAGE);
    unsigned pool = next_slot++;
    CHECK_OK(make_pool(untyped, ABI_SLOT_CNODE, pool, 64));
    CHECK_OK(assign(pool, old));
    slot_clear(&kernel, &caller->slots[TCB_VSPACE]);
    slot_insert(&kernel, &caller->slots[TCB_VSPACE], slot(old)->cap, slot(old));
    CHECK_EQ(vspace_of_thread(&kernel, caller), slot(old)->cap.paddr);

    revoke(untyped);
    CHECK_EQ(seen.forgets, 1);
    CHECK_EQ(vspace_of_thread(&kernel, caller), 0);
    CHECK_FAIL_ROOT(map_pdpt(pdpt, old));
    CHECK_FAIL_ROOT(map_page(page, old, A0 + 1));

    CHECK_OK(make_pool(untyped, ABI_SLOT_CNODE, pool, 64));
    CHECK_OK(assign(pool, new));
    CHECK_EQ(slot(new)->cap.asid, slot(old)->cap.asid);
    CHECK_FAIL_INDEX(map_pdpt(pdpt, old), ABI_INVALID_CAPABILITY, 1);
    CHECK_FAIL_INDEX(map_page(page, old, A0), ABI_INVALID_CAPABILITY, 1);
    CHECK_EQ(vspace_of_thread(&kernel, caller), 0);
    slot_clear(&kernel, &caller->slots[TCB_VSPACE]);
    delete (old);
    CHECK_EQ(seen.forgets, 1); /* the new one is untouched */
    CHECK_EQ(asid_lookup(&kernel, slot(new)->cap.asid), slot(new)->cap.paddr);
}

CHECK_MAIN(CHECK_TEST(test_make_pool_refusals_in_order), CHECK_TEST(test_pools_run_out),
           CHECK_TEST(test_assign_refusals), CHECK_TEST(test_a_pool_fills_up),
           CHECK_TEST(test_vspace_deletion), CHECK_TEST(test_stale_asid))
