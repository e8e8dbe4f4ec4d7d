/* SPDX-License-Identifier: BSD-2-Clause */
/* Budgets that end: in a passive server, with and without handlers; and time that goes away while somebody waits. */
#include "mcs.h"

enum {
    BUDGET_US = 20000,
    PERIOD_US = 60000
};

static seL4_CPtr endpoint, timeouts, server_reply, reply, gate;
static volatile bool is_spinning;

/* Spins as long as it is told to, in the time of its client. */
static void serve(void *unused)
{
    (void)unused;
    (void)seL4_Recv(endpoint, NULL, server_reply);
    for (;;) {
        while (is_spinning) {
        }
        (void)seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(7, 0, 0, 0), NULL, server_reply);
    }
}

static void call(void *unused)
{
    (void)unused;
    seL4_MessageInfo_t info = seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    note("answered %lx", seL4_MessageInfo_get_label(info));
    seL4_Signal(gate);
}

/* Gets to run when the server's time is over. */
static void end_spinning(void *unused)
{
    (void)unused;
    note("lower");
    is_spinning = false;
}

static void timeout_show(const char *name)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_Recv(timeouts, &badge, reply);
    SAY("%s: badge %lx, label %lx, %lx words, data %lx, consumed %s\n", name, badge,
        seL4_MessageInfo_get_label(info), (seL4_Word)seL4_MessageInfo_get_length(info),
        seL4_GetMR(seL4_Timeout_Data), seL4_GetMR(seL4_Timeout_Consumed) > 0 ? "some" : "nothing");
    notes_print("  notes");
}

static void test_server(void)
{
    section("the server has a timeout handler");
    struct sel4_util_thread *server = passive_make("server", serve, NULL, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_SetTimeoutEndpoint(server->tcb, mint(timeouts, seL4_AllRights, 0x51)));
    is_spinning = true;
    struct sel4_util_thread *client =
        thread_make("client", call, NULL, PRIORITY_LOW, context_make_periodic(BUDGET_US, PERIOD_US, 0xc1), 0);
    timeout_show("timeout");
    is_spinning = false;
    seL4_Send(reply, seL4_MessageInfo_new(0, 0, 0, 0));
    seL4_Wait(gate, NULL);
    notes_print("answered, it goes on in the next period");

    section("the handler answers for the server");
    is_spinning = true;
    client =
        thread_make("client", call, NULL, PRIORITY_LOW, context_make_periodic(BUDGET_US, PERIOD_US, 0xc2), 0);
    timeout_show("timeout");
    is_spinning = false;
    seL4_Send(server_reply, seL4_MessageInfo_new(8, 0, 0, 0));
    seL4_Wait(gate, NULL);
    notes_print("the client");
    seL4_CPtr spare = context_make();
    CASE(seL4_SchedContext_Bind(spare, server->tcb), "time for the server");
    seL4_Send(reply, seL4_MessageInfo_new(0, 0, 0, 0));
    let_run();
    CASE(seL4_SchedContext_Unbind(spare), "take it back");
    SEL4_UTIL_CHECK(seL4_TCB_SetTimeoutEndpoint(server->tcb, seL4_CapNull));

    section("the client has a timeout handler");
    is_spinning = true;
    client =
        thread_make("client", call, NULL, PRIORITY_LOW, context_make_periodic(BUDGET_US, PERIOD_US, 0xc3), 0);
    SEL4_UTIL_CHECK(seL4_TCB_SetTimeoutEndpoint(client->tcb, mint(timeouts, seL4_AllRights, 0x52)));
    (void)thread_make("lower", end_spinning, NULL, PRIORITY_LOW - 1, context_make(), 0);
    seL4_Wait(gate, NULL);
    seL4_Word badge = 0;
    (void)seL4_NBRecv(timeouts, &badge, reply);
    SAY("the server ran in its time: badge %lx\n", badge);
    notes_print("notes");
}

static void wait(void *unused)
{
    (void)unused;
    seL4_Wait(gate, NULL);
    note("woken");
}

static void spin(void *unused)
{
    (void)unused;
    for (;;) {
    }
}

static void run_once(void *unused)
{
    (void)unused;
    note("ran");
}

/* Asks the kernel for a turn of `argument`'s thread, from below the initial thread. */
static void yield_to(void *context)
{
    seL4_SchedContext_YieldTo_t answer = seL4_SchedContext_YieldTo((seL4_CPtr)context);
    note("yielded %lx", (seL4_Word)answer.error);
}

static void wait_then_end(void *notification)
{
    note("in");
    seL4_Wait((seL4_CPtr)notification, NULL);
    note("out");
}

static void test_yield_to(void)
{
    section("yield to, and then");
    for (int i = 0; i < 4; i++) {
        seL4_CPtr context = context_make(), own = context_make();
        struct sel4_util_thread *target =
            thread_make("target", wait_then_end, (void *)gate, PRIORITY_LOW, context, 0);
        struct sel4_util_thread *caller =
            thread_make("caller", yield_to, (void *)context, PRIORITY_LOW, own, 0);
        SEL4_UTIL_CHECK(seL4_TCB_SetMCPriority(caller->tcb, SELF, 255));
        if (i == 1) {
            SEL4_UTIL_CHECK(seL4_TCB_SetPriority(target->tcb, SELF, PRIORITY_LOW + 1));
        }
        if (i == 2) {
            SEL4_UTIL_CHECK(seL4_TCB_SetPriority(caller->tcb, SELF, PRIORITY_LOW + 1));
        }
        if (i == 3) {
            SEL4_UTIL_CHECK(seL4_SchedContext_Unbind(context));
        }
        let_run();
        notes_print(i == 0   ? "equals"
                    : i == 1 ? "a higher one"
                    : i == 2 ? "a lower one"
                             : "one without thread");
        seL4_Signal(gate);
        let_run();
        notes_print("  after a signal");
        (void)seL4_NBWait(gate, NULL);
    }
}

/* Spins on what is left; the initial thread takes its time away in several ways. */
static void test_taken(void)
{
    section("time that goes away");
    seL4_CPtr context = context_make_periodic(BUDGET_US, PERIOD_US, 0xd1);
    struct sel4_util_thread *thread = thread_make("spin", spin, NULL, PRIORITY_LOW, context, 0);
    SEL4_UTIL_CHECK(seL4_TCB_SetTimeoutEndpoint(thread->tcb, mint(timeouts, seL4_AllRights, 0x61)));
    timeout_show("spent");
    CASE(seL4_SchedContext_UnbindObject(context, thread->tcb), "unbind one that timed out");
    seL4_Send(reply, seL4_MessageInfo_new(0, 0, 0, 0));
    CASE(seL4_SchedContext_Bind(context, thread->tcb), "bind it again");
    timeout_show("in the next period");
    CASE(discard(context), "delete the scheduling context");
    seL4_Send(reply, seL4_MessageInfo_new(0, 0, 0, 0));
    let_run();
    CASE(seL4_SchedContext_Bind(context_make(), thread->tcb), "one more");
    CASE(discard(thread->tcb), "delete the thread");

    /* It waits for its next budget: no handler. */
    context = context_make_periodic(BUDGET_US, 50 * PERIOD_US, 0xd2);
    thread = thread_make("spin", spin, NULL, PRIORITY_LOW, context, 0);
    (void)thread_make("gate", run_once, NULL, PRIORITY_LOW - 1, context_make(), 0);
    let_run();
    notes_print("a lower thread, while it waits");
    CASE(seL4_TCB_Suspend(thread->tcb), "suspend it");
    CASE(seL4_TCB_Resume(thread->tcb), "resume it");
    CASE(seL4_TCB_SetPriority(thread->tcb, SELF, PRIORITY_LOW - 2), "another priority");
    CASE(seL4_SchedContext_YieldTo(context).error, "yield to it");
    CASE(seL4_SchedContext_UnbindObject(context, thread->tcb), "unbind it");
    struct sel4_util_thread *blocked = passive_make("waiter", wait, NULL, PRIORITY_HIGH);
    CASE(seL4_SchedContext_Bind(context, blocked->tcb), "to one that is blocked, without time");
    CASE(seL4_TCB_SetSchedParams(blocked->tcb, SELF, 200, 200, context, 0), "the same by parameters");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, context, LONG_US, LONG_US, 0, 0, 0),
         "configure it anew");
    CASE(seL4_SchedContext_Bind(context, blocked->tcb), "to one that is blocked, with time");
    seL4_Signal(gate);
    notes_print("signal");
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    endpoint = make(seL4_EndpointObject);
    timeouts = make(seL4_EndpointObject);
    gate = make(seL4_NotificationObject);
    server_reply = make(seL4_ReplyObject);
    reply = make(seL4_ReplyObject);
    test_server();
    test_yield_to();
    test_taken();
    close();
    return 0;
}
