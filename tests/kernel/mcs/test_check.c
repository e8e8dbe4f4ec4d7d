/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heap check's MCS invariants: damage done by hand is refused under the right name.
 */
#include "tests/kernel/damage.h"
#include "tests/kernel/mcs/mcs_rig.h"

#include "check/check.h"

struct damaged {
    struct rig rig;
    uint64_t server, client, endpoint, reply, postponed;
};

/* A client that called a server, and a thread that waits for its period. */
static struct damaged damaged_open(void)
{
    struct damaged d = {.rig = rig_open_mcs()};
    d.endpoint = rig_new(&d.rig, OBJECT_ENDPOINT, 0);
    d.reply = rig_new(&d.rig, OBJECT_REPLY, 0);
    d.server = mcs_passive_server(&d.rig, d.endpoint, d.reply);
    d.postponed = rig_thread(&d.rig, 255, 0); /* so that it runs before the client */
    d.client = rig_thread(&d.rig, 255, 0);
    CHECK_OK(rig_configure(&d.rig, rig_context_of(d.postponed), 20, 9000, 2, 0, 0));
    CHECK_OK(rig_configure(&d.rig, rig_context_of(d.client), 1000, 9000, 0, 0, 0));
    rig_yield_to(&d.rig, d.postponed);
    rig_pass(&d.rig, 20);
    rig_yield_to(&d.rig, d.client);
    rig_call_raw(&d.rig, d.endpoint, 0, NO_WORDS);
    CHECK(rig_runs(&d.rig, d.server));
    CHECK(rig_tcb(&d.rig, d.postponed)->is_postponed);
    return d;
}

static void test_damage(void)
{
    struct damaged d = damaged_open();
    struct sched_context *sc = rig_context(&d.rig, rig_context_of(d.client));
    struct reply_object *reply = reply_object_at(d.rig.k, rig_cap(&d.rig, d.reply).paddr);
    struct tcb *client = rig_tcb(&d.rig, d.client), *server = rig_tcb(&d.rig, d.server);
    struct tcb *postponed = rig_tcb(&d.rig, d.postponed);
    struct mcs_state *mcs = &d.rig.k->state->mcs;
    BREAKS("\"refills\"", sc->budget_ns, sc->budget_ns + 1);
    BREAKS("\"refills\"", sc->refill_max, 11);
    BREAKS("\"refills\"", sc->refill_count, 0);
    BREAKS("\"refills\"", rig_context(&d.rig, ROOT_CONTEXT)->refill_count, 1); /* round robin */
    BREAKS("\"scheduling contexts\"", sc->tcb, rig_cap(&d.rig, d.client).paddr);
    BREAKS("\"scheduling contexts\"", server->has_time, false);
    BREAKS("\"scheduling contexts\"", sc->yield_from, d.rig.root);
    BREAKS("\"scheduling contexts\"", sc->notification, rig_cap(&d.rig, d.endpoint).paddr);
    BREAKS("\"scheduling contexts\"", refill_first(rig_context(&d.rig, ROOT_CONTEXT))->time_ns,
           d.rig.sim->now_ns + KERNEL_WCET_NS + 1);
    BREAKS("\"release queue\"", postponed->is_postponed, false);
    BREAKS("\"release queue\"", mcs->release.tail, 0);
    BREAKS("\"reply stacks\"", client->reply, 0);
    BREAKS("\"reply stacks\"", sc->reply, 0);
    struct reply_object whole = *reply;
    reply->is_newest = false;
    check_verdict(d.rig.k, "\"reply stacks\"", __FILE__, __LINE__);
    *reply = whole;
    BREAKS("\"reply stacks\"", reply->tcb, rig_cap(&d.rig, d.server).paddr);
    BREAKS("\"time\"", mcs->consumed_ns, sc->budget_ns);
    BREAKS("\"time\"", mcs->sched_context, 0);
    mcs->consumed_ns++;
    BREAKS("\"time\"", mcs->is_waking, true);
    mcs->consumed_ns--;
    BREAKS("\"time\"", mcs->is_reprogramming, true);
    rig_close(&d.rig);
}

CHECK_MAIN(CHECK_TEST(test_damage))
