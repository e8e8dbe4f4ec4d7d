/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling contexts and who has them: bind, unbind, deletion, and the time they
 * count. The answers are those of a real kernel.
 */
#include "tests/kernel/mcs/mcs_rig.h"

static uint64_t unbind_object(struct rig *rig, uint64_t context, uint64_t object)
{
    return rig_invoke(rig, context, OPERATION_SCHED_CONTEXT_UNBIND_OBJECT, NO_WORDS, CAPS(object)).label;
}

static void test_bind(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t a = rig_new(&rig, OBJECT_SCHED_CONTEXT, 8), b = rig_new(&rig, OBJECT_SCHED_CONTEXT, 7);
    uint64_t tcb = rig_new(&rig, OBJECT_TCB, 0), notification = rig_new(&rig, OBJECT_NOTIFICATION, 0);
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    CHECK_ANSWER_EMPTY(rig_invoke(&rig, a, OPERATION_SCHED_CONTEXT_BIND, NO_WORDS, NO_CAPS),
                       ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER(rig_invoke(&rig, a, OPERATION_SCHED_CONTEXT_BIND, NO_WORDS, CAPS(endpoint)),
                 ABI_INVALID_CAPABILITY, 1);
    CHECK_EQ(unbind_object(&rig, a, endpoint), ABI_INVALID_CAPABILITY);
    CHECK_EQ(unbind_object(&rig, a, tcb), ABI_ILLEGAL_OPERATION);
    CHECK_EQ(unbind_object(&rig, a, notification), ABI_ILLEGAL_OPERATION);
    CHECK_OK(mcs_bind(&rig, a, tcb));
    CHECK_EQ(mcs_bind(&rig, a, tcb), ABI_ILLEGAL_OPERATION);
    CHECK_EQ(mcs_bind(&rig, b, tcb), ABI_ILLEGAL_OPERATION);
    CHECK_OK(mcs_bind(&rig, a, notification)); /* both at once */
    CHECK_EQ(mcs_bind(&rig, a, notification), ABI_ILLEGAL_OPERATION);
    CHECK_EQ(mcs_bind(&rig, b, notification), ABI_ILLEGAL_OPERATION);
    CHECK_OK(unbind_object(&rig, a, notification));
    CHECK_OK(unbind_object(&rig, a, tcb));
    CHECK_OK(mcs_unbind(&rig, a)); /* of nothing */
    CHECK_EQ(mcs_unbind(&rig, ROOT_CONTEXT), ABI_ILLEGAL_OPERATION);
    CHECK_EQ(unbind_object(&rig, ROOT_CONTEXT, ABI_SLOT_TCB), ABI_ILLEGAL_OPERATION);
    CHECK_EQ(mcs_bind(&rig, ROOT_CONTEXT, tcb), ABI_ILLEGAL_OPERATION);
    rig_close(&rig);
}

/* To a thread that waits only time that is there may be bound. */
static void test_bind_blocked(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0), reply = rig_new(&rig, OBJECT_REPLY, 0);
    uint64_t empty = rig_new(&rig, OBJECT_SCHED_CONTEXT, 8);
    uint64_t server = mcs_passive_server(&rig, endpoint, reply);
    CHECK_EQ(mcs_bind(&rig, empty, server), ABI_ILLEGAL_OPERATION);
    CHECK_OK(rig_configure(&rig, empty, 100, 1000, 0, 0, 0));
    CHECK_OK(mcs_bind(&rig, empty, server));
    rig_close(&rig);
}

static void test_set_sched_params(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_new(&rig, OBJECT_TCB, 0), a = rig_new(&rig, OBJECT_SCHED_CONTEXT, 8);
    uint64_t b = rig_new(&rig, OBJECT_SCHED_CONTEXT, 8), endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t read_only = rig_free_slot(&rig);
    CHECK_OK(rig_copy(&rig, read_only, endpoint, RIGHT_READ));
    const struct {
        uint64_t tcb, context, handler, label, word;
    } rows[] = {
        {tcb, endpoint, 0, ABI_INVALID_CAPABILITY, 2},
        {tcb, endpoint, tcb, ABI_INVALID_CAPABILITY, 2},
        {tcb, a, tcb, ABI_INVALID_CAPABILITY, 3},
        {tcb, a, read_only, ABI_INVALID_CAPABILITY, 3},
        {tcb, ROOT_CONTEXT, 0, ABI_ILLEGAL_OPERATION, 0},
        {tcb, a, endpoint, ABI_NO_ERROR, 0},
        {tcb, a, endpoint, ABI_NO_ERROR, 0}, /* that it has already */
        {tcb, b, 0, ABI_ILLEGAL_OPERATION, 0},
        {tcb, 0, 0, ABI_NO_ERROR, 0},
        {ABI_SLOT_TCB, 0, 0, ABI_ILLEGAL_OPERATION, 0},
        {ABI_SLOT_TCB, ROOT_CONTEXT, 0, ABI_NO_ERROR, 0},
        {ABI_SLOT_TCB, a, 0, ABI_ILLEGAL_OPERATION, 0},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer answer = rig_invoke(&rig, rows[i].tcb, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(255, 255),
                                          CAPS(ABI_SLOT_TCB, rows[i].context, rows[i].handler));
        CHECK_EQ(answer.label, rows[i].label);
        if (rows[i].word)
            CHECK_EQ(answer.word[0], rows[i].word);
    }
    CHECK(slot_is_empty(&rig_tcb(&rig, tcb)->slots[TCB_FAULT_HANDLER]));
    rig_close(&rig);
}

/* Nobody runs without time. */
static void test_no_time(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 255, 0);
    CHECK_OK(rig_delete(&rig, rig_context_of(tcb)));
    CHECK(!rig_tcb(&rig, tcb)->is_queued);
    CHECK_OK(rig_invoke(&rig, tcb, OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS).label);
    rig_yield(&rig);
    CHECK(rig_root_runs(&rig));
    (void)rig_delete(&rig, ROOT_CONTEXT); /* nobody is there to hear the answer */
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE);
    CHECK_EQ(rig.sim->next.timer_ns, UINT64_MAX);
    rig_close(&rig);
}

static void test_turns(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 255, 0);
    CHECK_EQ(rig.sim->next.timer_ns, rig.sim->now_ns + 5000 * NS_PER_US);
    rig_pass(&rig, 4999);
    CHECK(rig_root_runs(&rig));
    rig_pass(&rig, 1);
    CHECK(rig_runs(&rig, tcb));
    rig_pass(&rig, RIG_TURN_US);
    CHECK(rig_root_runs(&rig));
    rig_yield(&rig);
    rig_yield(&rig);
    CHECK(rig_root_runs(&rig));
    rig_close(&rig);
}

static void test_consumed(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 255, 0), context = rig_context_of(tcb);
    rig_yield_to(&rig, tcb);
    rig_pass(&rig, 700);
    rig_yield(&rig); /* the rest is given up, but was not consumed */
    CHECK(rig_root_runs(&rig));
    CHECK_ANSWER(rig_invoke(&rig, context, OPERATION_SCHED_CONTEXT_CONSUMED, NO_WORDS, NO_CAPS), ABI_NO_ERROR,
                 700);
    CHECK_ANSWER(rig_invoke(&rig, context, OPERATION_SCHED_CONTEXT_CONSUMED, NO_WORDS, NO_CAPS), ABI_NO_ERROR,
                 0);
    rig_close(&rig);
}

/* With a period, what is used up is gone until the period is over. */
static void test_period(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t tcb = rig_thread(&rig, 255, 0);
    CHECK_OK(rig_configure(&rig, rig_context_of(tcb), 1000, 20000, 0, 0, 0));
    rig_yield_to(&rig, tcb);
    uint64_t start_ns = rig.sim->now_ns;
    rig_pass(&rig, 1000);
    CHECK(rig_root_runs(&rig));
    CHECK(rig_tcb(&rig, tcb)->is_postponed);
    CHECK_EQ(refill_first(rig_context(&rig, rig_context_of(tcb)))->time_ns, start_ns + 20000 * NS_PER_US);
    rig_pass(&rig, 18000);
    CHECK(rig_tcb(&rig, tcb)->is_postponed);
    rig_pass(&rig, 1000);
    CHECK(!rig_tcb(&rig, tcb)->is_postponed);
    rig_close(&rig);
}

/* A system call that comes too late starts over when there is time again. */
static void test_restart(void)
{
    struct rig rig = rig_open_mcs();
    uint64_t notification = rig_new(&rig, OBJECT_NOTIFICATION, 0);
    CHECK_OK(rig_configure(&rig, ROOT_CONTEXT, 100, 1000, 0, 0, 0));
    rig.sim->now_ns += 90 * NS_PER_US; /* less is left than the minimum */
    rig_send(&rig, notification, 0, NO_WORDS);
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE);
    const struct notification *object = arena_at(rig.k, rig_cap(&rig, notification).paddr);
    CHECK_EQ(object->state, NOTIFICATION_IDLE);
    rig_pass(&rig, 900); /* the rest was too small, and is part of the next refill */
    CHECK(rig_root_runs(&rig) && sim_is_restarted(rig.sim));
    sim_restart(rig.sim);
    CHECK_EQ(object->state, NOTIFICATION_ACTIVE);
    rig_close(&rig);
}

/* A tick that comes a little early is as good as one in time. */
static void test_early_tick(void)
{
    struct rig rig = rig_open_mcs();
    CHECK_OK(rig_configure(&rig, ROOT_CONTEXT, 1000, 5000, 0, 0, 0));
    uint64_t start_ns = rig.sim->now_ns;
    rig.sim->now_ns = rig.sim->next.timer_ns - KERNEL_TICK_EARLY_NS;
    sim_tick(rig.sim);
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE);
    struct sched_context *sc = rig_context(&rig, ROOT_CONTEXT);
    CHECK_EQ(sc->refill_count, 1); /* what was left is not a refill of its own */
    CHECK_EQ(refill_first(sc)->time_ns, start_ns + 5000 * NS_PER_US - KERNEL_TICK_EARLY_NS);
    rig.sim->now_ns = rig.sim->next.timer_ns - KERNEL_TICK_EARLY_NS;
    sim_tick(rig.sim);
    CHECK(rig_root_runs(&rig));
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_bind), CHECK_TEST(test_bind_blocked), CHECK_TEST(test_set_sched_params),
           CHECK_TEST(test_no_time), CHECK_TEST(test_turns), CHECK_TEST(test_consumed),
           CHECK_TEST(test_period), CHECK_TEST(test_restart), CHECK_TEST(test_early_tick))
