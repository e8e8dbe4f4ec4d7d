/* SPDX-License-Identifier: BSD-2-Clause */
/* Scheduling contexts that are lent: with a call, along a chain of calls, and by a notification. */
#include "mcs.h"

static seL4_CPtr faults; /* nobody receives there: whoever faults stops */

enum {
    SERVERS = 3
};

static struct server {
    seL4_CPtr endpoint, reply, next; /* next: what it calls before it answers, 0: nothing */
    const char *name;
    struct sel4_util_thread *thread;
    seL4_CPtr gate; /* it waits here before it answers, 0: it does not */
} servers[SERVERS];

static void serve(void *argument)
{
    struct server *server = argument;
    (void)seL4_Recv(server->endpoint, NULL, server->reply);
    for (;;) {
        note("%s", server->name);
        if (server->next) {
            (void)seL4_Call(server->next, seL4_MessageInfo_new(0, 0, 0, 0));
        }
        if (server->gate) {
            seL4_Wait(server->gate, NULL);
        }
        note("/%s", server->name);
        (void)seL4_ReplyRecv(server->endpoint, seL4_MessageInfo_new(0, 0, 0, 0), NULL, server->reply);
    }
}

static void call(void *endpoint)
{
    (void)seL4_Call((seL4_CPtr)endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    note("answered");
}

static void send(void *endpoint)
{
    seL4_Send((seL4_CPtr)endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    note("sent");
}

/* A chain of passive servers, the last of which waits at `gate`. */
static void chain_make(seL4_CPtr gate)
{
    static const char *const names[SERVERS] = {"one", "two", "three"};
    for (int i = SERVERS - 1; i >= 0; i--) {
        servers[i] = (struct server){.endpoint = make(seL4_EndpointObject),
                                     .reply = make(seL4_ReplyObject),
                                     .next = i < SERVERS - 1 ? servers[i + 1].endpoint : seL4_CapNull,
                                     .gate = i == SERVERS - 1 ? gate : seL4_CapNull,
                                     .name = names[i]};
        servers[i].thread = passive_make(names[i], serve, &servers[i], PRIORITY_HIGH);
        SEL4_UTIL_CHECK(seL4_TCB_SetSpace(servers[i].thread->tcb, faults, CNODE, 0, VSPACE, 0));
    }
}

static void test_chain(void)
{
    section("a chain of passive servers");
    chain_make(seL4_CapNull);
    seL4_CPtr context = context_make();
    (void)thread_make("client", call, (void *)servers[0].endpoint, PRIORITY_HIGH, context, 0);
    notes_print("a client");
    (void)thread_make("client", call, (void *)servers[0].endpoint, PRIORITY_HIGH, context_make(), 0);
    notes_print("another");
    (void)seL4_Call(servers[0].endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    notes_print("the initial thread");
    (void)seL4_Call(servers[2].endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    notes_print("the last alone");
    (void)thread_make("send", send, (void *)servers[1].endpoint, PRIORITY_HIGH, context_make(), 0);
    notes_print("a message that is no call");
}

/* What is left when, in the middle of a call along the chain, something goes away. */
enum removal {
    DELETE_CLIENT,
    DELETE_FIRST_REPLY,
    DELETE_MIDDLE_REPLY,
    DELETE_LAST_REPLY,
    DELETE_FIRST_SERVER,
    DELETE_LAST_SERVER,
    DELETE_CONTEXT,
    UNBIND_CONTEXT,
    SUSPEND_CLIENT,
    SUSPEND_LAST,
    REMOVALS
};

static void removal_make(enum removal removal, struct sel4_util_thread *client, seL4_CPtr context)
{
    switch (removal) {
    case DELETE_CLIENT:
        CASE(discard(client->tcb), "delete the client");
        break;
    case DELETE_FIRST_REPLY:
        CASE(discard(servers[0].reply), "delete the first reply object");
        break;
    case DELETE_MIDDLE_REPLY:
        CASE(discard(servers[1].reply), "delete the middle reply object");
        break;
    case DELETE_LAST_REPLY:
        CASE(discard(servers[2].reply), "delete the last reply object");
        break;
    case DELETE_FIRST_SERVER:
        CASE(discard(servers[0].thread->tcb), "delete the first server");
        break;
    case DELETE_LAST_SERVER:
        CASE(discard(servers[2].thread->tcb), "delete the last server");
        break;
    case DELETE_CONTEXT:
        CASE(discard(context), "delete the scheduling context");
        break;
    case UNBIND_CONTEXT:
        CASE(seL4_SchedContext_Unbind(context), "unbind the scheduling context");
        break;
    case SUSPEND_CLIENT:
        CASE(seL4_TCB_Suspend(client->tcb), "suspend the client");
        break;
    default:
        CASE(seL4_TCB_Suspend(servers[2].thread->tcb), "suspend the last server");
    }
}

static void who_has(seL4_CPtr context, struct sel4_util_thread *client, enum removal removal)
{
    const char *who = "nobody";
    if (removal == DELETE_CONTEXT) {
        return;
    }
    if (removal != DELETE_CLIENT && seL4_SchedContext_UnbindObject(context, client->tcb) == seL4_NoError) {
        who = "the client";
        SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context, client->tcb));
    }
    for (int i = 0; i < SERVERS; i++) {
        bool is_deleted =
            (removal == DELETE_FIRST_SERVER && i == 0) || (removal == DELETE_LAST_SERVER && i == 2);
        if (!is_deleted && seL4_SchedContext_UnbindObject(context, servers[i].thread->tcb) == seL4_NoError) {
            who = servers[i].name;
            SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context, servers[i].thread->tcb));
        }
    }
    SAY("  the scheduling context has %s\n", who);
}

static void test_removals(void)
{
    section("something goes away in the middle of a call");
    for (enum removal removal = 0; removal < REMOVALS; removal++) {
        seL4_CPtr gate = make(seL4_NotificationObject), context = context_make();
        chain_make(gate);
        struct sel4_util_thread *client =
            thread_make("client", call, (void *)servers[0].endpoint, PRIORITY_HIGH, context, 0);
        notes_print("before");
        removal_make(removal, client, context);
        notes_print("  notes");
        who_has(context, client, removal);
        seL4_Signal(gate);
        notes_print("  after the gate opens");
        who_has(context, client, removal);
    }
}

static void test_without(void)
{
    section("a client without scheduling context");
    chain_make(seL4_CapNull);
    seL4_CPtr active = make(seL4_EndpointObject), reply = make(seL4_ReplyObject);
    (void)thread_make("client", call, (void *)active, PRIORITY_HIGH, seL4_CapNull, 0);
    seL4_Word badge = 0x55;
    (void)seL4_NBRecv(active, &badge, reply);
    notes_print("it does not run");
    SAY("badge %lx\n", badge);

    section("a server with a scheduling context");
    seL4_CPtr context = context_make(), own = context_make();
    seL4_CPtr gate = make(seL4_NotificationObject);
    static struct server server;
    server = (struct server){.endpoint = make(seL4_EndpointObject),
                             .reply = make(seL4_ReplyObject),
                             .gate = gate,
                             .name = "active"};
    server.thread = thread_make("active", serve, &server, PRIORITY_HIGH, own, 0);
    struct sel4_util_thread *client =
        thread_make("client", call, (void *)server.endpoint, PRIORITY_HIGH, context, 0);
    notes_print("called");
    CASE(seL4_SchedContext_UnbindObject(context, client->tcb), "unbind the client's");
    CASE(seL4_SchedContext_UnbindObject(own, server.thread->tcb), "unbind the server's");
    seL4_Signal(gate);
    notes_print("signalled");
    CASE(seL4_SchedContext_Bind(context, server.thread->tcb), "the client's to the server");
    notes_print("then");
    CASE(seL4_SchedContext_Unbind(context), "unbind it");
    CASE(seL4_SchedContext_Bind(own, client->tcb), "the server's to the client");
    notes_print("then");
}

static void waiter(void *gate)
{
    for (;;) {
        seL4_Word badge = 0;
        seL4_Wait((seL4_CPtr)gate, &badge);
        note("woken %lx", badge);
    }
}

static void test_notification(void)
{
    section("a notification with a scheduling context");
    seL4_CPtr gate = make(seL4_NotificationObject), context = context_make();
    struct sel4_util_thread *thread = passive_make("waiter", waiter, (void *)gate, PRIORITY_HIGH);
    seL4_CPtr badged = mint(gate, seL4_AllRights, 1);
    CASE(seL4_SchedContext_Bind(context, gate), "bind");
    seL4_Signal(badged);
    notes_print("signal");
    SAY("scheduling context %s\n", context_state(context));
    seL4_Signal(badged);
    notes_print("signal again");
    seL4_CPtr own = context_make();
    CASE(seL4_SchedContext_Bind(own, thread->tcb), "one of its own");
    seL4_Signal(badged);
    notes_print("signal, it has its own");
    SAY("own %s, the notification's %s\n", context_state(own), context_state(context));
    CASE(seL4_SchedContext_Unbind(own), "unbind its own");
    CASE(seL4_SchedContext_UnbindObject(context, gate), "unbind the notification");
    seL4_Signal(badged);
    notes_print("signal, nobody has one");
    CASE(seL4_SchedContext_Bind(context, gate), "bind again");
    notes_print("then");
    CASE(seL4_SchedContext_Bind(context, thread->tcb), "to the thread as well");
    notes_print("then");
    SAY("scheduling context %s\n", context_state(context));
    CASE(discard(gate), "delete the notification");
    notes_print("then");
    SAY("scheduling context %s\n", context_state(context));
}

static void test_bound_notification(void)
{
    section("a bound notification with a scheduling context");
    chain_make(seL4_CapNull);
    seL4_CPtr bound = make(seL4_NotificationObject), context = context_make();
    CASE(seL4_SchedContext_Bind(context, bound), "bind the context");
    CASE(seL4_TCB_BindNotification(servers[2].thread->tcb, bound),
         "bind the notification to the last server");
    seL4_Signal(mint(bound, seL4_AllRights, 0x33));
    notes_print("signal");
    SAY("scheduling context %s\n", context_state(context));
    (void)seL4_Call(servers[2].endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    notes_print("a call");
    SAY("scheduling context %s\n", context_state(context));
    CASE(seL4_TCB_UnbindNotification(servers[2].thread->tcb), "unbind the notification");
    CASE(seL4_TCB_UnbindNotification(servers[2].thread->tcb), "unbind it again");
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    faults = make(seL4_EndpointObject);
    test_chain();
    test_removals();
    test_without();
    test_notification();
    test_bound_notification();
    close();
    return 0;
}
