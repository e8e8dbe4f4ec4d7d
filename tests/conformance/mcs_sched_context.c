/* SPDX-License-Identifier: BSD-2-Clause */
/* Invocations of a scheduling context: binding it, asking it, running its thread. */
#include "mcs.h"

static seL4_CPtr endpoint, notification;

static void wait_once(void *unused)
{
    (void)unused;
    seL4_Wait(endpoint, NULL);
    note("woken");
}

static void run_once(void *name)
{
    note("%s", (const char *)name);
}

static void test_bind(void)
{
    section("bind");
    seL4_CPtr first = context_make(), second = context_make(), raw = context_make_unconfigured();
    seL4_TCB tcb = make(seL4_TCBObject), other = make(seL4_TCBObject);
    CASE(seL4_SchedContext_Bind(first, seL4_CapNull), "nothing");
    CASE(seL4_SchedContext_Bind(first, slot()), "an empty slot");
    CASE(seL4_SchedContext_Bind(first, endpoint), "an endpoint");
    CASE(seL4_SchedContext_Bind(first, second), "a scheduling context");
    CASE(seL4_SchedContext_Bind(first, make(seL4_ReplyObject)), "a reply object");
    CASE(seL4_SchedContext_Bind(slot(), tcb), "through an empty slot");
    invoke_case(first, SchedContextBind, ARGUMENTS(0, {0}, 3, {0}), "no capability");
    CASE(seL4_SchedContext_Bind(first, tcb), "a thread");
    CASE(seL4_SchedContext_Bind(first, tcb), "the same thread again");
    CASE(seL4_SchedContext_Bind(first, other), "another thread");
    CASE(seL4_SchedContext_Bind(second, tcb), "another to the thread");
    CASE(seL4_SchedContext_Bind(first, SELF), "oneself, both in use");
    CASE(seL4_SchedContext_Bind(second, SELF), "oneself");
    CASE(seL4_SchedContext_Bind(raw, other), "not configured");
    CASE(seL4_SchedContext_Bind(first, notification), "a notification, with a thread bound");
    CASE(seL4_SchedContext_Bind(first, notification), "the same notification again");
    CASE(seL4_SchedContext_Bind(second, notification), "another to the notification");
    CASE(seL4_SchedContext_Bind(first, make(seL4_NotificationObject)), "another notification");
    CASE(seL4_SchedContext_Bind(first, mint(notification, seL4_NoRights, 5)),
         "a notification without rights");
    CASE(seL4_SchedContext_Unbind(first), "unbind both");
    CASE(seL4_SchedContext_Bind(first, mint(notification, seL4_NoRights, 5)),
         "a notification without rights, free");
    CASE(seL4_SchedContext_Unbind(first), "unbind");

    struct sel4_util_thread *waiter = passive_make("waiter", wait_once, NULL, PRIORITY_HIGH);
    seL4_CPtr bare = context_make_unconfigured();
    CASE(seL4_SchedContext_Bind(bare, waiter->tcb), "not configured, to one that is blocked");
    CASE(seL4_SchedContext_Bind(second, waiter->tcb), "to one that is blocked");
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    notes_print("after a message");
}

static void test_unbind(void)
{
    section("unbind");
    seL4_CPtr context = context_make();
    seL4_TCB tcb = make(seL4_TCBObject);
    CASE(seL4_SchedContext_Unbind(context), "of nothing");
    CASE(seL4_SchedContext_UnbindObject(context, tcb), "a thread that is not bound");
    CASE(seL4_SchedContext_UnbindObject(context, notification), "a notification that is not bound");
    CASE(seL4_SchedContext_UnbindObject(context, endpoint), "an endpoint");
    CASE(seL4_SchedContext_UnbindObject(context, seL4_CapNull), "no object");
    invoke_case(context, SchedContextUnbindObject, ARGUMENTS(0, {0}, 3, {0}), "no object in the message");
    SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context, tcb));
    SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context, notification));
    CASE(seL4_SchedContext_UnbindObject(context, make(seL4_TCBObject)), "another thread");
    CASE(seL4_SchedContext_UnbindObject(context, make(seL4_NotificationObject)), "another notification");
    CASE(seL4_SchedContext_UnbindObject(context, notification), "the notification");
    CASE(seL4_SchedContext_UnbindObject(context, notification), "the notification again");
    CASE(seL4_SchedContext_UnbindObject(context, tcb), "the thread");
    CASE(seL4_SchedContext_UnbindObject(context, tcb), "the thread again");
    CASE(seL4_SchedContext_Unbind(OWN_CONTEXT), "one's own");
    CASE(seL4_SchedContext_UnbindObject(OWN_CONTEXT, SELF), "oneself");
    CASE(seL4_SchedContext_UnbindObject(OWN_CONTEXT, tcb), "another from one's own");
    CASE(seL4_SchedContext_Bind(OWN_CONTEXT, notification), "a notification to one's own");
    CASE(seL4_SchedContext_Unbind(OWN_CONTEXT), "one's own, with a notification");
    CASE(seL4_SchedContext_UnbindObject(OWN_CONTEXT, notification), "only the notification");
    for (seL4_Word label = SchedContextBind; label <= SchedContextYieldTo + 1; label++) {
        seL4_MessageInfo_t info = invoke(context, label, ARGUMENTS(0, {0}, 0, {0}));
        SAY("label %lx: %s, %lx words\n", label - SchedContextBind,
            sel4_util_error_name(seL4_MessageInfo_get_label(info)),
            (seL4_Word)seL4_MessageInfo_get_length(info));
    }
}

static void test_consumed(void)
{
    section("consumed");
    seL4_CPtr context = context_make(), raw = context_make_unconfigured();
    seL4_SchedContext_Consumed_t answer = seL4_SchedContext_Consumed(context);
    SAY("unused %lx\n", answer.consumed);
    CASE(seL4_SchedContext_Consumed(raw).error, "not configured");
    CASE(seL4_SchedContext_Consumed(context).error, "configured");
    CASE(seL4_SchedContext_Consumed(OWN_CONTEXT).error, "one's own");
    answer = seL4_SchedContext_Consumed(raw);
    SAY("not configured %lx\n", answer.consumed);
}

static void yield_case(seL4_CPtr context, const char *name)
{
    seL4_SchedContext_YieldTo_t answer = seL4_SchedContext_YieldTo(context);
    CASE(answer.error, "%s", name);
    notes_print("  then");
}

static void test_yield_to(void)
{
    section("yield to");
    CASE(seL4_SchedContext_YieldTo(context_make()).error, "unbound");
    CASE(seL4_SchedContext_YieldTo(context_make_unconfigured()).error, "not configured");
    CASE(seL4_SchedContext_YieldTo(OWN_CONTEXT).error, "one's own");
    seL4_CPtr context = context_make();
    SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context, make(seL4_TCBObject)));
    CASE(seL4_SchedContext_YieldTo(context).error, "of an inactive thread");

    context = context_make();
    (void)thread_make("equal", run_once, "equal", PRIORITY_SAME, context, 0);
    yield_case(context, "an equal");
    yield_case(context, "an equal that stopped");

    seL4_CPtr contexts[3];
    static char *const names[3] = {"first", "second", "third"};
    for (int i = 0; i < 3; i++) {
        contexts[i] = context_make();
        (void)thread_make(names[i], run_once, names[i], PRIORITY_LOW, contexts[i], 0);
    }
    yield_case(contexts[2], "the third of three lower");
    yield_case(contexts[1], "the second of three lower");
    let_run();
    notes_print("lower ones");

    for (int i = 0; i < 3; i++) {
        contexts[i] = context_make();
        (void)thread_make(names[i], run_once, names[i], PRIORITY_SAME, contexts[i], 0);
    }
    yield_case(contexts[2], "the third of three equals");
    yield_case(contexts[0], "the first of three equals");
    yield_case(contexts[1], "the second of three equals");

    context = context_make();
    endpoint = make(seL4_EndpointObject);
    (void)thread_make("waiter", wait_once, NULL, PRIORITY_HIGH, context, 0);
    yield_case(context, "one that waits");
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    notes_print("after a message");
}

static void test_above_maximum(void)
{
    section("above the maximum priority");
    seL4_CPtr context = context_make();
    seL4_TCB tcb = make(seL4_TCBObject);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(tcb, SELF, PRIORITY_HIGH));
    SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context, tcb));
    SEL4_UTIL_CHECK(seL4_TCB_SetMCPriority(SELF, SELF, PRIORITY_HIGH - 1));
    CASE(seL4_SchedContext_YieldTo(context).error, "one above the maximum");
}

static void test_deletion(void)
{
    section("deletion");
    seL4_CPtr context = context_make();
    seL4_TCB tcb = make(seL4_TCBObject);
    SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context, tcb));
    CASE(discard(tcb), "the thread");
    SAY("scheduling context %s\n", context_state(context));
    tcb = make(seL4_TCBObject);
    SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context, tcb));
    SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context, notification));
    CASE(discard(context), "the scheduling context");
    context = context_make();
    CASE(seL4_SchedContext_Bind(context, tcb), "another to its thread");
    CASE(seL4_SchedContext_Bind(context, notification), "another to its notification");
    CASE(discard(notification), "the notification");
    CASE(seL4_SchedContext_Bind(context, make(seL4_NotificationObject)), "to another notification");
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    endpoint = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    test_bind();
    test_unbind();
    test_consumed();
    test_deletion();
    test_yield_to();
    test_above_maximum();
    close();
    return 0;
}
