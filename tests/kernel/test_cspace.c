/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolving capability addresses: guards, depths, nested CNodes, and every
 * lookup failure with its words. Manual: "Capability Address Space", "Lookup Failure Description".
 */
#include "tests/kernel/rig.h"

enum {
    SOURCE = 1,
    DESTINATION = 0
};

/* Copy from (root, index, depth) into a free slot: failures are those of the source. */
static struct answer copy_from(struct rig *rig, uint64_t root, uint64_t index, uint64_t depth)
{
    return rig_invoke(rig, ABI_SLOT_CNODE, OPERATION_CNODE_COPY,
                      WORDS(rig->next_slot, 64, index, depth, RIGHTS_ALL), CAPS(root));
}

static void test_initial_cnode(void)
{
    struct rig rig = rig_open();
    CHECK_EQ(rig_cap(&rig, ABI_SLOT_CNODE).type, CAP_CNODE);
    CHECK_OK(copy_from(&rig, ABI_SLOT_CNODE, ABI_SLOT_TCB, 64).label);
    CHECK_EQ(rig_cap(&rig, rig.next_slot).type, CAP_THREAD);
    CHECK_EQ(rig_cap(&rig, rig.next_slot).paddr, rig.root);
    rig_close(&rig);
}

static void test_invalid_root(void)
{
    struct rig rig = rig_open();
    CHECK_ANSWER(copy_from(&rig, ABI_SLOT_TCB, 1, 64), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_INVALID_ROOT);
    CHECK_ANSWER(copy_from(&rig, 200, 1, 64), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_INVALID_ROOT);
    /* The root's type is looked at before the depth. */
    CHECK_ANSWER(copy_from(&rig, ABI_SLOT_TCB, 1, 0), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_INVALID_ROOT);
    rig_close(&rig);
}

static void test_depth_range(void)
{
    struct rig rig = rig_open();
    CHECK_ANSWER(copy_from(&rig, ABI_SLOT_CNODE, 1, 0), ABI_RANGE_ERROR, 1, 64);
    CHECK_ANSWER(copy_from(&rig, ABI_SLOT_CNODE, 1, 65), ABI_RANGE_ERROR, 1, 64);
    CHECK_ANSWER(copy_from(&rig, ABI_SLOT_CNODE, 1, UINT64_MAX), ABI_RANGE_ERROR, 1, 64);
    rig_close(&rig);
}

static void test_guard_mismatch(void)
{
    struct rig rig = rig_open();
    /* The initial CNode has 8 bits and a guard of 56 zeros. */
    CHECK_ANSWER(copy_from(&rig, ABI_SLOT_CNODE, 0x100 | ABI_SLOT_TCB, 64), ABI_FAILED_LOOKUP, SOURCE,
                 ABI_LOOKUP_GUARD_MISMATCH, 64, 0, 56);
    /* Fewer bits than the guard has. */
    CHECK_ANSWER(copy_from(&rig, ABI_SLOT_CNODE, 1, 20), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_GUARD_MISMATCH,
                 20, 0, 56);
    rig_close(&rig);
}

static void test_depth_mismatch(void)
{
    struct rig rig = rig_open();
    /* Enough for the guard, not for the index. */
    CHECK_ANSWER(copy_from(&rig, ABI_SLOT_CNODE, 1, 60), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_DEPTH_MISMATCH,
                 60, 64);
    uint64_t node = rig_new(&rig, OBJECT_CNODE, 4); /* no guard: 4 bits of 64 are used up at a leaf */
    CHECK_ANSWER(copy_from(&rig, node, 0, 64), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_DEPTH_MISMATCH, 60, 0);
    CHECK_ANSWER(copy_from(&rig, node, 0, 3), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_DEPTH_MISMATCH, 3, 4);
    rig_close(&rig);
}

static void test_missing_capability(void)
{
    struct rig rig = rig_open();
    CHECK_ANSWER(copy_from(&rig, ABI_SLOT_CNODE, 200, 64), ABI_FAILED_LOOKUP, SOURCE,
                 ABI_LOOKUP_MISSING_CAPABILITY, 64);
    uint64_t node = rig_new(&rig, OBJECT_CNODE, 4);
    CHECK_ANSWER(copy_from(&rig, node, 5, 4), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_MISSING_CAPABILITY, 4);
    rig_close(&rig);
}

static void test_destination_side(void)
{
    struct rig rig = rig_open();
    struct answer answer = rig_invoke(&rig, ABI_SLOT_CNODE, OPERATION_CNODE_COPY,
                                      WORDS(0x100, 64, ABI_SLOT_TCB, 64, RIGHTS_ALL), CAPS(ABI_SLOT_CNODE));
    CHECK_ANSWER(answer, ABI_FAILED_LOOKUP, DESTINATION, ABI_LOOKUP_GUARD_MISMATCH, 64, 0, 56);
    rig_close(&rig);
}

static void test_nested_cnodes(void)
{
    struct rig rig = rig_open();
    uint64_t plain = rig_new(&rig, OBJECT_CNODE, 4);
    uint64_t guarded = rig_free_slot(&rig);
    /* A guard of 4 bits, 0xa; then 4 bits of index. */
    CHECK_OK(rig_mint(&rig, guarded, plain, RIGHTS_ALL, 0xa << 6 | 4));
    CHECK_OK(rig_invoke(&rig, plain, OPERATION_CNODE_COPY, WORDS(3, 4, ABI_SLOT_TCB, 64, RIGHTS_ALL),
                        CAPS(ABI_SLOT_CNODE))
                 .label);
    CHECK_OK(copy_from(&rig, guarded, 0xa3, 8).label);
    CHECK_EQ(rig_cap(&rig, rig.next_slot).type, CAP_THREAD);
    CHECK_OK(rig_delete(&rig, rig.next_slot));
    CHECK_ANSWER(copy_from(&rig, guarded, 0xb3, 8), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_GUARD_MISMATCH, 8,
                 0xa, 4);

    /* Two levels in one address: the outer without a guard, the guarded one in its slot 6. */
    uint64_t outer = rig_new(&rig, OBJECT_CNODE, 4);
    CHECK_OK(rig_invoke(&rig, outer, OPERATION_CNODE_COPY, WORDS(6, 4, guarded, 64, RIGHTS_ALL),
                        CAPS(ABI_SLOT_CNODE))
                 .label);
    CHECK_OK(copy_from(&rig, outer, 0x6a3, 12).label);
    CHECK_EQ(rig_cap(&rig, rig.next_slot).type, CAP_THREAD);
    CHECK_OK(rig_delete(&rig, rig.next_slot));
    /* Stopping at the inner CNode's capability itself. */
    CHECK_OK(copy_from(&rig, outer, 0x6, 4).label);
    CHECK_EQ(rig_cap(&rig, rig.next_slot).type, CAP_CNODE);
    CHECK_OK(rig_delete(&rig, rig.next_slot));
    /* Failures tell the bits that were left where they happened. */
    CHECK_ANSWER(copy_from(&rig, outer, 0x6b3, 12), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_GUARD_MISMATCH, 8,
                 0xa, 4);
    CHECK_ANSWER(copy_from(&rig, outer, 0x6a, 8), ABI_FAILED_LOOKUP, SOURCE, ABI_LOOKUP_DEPTH_MISMATCH, 4 + 0,
                 8);
    rig_close(&rig);
}

static void test_invoking_by_address(void)
{
    struct rig rig = rig_open();
    /* An address that does not resolve is a cap fault, which nobody takes here; an empty slot is an error. */
    CHECK_ANSWER(rig_invoke(&rig, 200, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS), ABI_INVALID_CAPABILITY, 0);
    rig_call_raw(&rig, 0x12345678, 0, NO_WORDS);
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE);
    struct fault_report report = kernel_unhandled_fault(rig.k);
    CHECK(report.is_present && report.tcb == rig.root);
    CHECK_EQ(report.address, 0x12345678);
    CHECK_STR_EQ(report.fault_name, "cap fault");
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_initial_cnode), CHECK_TEST(test_invalid_root), CHECK_TEST(test_depth_range),
           CHECK_TEST(test_guard_mismatch), CHECK_TEST(test_depth_mismatch),
           CHECK_TEST(test_missing_capability), CHECK_TEST(test_destination_side),
           CHECK_TEST(test_nested_cnodes), CHECK_TEST(test_invoking_by_address))
