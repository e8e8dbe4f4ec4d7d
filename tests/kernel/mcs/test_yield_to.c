/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seL4_SchedContext_YieldTo: who runs, and when the caller hears what was consumed.
 */
#include "tests/kernel/mcs/mcs_rig.h"

static struct answer yield_to(struct rig *rig, uint64_t context)
{
    return rig_invoke(rig, context, OPERATION_SCHED_CONTEXT_YIELD_TO, NO_WORDS, NO_CAPS);
}

static void test_equal(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t other = rig_thread(&rig, 255, 0), tcb = rig_thread(&rig, 255, 0);
    (void)yield_to(&rig, rig_context_of(tcb));
    CHECK(rig_runs(&rig, tcb)); /* before the other, which came first */
    CHECK_EQ(rig_tcb(&rig, ABI_SLOT_TCB)->yield_to, rig_cap(&rig, rig_context_of(tcb)).paddr);
    rig_pass(&rig, 300);
    rig_yield(&rig);
    CHECK(rig_root_runs(&rig)); /* it did not lose its place */
    CHECK_ANSWER(rig_answer(&rig), ABI_NO_ERROR, 300);
    CHECK_EQ(rig_tcb(&rig, ABI_SLOT_TCB)->yield_to, 0);
    (void)other;
    rig_close(&rig);
}

/* Somebody of less priority is only put first among equals. */
static void test_lower(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t first = rig_thread(&rig, 100, 0), second = rig_thread(&rig, 100, 0);
    CHECK_ANSWER(yield_to(&rig, rig_context_of(first)), ABI_NO_ERROR, 0);
    CHECK(rig_root_runs(&rig));
    CHECK_EQ(rig.k->state->ready[0].queue[100].head, rig_cap(&rig, first).paddr);
    CHECK_ANSWER(yield_to(&rig, rig_context_of(second)), ABI_NO_ERROR, 0);
    CHECK_EQ(rig.k->state->ready[0].queue[100].head, rig_cap(&rig, second).paddr);
    CHECK_OK(mcs_suspend(&rig, second));
    CHECK_ANSWER(yield_to(&rig, rig_context_of(second)), ABI_NO_ERROR, 0); /* cannot run */
    rig_close(&rig);
}

static void test_errors(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 255, 0), unused = rig_new(&rig, OBJECT_SCHED_CONTEXT, 8);
    CHECK_ANSWER_EMPTY(yield_to(&rig, ROOT_CONTEXT), ABI_ILLEGAL_OPERATION);
    CHECK_ANSWER_EMPTY(yield_to(&rig, unused), ABI_ILLEGAL_OPERATION);
    CHECK_OK(
        rig_invoke(&rig, ABI_SLOT_TCB, OPERATION_TCB_SET_MC_PRIORITY, WORDS(254), CAPS(ABI_SLOT_TCB)).label);
    CHECK_ANSWER_EMPTY(yield_to(&rig, rig_context_of(tcb)), ABI_ILLEGAL_OPERATION);
    rig_close(&rig);
}

/* Whoever yielded and is stopped has yielded to nobody. */
static void test_cancelled(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 255, 0);
    struct sched_context *sc = rig_context(&rig, rig_context_of(tcb));
    rig_give_buffer(&rig, tcb);
    (void)yield_to(&rig, rig_context_of(tcb));
    CHECK_OK(mcs_suspend(&rig, ABI_SLOT_TCB));
    CHECK_EQ(sc->yield_from, 0);
    CHECK_EQ(rig_tcb(&rig, ABI_SLOT_TCB)->yield_to, 0);
    rig_close(&rig);
}

/* The scheduling context goes away meanwhile: the caller hears of it all the same. */
static void test_deleted(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 255, 0);
    (void)yield_to(&rig, rig_context_of(tcb));
    rig_pass(&rig, 200);
    (void)rig_delete(&rig, rig_context_of(tcb));
    CHECK(rig_root_runs(&rig));
    CHECK_EQ(rig_answer(&rig).label, ABI_NO_ERROR);
    CHECK_EQ(rig_answer(&rig).length, 1);
    rig_close(&rig);
}

/* A second thread yields to the same one: the first is answered. */
static void test_twice(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 255, 0), second = rig_thread(&rig, 255, 0);
    uint64_t root = rig_cap(&rig, ABI_SLOT_TCB).paddr;
    struct sched_context *sc = rig_context(&rig, rig_context_of(tcb));
    rig_give_buffer(&rig, tcb);
    (void)yield_to(&rig, rig_context_of(tcb));
    CHECK_EQ(sc->yield_from, root);
    CHECK_OK(mcs_set_priority(&rig, ABI_SLOT_TCB, 254));
    rig_yield_to(&rig, second);
    (void)yield_to(&rig, rig_context_of(tcb));
    CHECK_EQ(sc->yield_from, rig_cap(&rig, second).paddr);
    CHECK_EQ(rig_tcb(&rig, ABI_SLOT_TCB)->yield_to, 0);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_equal), CHECK_TEST(test_lower), CHECK_TEST(test_errors),
           CHECK_TEST(test_cancelled), CHECK_TEST(test_deleted), CHECK_TEST(test_twice))
