/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CNode invocations: what they do, and each refusal, in the order of the checks.
 * Manual: "CNode Methods", API reference seL4_CNode_*.
 */
#include "kernel/state.h"
#include "tests/kernel/rig.h"

static struct answer cnode(struct rig *rig, enum operation operation, const uint64_t *words, size_t count)
{
    return rig_invoke(rig, ABI_SLOT_CNODE, operation, words, count, CAPS(ABI_SLOT_CNODE, ABI_SLOT_CNODE));
}

static void test_copy_and_mint(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t copy = rig_free_slot(&rig), badged = rig_free_slot(&rig);
    CHECK_OK(rig_copy(&rig, copy, endpoint, RIGHT_READ | RIGHT_GRANT));
    CHECK(!rig_cap(&rig, copy).can_send && rig_cap(&rig, copy).can_receive && rig_cap(&rig, copy).can_grant);
    CHECK_OK(rig_mint(&rig, badged, endpoint, RIGHT_WRITE, 0x123456789abcdef0));
    CHECK_EQ(rig_cap(&rig, badged).badge, 0x123456789abcdef0);
    CHECK(rig_cap(&rig, badged).can_send && !rig_cap(&rig, badged).can_receive);
    CHECK_EQ(rig_mint(&rig, rig.next_slot, badged, RIGHTS_ALL, 3),
             ABI_ILLEGAL_OPERATION); /* badged already */
    CHECK_EQ(rig_copy(&rig, copy, endpoint, RIGHTS_ALL), ABI_DELETE_FIRST);
    rig_close(&rig);
}

/* The destination comes before the source, the length before both but for the target slot. */
static void test_order_of_checks(void)
{
    struct rig rig = rig_open();
    uint64_t empty = rig.next_slot;
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_COPY, WORDS(empty)), ABI_TRUNCATED_MESSAGE);
    CHECK_EQ(cnode(&rig, OPERATION_CNODE_COPY, WORDS(0x100, 64)).label, ABI_FAILED_LOOKUP);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_COPY, WORDS(empty, 64, 1)), ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(
        rig_invoke(&rig, ABI_SLOT_CNODE, OPERATION_CNODE_COPY, WORDS(empty, 64, 1, 64, 15), NO_CAPS),
        ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_COPY, WORDS(ABI_SLOT_TCB, 64, 0x100, 64)),
                       ABI_DELETE_FIRST);
    CHECK_EQ(cnode(&rig, OPERATION_CNODE_COPY, WORDS(empty, 64, 0x100, 64)).label, ABI_FAILED_LOOKUP);
    CHECK_EQ(cnode(&rig, OPERATION_CNODE_COPY, WORDS(empty, 64, empty, 64)).label, ABI_FAILED_LOOKUP);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_COPY, WORDS(empty, 64, 1, 64)), ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_MINT, WORDS(empty, 64, 1, 64, 15)), ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_MUTATE, WORDS(empty, 64, 1, 64)), ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_ROTATE, WORDS(empty, 64, 0, 1, 64, 0, 2)),
                       ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_TCB_SUSPEND, WORDS(empty, 64)), ABI_ILLEGAL_OPERATION);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_TCB_SUSPEND, NO_WORDS), ABI_ILLEGAL_OPERATION);
    CHECK(slot_is_empty(rig_slot(&rig, empty)));
    rig_close(&rig);
}

static void test_what_cannot_be_copied(void)
{
    struct rig rig = rig_open();
    uint64_t to = rig.next_slot;
    CHECK_EQ(rig_copy(&rig, to, ABI_SLOT_IRQ_CONTROL, RIGHTS_ALL), ABI_ILLEGAL_OPERATION);
    CHECK_EQ(rig_copy(&rig, to, ABI_SLOT_IO_PORT_CONTROL, RIGHTS_ALL), ABI_ILLEGAL_OPERATION);
    CHECK_EQ(rig_copy(&rig, to, rig.untyped, RIGHTS_ALL), ABI_NO_ERROR); /* no children yet */
    CHECK_OK(rig_delete(&rig, to));
    uint64_t table = rig_new(&rig, OBJECT_PAGE_TABLE, 0); /* uses rig.untyped */
    to = rig.next_slot;
    CHECK_EQ(rig_copy(&rig, to, rig.untyped, RIGHTS_ALL), ABI_REVOKE_FIRST);
    CHECK_EQ(rig_copy(&rig, to, table, RIGHTS_ALL), ABI_ILLEGAL_OPERATION); /* not mapped */
    CHECK_OK(rig_copy(&rig, to, rig.paging_first, RIGHTS_ALL));
    CHECK_OK(rig_delete(&rig, to));
    CHECK_OK(rig_copy(&rig, to, ABI_SLOT_ASID_CONTROL, RIGHTS_ALL));
    CHECK_OK(rig_delete(&rig, to));
    CHECK_OK(rig_copy(&rig, to, ABI_SLOT_DOMAIN, RIGHTS_ALL));
    rig_close(&rig);
}

/* A copy of an untyped takes the memory over: the source is full until the copy is gone. */
static void test_copied_untyped(void)
{
    struct rig rig = rig_open();
    uint64_t source = rig_new_small_untyped(&rig, 12), copy = rig_free_slot(&rig), slot = rig_free_slot(&rig);
    CHECK_OK(rig_copy(&rig, copy, source, RIGHTS_ALL));
    CHECK_EQ(rig_cap(&rig, source).free_offset, 4096);
    CHECK_EQ(rig_cap(&rig, copy).free_offset, 0);
    CHECK_EQ(rig_retype(&rig, source, OBJECT_ENDPOINT, 0, slot, 1), ABI_NOT_ENOUGH_MEMORY);
    CHECK_OK(rig_retype(&rig, copy, OBJECT_ENDPOINT, 0, slot, 1));
    CHECK_OK(rig_revoke(&rig, source));
    CHECK(slot_is_empty(rig_slot(&rig, copy)) && slot_is_empty(rig_slot(&rig, slot)));
    CHECK_OK(rig_retype(&rig, source, OBJECT_ENDPOINT, 0, slot, 1));
    rig_close(&rig);
}

static void test_move_and_mutate(void)
{
    struct rig rig = rig_open();
    uint64_t node = rig_new(&rig, OBJECT_CNODE, 3), to = rig_free_slot(&rig);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_MUTATE, WORDS(to, 64, node, 64, 7 << 6 | 3)),
                       ABI_NO_ERROR);
    CHECK(slot_is_empty(rig_slot(&rig, node)));
    CHECK_EQ(rig_cap(&rig, to).guard, 7);
    CHECK_EQ(rig_cap(&rig, to).guard_bits, 3);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_MUTATE, WORDS(node, 64, to, 64, 62)),
                       ABI_ILLEGAL_OPERATION);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_MOVE, WORDS(node, 64, to, 64)), ABI_NO_ERROR);
    CHECK_EQ(rig_cap(&rig, node).guard, 7);
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_MUTATE, WORDS(to, 64, endpoint, 64, 0)),
                       ABI_ILLEGAL_OPERATION);
    CHECK_EQ(rig_move(&rig, to, ABI_SLOT_IRQ_CONTROL), ABI_NO_ERROR); /* what cannot be copied can be moved */
    rig_close(&rig);
}

static void test_rotate(void)
{
    struct rig rig = rig_open();
    uint64_t from = rig_new(&rig, OBJECT_CNODE, 3), pivot = rig_new(&rig, OBJECT_CNODE, 4);
    uint64_t to = rig_free_slot(&rig), empty = rig_free_slot(&rig);
    /* dest, pivot badge, pivot, source badge, source */
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_ROTATE, WORDS(to, 64, 1, pivot, 64, 2, from, 64)),
                       ABI_NO_ERROR);
    CHECK_EQ(rig_cap(&rig, to).radix, 4);
    CHECK_EQ(rig_cap(&rig, to).guard_bits, 1);
    CHECK_EQ(rig_cap(&rig, pivot).radix, 3);
    CHECK_EQ(rig_cap(&rig, pivot).guard_bits, 2);
    CHECK(slot_is_empty(rig_slot(&rig, from)));

    from = pivot;
    pivot = to;
    to = empty;
    CHECK_EQ(cnode(&rig, OPERATION_CNODE_ROTATE, WORDS(to, 64, 0, pivot, 64, 0, pivot, 64)).label,
             ABI_ILLEGAL_OPERATION);
    CHECK_EQ(cnode(&rig, OPERATION_CNODE_ROTATE, WORDS(pivot, 64, 0, pivot, 64, 0, from, 64)).label,
             ABI_ILLEGAL_OPERATION);
    CHECK_EQ(cnode(&rig, OPERATION_CNODE_ROTATE, WORDS(ABI_SLOT_TCB, 64, 0, pivot, 64, 0, from, 64)).label,
             ABI_DELETE_FIRST);
    CHECK_ANSWER(cnode(&rig, OPERATION_CNODE_ROTATE, WORDS(to, 64, 0, pivot, 64, 0, rig.next_slot, 64)),
                 ABI_FAILED_LOOKUP, 1, ABI_LOOKUP_MISSING_CAPABILITY, 64);
    CHECK_ANSWER(cnode(&rig, OPERATION_CNODE_ROTATE, WORDS(to, 64, 0, rig.next_slot, 64, 0, from, 64)),
                 ABI_FAILED_LOOKUP, 0, ABI_LOOKUP_MISSING_CAPABILITY, 64);
    rig_close(&rig);
}

static void test_delete(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    CHECK_OK(rig_delete(&rig, endpoint));
    CHECK(slot_is_empty(rig_slot(&rig, endpoint)));
    CHECK_OK(rig_delete(&rig, endpoint)); /* an empty slot is fine */
    CHECK_OK(rig_revoke(&rig, endpoint));
    rig_close(&rig);
}

static void test_save_caller(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0), to = rig_free_slot(&rig);
    uint64_t caller = rig_thread(&rig, 255, 0);
    CHECK_OK(cnode(&rig, OPERATION_CNODE_SAVE_CALLER, WORDS(to, 64)).label); /* no caller: nothing happens */
    CHECK(slot_is_empty(rig_slot(&rig, to)));
    rig_yield_to(&rig, caller);
    rig_call_raw(&rig, endpoint, 0, NO_WORDS);
    rig_recv(&rig, endpoint);
    CHECK_ANSWER_EMPTY(cnode(&rig, OPERATION_CNODE_SAVE_CALLER, WORDS(ABI_SLOT_TCB, 64)), ABI_DELETE_FIRST);
    CHECK_OK(cnode(&rig, OPERATION_CNODE_SAVE_CALLER, WORDS(to, 64)).label);
    CHECK_EQ(rig_cap(&rig, to).type, CAP_REPLY);
    CHECK(slot_is_empty(&rig_tcb(&rig, ABI_SLOT_TCB)->slots[TCB_CALLER]));
    CHECK_EQ(rig_copy(&rig, rig.next_slot, to, RIGHTS_ALL), ABI_ILLEGAL_OPERATION);
    rig_send(&rig, to, 42, WORDS(7)); /* answers, and is used up */
    CHECK(slot_is_empty(rig_slot(&rig, to)));
    rig_yield_to(&rig, caller);
    CHECK_ANSWER(rig_answer(&rig), 42, 7);
    rig_close(&rig);
}

static void test_cancel_badged_sends(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t one = rig_free_slot(&rig), two = rig_free_slot(&rig), weak = rig_free_slot(&rig);
    uint64_t three = rig_free_slot(&rig), d = rig_thread(&rig, 255, 0);
    uint64_t a = rig_thread(&rig, 255, 0), b = rig_thread(&rig, 255, 0), c = rig_thread(&rig, 255, 0);
    CHECK_OK(rig_mint(&rig, one, endpoint, RIGHTS_ALL, 2));
    CHECK_OK(rig_mint(&rig, two, endpoint, RIGHTS_ALL, 1));
    CHECK_OK(rig_mint(&rig, three, endpoint, RIGHTS_ALL, 3));
    CHECK_OK(rig_mint(&rig, weak, endpoint, RIGHTS_ALL & ~RIGHT_GRANT_REPLY, 2));
    rig_yield_to(&rig, a);
    rig_send(&rig, one, 1, NO_WORDS);
    rig_yield_to(&rig, b);
    rig_send(&rig, two, 2, NO_WORDS);
    rig_yield_to(&rig, c);
    rig_send(&rig, one, 3, NO_WORDS);
    rig_yield_to(&rig, d);
    rig_send(&rig, three, 4, NO_WORDS);
    rig_yield_to_root(&rig);

    CHECK_EQ(cnode(&rig, OPERATION_CNODE_CANCEL_BADGED_SENDS, WORDS(weak, 64)).label, ABI_ILLEGAL_OPERATION);
    CHECK_EQ(cnode(&rig, OPERATION_CNODE_CANCEL_BADGED_SENDS, WORDS(ABI_SLOT_TCB, 64)).label,
             ABI_ILLEGAL_OPERATION);
    CHECK_OK(
        cnode(&rig, OPERATION_CNODE_CANCEL_BADGED_SENDS, WORDS(endpoint, 64)).label); /* no badge: nothing */
    CHECK_EQ(rig_state(&rig, a), THREAD_BLOCKED_ON_SEND);
    rig_invoke(&rig, ABI_SLOT_CNODE, OPERATION_CNODE_CANCEL_BADGED_SENDS, WORDS(one, 64), NO_CAPS);
    CHECK(rig_state(&rig, a) == THREAD_RESTART || rig_runs(&rig, a));
    CHECK(rig_state(&rig, c) == THREAD_RESTART || rig_runs(&rig, c));
    CHECK_EQ(rig_state(&rig, b), THREAD_BLOCKED_ON_SEND);
    CHECK_EQ(rig_state(&rig, d), THREAD_BLOCKED_ON_SEND);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_copy_and_mint), CHECK_TEST(test_order_of_checks),
           CHECK_TEST(test_what_cannot_be_copied), CHECK_TEST(test_copied_untyped),
           CHECK_TEST(test_move_and_mutate), CHECK_TEST(test_rotate), CHECK_TEST(test_delete),
           CHECK_TEST(test_save_caller), CHECK_TEST(test_cancel_badged_sends))
