/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications: signals and badges, waiting and polling, queues, rights, and notifications bound to a TCB. */
#include "conformance.h"

static seL4_CPtr notification, one, two, endpoint, badged, fault_endpoint;

static void poll(const char *name, seL4_CPtr cap)
{
    seL4_Word badge = 0xbad;
    seL4_Poll(cap, &badge);
    SAY("%s: badge %lx\n", name, badge);
}

static void test_signals(void)
{
    section("signals");
    poll("nothing signalled", notification);
    seL4_Signal(one);
    poll("one", notification);
    poll("again", notification);
    seL4_Signal(one);
    seL4_Signal(two);
    seL4_Signal(one);
    poll("one and two", notification);
    seL4_Signal(notification);
    poll("unbadged", notification);
    seL4_Signal(notification);
    seL4_Signal(two);
    poll("unbadged and two", notification);
    seL4_NBSend(one, seL4_MessageInfo_new(5, 0, 0, 4));
    poll("nbsend", notification);
    seL4_Send(one, seL4_MessageInfo_new(5, 0, 0, 4));
    poll("send", notification);
    invoke_case(one, 5, ARGUMENTS(.word_count = 2), "call");
    poll("call", notification);
    seL4_SetMR(0, 0x123);
    seL4_Signal(two);
    seL4_Word badge;
    seL4_Wait(notification, &badge);
    SAY("wait: badge %lx\n", badge);
    seL4_Signal(two);
    seL4_ReplyRecv(notification, seL4_MessageInfo_new(0, 0, 0, 0), &badge);
    SAY("replyrecv: badge %lx\n", badge);
    seL4_Signal(two);
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(CNODE, two, WORD));
    poll("the badge outlives a revoke", notification);
}

static void waiter(void *name)
{
    seL4_Word badge;
    seL4_Wait(notification, &badge);
    SAY("  %s woke: badge %lx\n", (const char *)name, badge);
}

static void test_waiters(void)
{
    section("waiters");
    spawn("a", waiter, "a", PRIORITY_HIGH);
    spawn("b", waiter, "b", PRIORITY_HIGH + 5);
    spawn("c", waiter, "c", PRIORITY_HIGH);
    poll("poll does not wait in line", notification);
    seL4_Signal(one);
    seL4_Signal(two);
    seL4_Signal(notification);
    seL4_Signal(one);
    poll("nobody left", notification);
    spawn("low", waiter, "low", PRIORITY_LOW);
    let_run();
    seL4_Signal(one);
    seL4_Signal(two);
    SAY("signalled twice\n");
    let_run();
    poll("the second signal", notification);
}

static void wait_through(void *cap)
{
    seL4_Word badge = 0;
    seL4_Wait((seL4_CPtr)cap, &badge);
    SAY("  woke: badge %lx\n", badge);
}

static void poll_through(void *cap)
{
    seL4_Word badge = 0;
    seL4_Poll((seL4_CPtr)cap, &badge);
    SAY("  polled: badge %lx\n", badge);
}

static void fault_show(void)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_NBRecv(fault_endpoint, &badge);
    if (badge) {
        SAY("  fault %lx, %lu words, receive phase %lx, failure %lx, bits %lx\n",
            seL4_MessageInfo_get_label(info), seL4_MessageInfo_get_length(info), seL4_GetMR(2), seL4_GetMR(3),
            seL4_GetMR(4));
    }
}

static void test_rights(void)
{
    section("rights");
    for (seL4_Word rights = 0; rights < 4; rights++) {
        seL4_CPtr cap = mint(notification, (seL4_CapRights_t){{rights}}, 0x10);
        SAY("rights %lx\n", rights);
        struct sel4_util_thread *thread =
            spawn_faulting("waiter", wait_through, (void *)cap, PRIORITY_HIGH, fault_endpoint);
        seL4_Signal(one);
        fault_show();
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
        thread = spawn_faulting("poller", poll_through, (void *)cap, PRIORITY_HIGH, fault_endpoint);
        fault_show();
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
        poll("left over", notification);
    }
}

static volatile bool receive_again;

static void bound_receiver(void *unused)
{
    (void)unused;
    do {
        seL4_Word badge;
        seL4_Recv(endpoint, &badge); /* the message info says nothing when it was a signal */
        SAY("  received badge %lx\n", badge);
    } while (receive_again);
}

static void bound_sender(void *cap)
{
    seL4_Send((seL4_CPtr)cap, seL4_MessageInfo_new(9, 0, 0, 1));
    SAY("  sender goes on\n");
}

static void test_binding_errors(seL4_TCB tcb)
{
    seL4_TCB other = make(seL4_TCBObject);
    seL4_CPtr second = make(seL4_NotificationObject);
    CASE(seL4_TCB_BindNotification(tcb, endpoint), "bind an endpoint");
    CASE(seL4_TCB_BindNotification(tcb, mint(second, seL4_CanWrite, 0)), "bind without the right to receive");
    CASE(seL4_TCB_UnbindNotification(tcb), "unbind, none bound");
    CASE(seL4_TCB_BindNotification(tcb, mint(notification, seL4_CanRead, 0)),
         "bind with the right to receive");
    CASE(seL4_TCB_BindNotification(tcb, notification), "bind again");
    CASE(seL4_TCB_BindNotification(tcb, second), "bind a second");
    CASE(seL4_TCB_BindNotification(other, notification), "bind to a second TCB");
    CASE(seL4_TCB_BindNotification(tcb, endpoint), "bind an endpoint, one bound");
    CASE(seL4_TCB_BindNotification(other, second), "bind the second to the second");
    CASE(discard(second), "delete a bound notification (there is a copy)");
    CASE(seL4_TCB_UnbindNotification(other), "unbind it");
}

static void test_bound(void)
{
    section("bound");
    receive_again = true;
    struct sel4_util_thread *thread =
        spawn_faulting("bound", bound_receiver, NULL, PRIORITY_HIGH, fault_endpoint);
    test_binding_errors(thread->tcb);
    seL4_Signal(one);
    seL4_Signal(notification);
    SAY("sending\n");
    seL4_Send(badged, seL4_MessageInfo_new(4, 0, 0, 2));
    SAY("another thread waits\n");
    struct sel4_util_thread *other =
        spawn_faulting("other", wait_through, (void *)notification, PRIORITY_HIGH, fault_endpoint);
    fault_show();
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(other->tcb));
    other = spawn_faulting("other", poll_through, (void *)notification, PRIORITY_HIGH, fault_endpoint);
    fault_show();
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(other->tcb));

    SAY("a signal and a message at once\n");
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    seL4_Signal(one);
    spawn("sender", bound_sender, (void *)badged, PRIORITY_HIGH);
    SEL4_UTIL_CHECK(seL4_TCB_Resume(thread->tcb));
    CASE(seL4_TCB_UnbindNotification(thread->tcb), "unbind");
    seL4_Signal(one);
    poll("the signal stays", notification);
    CASE(seL4_TCB_BindNotification(thread->tcb, notification), "bind while it waits");
    seL4_Signal(one);
    SEL4_UTIL_CHECK(seL4_TCB_UnbindNotification(thread->tcb));
    seL4_Signal(one);
    CASE(seL4_TCB_BindNotification(thread->tcb, notification),
         "bind one that is signalled to one that waits");
    SEL4_UTIL_CHECK(seL4_TCB_UnbindNotification(thread->tcb));
    poll("the signal stays", notification);
    spawn("waiter", waiter, "waiter", PRIORITY_HIGH);
    CASE(seL4_TCB_BindNotification(thread->tcb, notification), "bind one that somebody waits for");
    seL4_Signal(one);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
}

static void test_own(void)
{
    section("bound to oneself");
    seL4_CPtr own = make(seL4_NotificationObject);
    seL4_CPtr own_badged = mint(own, seL4_AllRights, 0x70);
    CASE(seL4_TCB_BindNotification(SELF, own), "bind");
    seL4_Signal(own_badged);
    seL4_Word badge = 0xbad;
    seL4_Recv(endpoint, &badge);
    SAY("recv: badge %lx\n", badge);
    seL4_Signal(own_badged);
    badge = 0xbad;
    seL4_NBRecv(endpoint, &badge);
    SAY("nbrecv: badge %lx\n", badge);
    badge = 0xbad;
    seL4_NBRecv(endpoint, &badge);
    SAY("nbrecv again: badge %lx\n", badge);
    seL4_Signal(own_badged);
    poll("poll itself", own);
    SEL4_UTIL_CHECK(discard(own));
    CASE(seL4_TCB_UnbindNotification(SELF), "unbind, a copy is left");
    CASE(seL4_TCB_BindNotification(SELF, own_badged), "bind the badged copy");
    SEL4_UTIL_CHECK(discard(own_badged));
    CASE(seL4_TCB_UnbindNotification(SELF), "unbind after the last is deleted");
}

int main(seL4_BootInfo *info)
{
    open(info);
    notification = make(seL4_NotificationObject);
    one = mint(notification, seL4_AllRights, 0x1);
    two = mint(notification, seL4_AllRights, 0x6);
    endpoint = make(seL4_EndpointObject);
    badged = mint(endpoint, seL4_AllRights, 0xb);
    fault_endpoint = mint(make(seL4_EndpointObject), seL4_AllRights, 0xf);
    test_signals();
    test_waiters();
    test_rights();
    test_bound();
    test_own();
    close();
    return 0;
}
