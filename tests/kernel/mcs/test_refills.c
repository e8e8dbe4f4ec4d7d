/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sporadic server's arithmetic, on a scheduling context that nobody uses.
 */
#include "tests/kernel/mcs/mcs_rig.h"

#define US(n) ((uint64_t)(n)*NS_PER_US)

struct server {
    struct rig rig;
    struct sched_context *sc;
};

static struct server server_open(uint64_t budget_us, uint64_t period_us, uint32_t refills)
{
    struct server s = {.rig = rig_open_mcs()};
    s.sc = rig_context(&s.rig, rig_new(&s.rig, OBJECT_SCHED_CONTEXT, 8));
    s.rig.k->state->mcs.now_ns = US(5000);
    refill_new(s.rig.k, s.sc, US(budget_us), US(period_us), refills);
    return s;
}

static void server_close(struct server *s)
{
    s->rig.k->state->mcs.now_ns = s->rig.sim->now_ns;
    sim_close(s->rig.sim);
}

static void check_refill(const struct server *s, uint32_t i, uint64_t time_us, uint64_t amount_us)
{
    CHECK(i < s->sc->refill_count);
    CHECK_EQ(refill_at(s->sc, i)->time_ns, US(time_us));
    CHECK_EQ(refill_at(s->sc, i)->amount_ns, US(amount_us));
}

static void test_new(void)
{
    struct server s = server_open(100, 1000, 4);
    CHECK_EQ(s.sc->refill_count, 1);
    check_refill(&s, 0, 5000, 100);
    server_close(&s);
    s = server_open(100, 0, 2);
    CHECK_EQ(s.sc->refill_count, 2);
    check_refill(&s, 0, 5000, 100);
    check_refill(&s, 1, 5000, 0);
    server_close(&s);
}

/* What was used comes back a period after it was used. */
static void test_split(void)
{
    struct server s = server_open(100, 1000, 4);
    refill_use(s.sc, US(30));
    CHECK_EQ(s.sc->refill_count, 2);
    check_refill(&s, 0, 5030, 70);
    check_refill(&s, 1, 6000, 30);
    refill_use(s.sc, US(70));
    CHECK_EQ(s.sc->refill_count, 1); /* both parts follow each other without a gap */
    check_refill(&s, 0, 6000, 100);
    server_close(&s);
}

static void test_whole(void)
{
    struct server s = server_open(100, 1000, 4);
    refill_use(s.sc, US(100));
    CHECK_EQ(s.sc->refill_count, 1);
    check_refill(&s, 0, 6000, 100);
    refill_use(s.sc, US(250)); /* an overrun is paid for later */
    check_refill(&s, 0, 8050, 50);
    check_refill(&s, 1, 9000, 50);
    server_close(&s);
}

/* Without room, the last refill takes what is new, and comes later. */
static void test_full(void)
{
    struct server s = server_open(100, 1000, 2);
    refill_use(s.sc, US(20));
    refill_first(s.sc)->time_ns = US(5500); /* it paused */
    refill_use(s.sc, US(30));
    CHECK_EQ(s.sc->refill_count, 2);
    check_refill(&s, 0, 5530, 50);
    check_refill(&s, 1, 6480, 50); /* so that it ends where the newer part does */
    server_close(&s);
}

/* Less than the minimum is no use by itself. */
static void test_small_rest(void)
{
    struct server s = server_open(100, 1000, 4);
    refill_use(s.sc, US(90));
    CHECK_EQ(s.sc->refill_count, 1);
    check_refill(&s, 0, 5990, 100);
    server_close(&s);
}

static void test_unblock(void)
{
    struct server s = server_open(100, 1000, 4);
    refill_use(s.sc, US(40));
    s.rig.k->state->mcs.now_ns = US(5200);
    refill_unblock(s.rig.k, s.sc);
    check_refill(&s, 0, 5200, 60);
    check_refill(&s, 1, 6000, 40);
    s.rig.k->state->mcs.now_ns = US(5950); /* the second begins before the first could be used up */
    refill_unblock(s.rig.k, s.sc);
    CHECK_EQ(s.sc->refill_count, 1);
    check_refill(&s, 0, 5950, 100);
    s.rig.k->state->mcs.now_ns = US(5900); /* not ready: stays */
    refill_unblock(s.rig.k, s.sc);
    check_refill(&s, 0, 5950, 100);
    server_close(&s);
}

static void test_round_robin(void)
{
    struct server s = server_open(100, 0, 2);
    refill_use(s.sc, US(30));
    check_refill(&s, 0, 5000, 70);
    check_refill(&s, 1, 5000, 30);
    refill_restore(s.sc);
    check_refill(&s, 0, 5000, 100);
    check_refill(&s, 1, 5000, 0);
    server_close(&s);
}

static void test_update(void)
{
    struct server s = server_open(100, 1000, 4);
    refill_use(s.sc, US(40));
    refill_update(s.rig.k, s.sc, US(50), US(500), 3); /* less */
    CHECK_EQ(s.sc->refill_count, 1);
    CHECK_EQ(s.sc->refill_max, 3);
    check_refill(&s, 0, 5040, 50);
    refill_update(s.rig.k, s.sc, US(200), US(2000), 4); /* more, but not at once */
    CHECK_EQ(s.sc->refill_count, 2);
    check_refill(&s, 0, 5040, 50);
    check_refill(&s, 1, 7040, 150);
    refill_update(s.rig.k, s.sc, US(80), 0, 2); /* round robin: the rest counts as used */
    check_refill(&s, 0, 5040, 50);
    check_refill(&s, 1, 5040, 30);
    server_close(&s);
}

static void test_enough(void)
{
    struct server s = server_open(100, 1000, 4);
    CHECK(refill_is_sufficient(s.sc, US(80)));
    CHECK(!refill_is_sufficient(s.sc, US(80) + 1));
    CHECK(!refill_is_sufficient(s.sc, UINT64_MAX));
    CHECK_EQ(refill_room(7), 2);
    CHECK_EQ(refill_room(8), 10);
    CHECK_EQ(refill_room(12), 250);
    server_close(&s);
}

CHECK_MAIN(CHECK_TEST(test_new), CHECK_TEST(test_split), CHECK_TEST(test_whole), CHECK_TEST(test_full),
           CHECK_TEST(test_small_rest), CHECK_TEST(test_unblock), CHECK_TEST(test_round_robin),
           CHECK_TEST(test_update), CHECK_TEST(test_enough))
