/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The derivation tree: who is whose child, and what revocation therefore takes.
 * Manual: "Capability Derivation Tree".
 */
#include "kernel/state.h"
#include "tests/kernel/rig.h"

static bool is_empty(const struct rig *rig, uint64_t slot)
{
    return slot_is_empty(rig_slot(rig, slot));
}

static void test_badged_children(void)
{
    struct rig rig = rig_open();
    uint64_t original = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t five = rig_free_slot(&rig), five_copy = rig_free_slot(&rig), six = rig_free_slot(&rig);
    uint64_t other_five = rig_free_slot(&rig), plain = rig_free_slot(&rig);
    CHECK_OK(rig_mint(&rig, five, original, RIGHTS_ALL, 5));
    CHECK_OK(rig_copy(&rig, five_copy, five, RIGHTS_ALL));
    CHECK_OK(rig_mint(&rig, six, original, RIGHTS_ALL, 6));
    CHECK_OK(rig_mint(&rig, other_five, original, RIGHTS_ALL, 5));
    CHECK_OK(rig_copy(&rig, plain, original, RIGHTS_ALL));

    /* A badged original has its copies as children, not another mint of the same badge. */
    CHECK_OK(rig_revoke(&rig, five));
    CHECK(is_empty(&rig, five_copy));
    CHECK(!is_empty(&rig, five) && !is_empty(&rig, other_five) && !is_empty(&rig, six) &&
          !is_empty(&rig, plain));
    /* An unbadged copy is a leaf. */
    CHECK_OK(rig_revoke(&rig, plain));
    CHECK(!is_empty(&rig, five) && !is_empty(&rig, original));
    /* The original has all others. */
    CHECK_OK(rig_revoke(&rig, original));
    CHECK(is_empty(&rig, five) && is_empty(&rig, other_five) && is_empty(&rig, six) && is_empty(&rig, plain));
    CHECK(!is_empty(&rig, original));
    rig_close(&rig);
}

static void test_badge_of_a_copy(void)
{
    struct rig rig = rig_open();
    uint64_t original = rig_new(&rig, OBJECT_NOTIFICATION, 0);
    uint64_t copy = rig_free_slot(&rig), badged = rig_free_slot(&rig);
    CHECK_OK(rig_copy(&rig, copy, original, RIGHTS_ALL));
    CHECK_OK(rig_mint(&rig, badged, copy, RIGHTS_ALL, 9));
    CHECK_OK(rig_revoke(&rig, copy)); /* cannot revoke what was minted from it */
    CHECK(!is_empty(&rig, badged));
    CHECK_OK(rig_delete(&rig, original)); /* the others live on, now without an ancestor but the untyped */
    CHECK_EQ(rig_cap(&rig, badged).badge, 9);
    CHECK_OK(rig_revoke(&rig, badged));
    CHECK(!is_empty(&rig, copy));
    CHECK_OK(rig_revoke(&rig, rig.untyped));
    CHECK(is_empty(&rig, badged) && is_empty(&rig, copy));
    rig_close(&rig);
}

static void test_moves_keep_the_place(void)
{
    struct rig rig = rig_open();
    uint64_t original = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t child = rig_free_slot(&rig), moved = rig_free_slot(&rig), moved_child = rig_free_slot(&rig);
    CHECK_OK(rig_mint(&rig, child, original, RIGHTS_ALL, 5));
    CHECK_OK(rig_move(&rig, moved, original));
    CHECK_OK(rig_move(&rig, moved_child, child));
    CHECK(is_empty(&rig, original) && is_empty(&rig, child));
    CHECK_EQ(rig_slot(&rig, moved)->next, arena_paddr(rig.k, rig_slot(&rig, moved_child)));
    CHECK_OK(rig_revoke(&rig, moved));
    CHECK(is_empty(&rig, moved_child));
    rig_close(&rig);
}

/* Rotations of slots that are neighbours in the tree. */
static void test_swapping_neighbours(void)
{
    struct rig rig = rig_open();
    uint64_t parent = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t child = rig_free_slot(&rig);
    CHECK_OK(rig_mint(&rig, child, parent, RIGHTS_ALL, 5));
    for (unsigned i = 0; i < 2; i++) {
        /* destination = source: the two slots change places. Mutating an endpoint is refused, so only
         * CNodes can be rotated with new data; with two CNode capabilities below. */
        struct answer answer =
            rig_invoke(&rig, ABI_SLOT_CNODE, OPERATION_CNODE_ROTATE,
                       WORDS(parent, 64, 0, child, 64, 0, parent, 64), CAPS(ABI_SLOT_CNODE, ABI_SLOT_CNODE));
        CHECK_ANSWER_EMPTY(answer, ABI_ILLEGAL_OPERATION);
    }
    uint64_t a = rig_new(&rig, OBJECT_CNODE, 2);
    uint64_t b = rig_free_slot(&rig);
    CHECK_OK(rig_copy(&rig, b, a, RIGHTS_ALL));
    struct slot old_a = *rig_slot(&rig, a);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t first = i == 0 ? a : b, second = i == 0 ? b : a;
        CHECK_OK(rig_invoke(&rig, ABI_SLOT_CNODE, OPERATION_CNODE_ROTATE,
                            WORDS(first, 64, 3 << 6 | 2, second, 64, 1 << 6 | 1, first, 64),
                            CAPS(ABI_SLOT_CNODE, ABI_SLOT_CNODE))
                     .label);
        /* What was in `first` is in `second`, with the guard from word 5, and the other way round. */
        CHECK_EQ(rig_cap(&rig, second).guard_bits, 1);
        CHECK_EQ(rig_cap(&rig, second).guard, 1);
        CHECK_EQ(rig_cap(&rig, first).guard_bits, 2);
        CHECK_EQ(rig_cap(&rig, first).guard, 3);
    }
    CHECK_EQ(rig_slot(&rig, a)->prev, old_a.prev);
    rig_close(&rig);
}

static void test_first_badge_moves_on(void)
{
    struct rig rig = rig_open();
    uint64_t original = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t first = rig_free_slot(&rig), copy = rig_free_slot(&rig), other = rig_free_slot(&rig);
    CHECK_OK(rig_mint(&rig, first, original, RIGHTS_ALL, 5));
    CHECK_OK(rig_copy(&rig, copy, first, RIGHTS_ALL));
    CHECK_OK(rig_mint(&rig, other, original, RIGHTS_ALL, 5)); /* stands before `first` */
    CHECK_OK(rig_delete(&rig, first));
    CHECK(rig_slot(&rig, copy)->is_first_badged);
    CHECK_OK(rig_revoke(&rig, other)); /* must not take the copy of the other group */
    CHECK(!is_empty(&rig, copy));
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_badged_children), CHECK_TEST(test_badge_of_a_copy),
           CHECK_TEST(test_moves_keep_the_place), CHECK_TEST(test_swapping_neighbours),
           CHECK_TEST(test_first_badge_moves_on))
