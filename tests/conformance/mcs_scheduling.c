/* SPDX-License-Identifier: BSD-2-Clause */
/* Who runs next with MCS: queues ordered by priority, turns of equals, threads without time. */
#include "mcs.h"

static seL4_CPtr endpoint, notification, gate;

struct worker {
    seL4_Word number, priority;
    struct sel4_util_thread *thread;
};

enum {
    WORKERS = 8
};
static struct worker workers[WORKERS];
static const seL4_Word order[WORKERS] = {120, 110, 130, 120, 110, 130, 140, 105};

static void send(void *argument)
{
    const struct worker *worker = argument;
    seL4_SetMR(0, worker->number);
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 1));
}

static void receive(void *argument)
{
    const struct worker *worker = argument;
    seL4_Wait(endpoint, NULL);
    note("%lu", worker->number);
}

static void wait(void *argument)
{
    const struct worker *worker = argument;
    seL4_Wait(notification, NULL);
    note("%lu", worker->number);
}

static void workers_make(void (*entry)(void *))
{
    for (seL4_Word i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.number = i, .priority = order[i]};
        workers[i].thread = thread_make("worker", entry, &workers[i], order[i], context_make(), 0);
    }
}

static void reorder(void)
{
    CASE(seL4_TCB_SetPriority(workers[0].thread->tcb, SELF, 150), "0 goes up");
    CASE(seL4_TCB_SetPriority(workers[6].thread->tcb, SELF, 101), "6 goes down");
    CASE(seL4_TCB_SetPriority(workers[2].thread->tcb, SELF, 130), "2 stays at its priority");
    CASE(seL4_TCB_SetPriority(workers[3].thread->tcb, SELF, 110), "3 joins 1 and 4");
}

static void receive_all(const char *title)
{
    for (int i = 0; i < WORKERS; i++) {
        (void)seL4_Wait(endpoint, NULL);
        note("%lu", seL4_GetMR(0));
    }
    notes_print(title);
}

static void test_queues(void)
{
    section("queues");
    workers_make(send);
    receive_all("senders");
    workers_make(send);
    reorder();
    receive_all("senders, in a new order");
    for (int again = 0; again < 2; again++) {
        workers_make(receive);
        if (again) {
            reorder();
        }
        for (int i = 0; i < WORKERS; i++) {
            seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
        }
        notes_print("receivers");
    }
    for (int again = 0; again < 2; again++) {
        workers_make(wait);
        if (again) {
            reorder();
        }
        for (int i = 0; i < WORKERS; i++) {
            seL4_Signal(notification);
        }
        notes_print("waiters for a signal");
    }
}

static void turns(void *argument)
{
    const struct worker *worker = argument;
    for (int i = 0; i < 3; i++) {
        note("%lu", worker->number);
        seL4_Yield();
    }
}

static void test_yield(void)
{
    section("yield");
    for (seL4_Word i = 0; i < 3; i++) {
        workers[i] = (struct worker){.number = i};
        workers[i].thread = thread_make("turns", turns, &workers[i], PRIORITY_LOW, context_make(), 0);
    }
    let_run();
    notes_print("three equals, round robin");
    for (seL4_Word i = 0; i < 3; i++) {
        workers[i].thread = thread_make("turns", turns, &workers[i], PRIORITY_LOW + i, context_make(), 0);
    }
    let_run();
    notes_print("three priorities");
}

static void open_gate(void *unused)
{
    (void)unused;
    seL4_Signal(gate);
}

/* Threads with a period wait for their next budget when they yield; whoever is below runs meanwhile. */
static void test_periods(void)
{
    section("periods");
    for (seL4_Word i = 0; i < 2; i++) {
        workers[i].number = i;
        workers[i].thread = thread_make("turns", turns, &workers[i], PRIORITY_LOW + 1 - i,
                                        context_make_periodic(200000, 1000000, 0), 0);
    }
    (void)thread_make("gate", open_gate, NULL, PRIORITY_LOW - 1, context_make(), 0);
    seL4_Wait(gate, NULL);
    notes_print("two that yield, until a lower one runs");
    for (seL4_Word i = 0; i < 2; i++) {
        SEL4_UTIL_CHECK(discard(workers[i].thread->tcb));
    }
}

static void test_without(void)
{
    section("without time");
    seL4_CPtr context = context_make(), raw = context_make_unconfigured();
    workers[0].number = 0;
    struct sel4_util_thread *thread = thread_make("none", receive, &workers[0], PRIORITY_HIGH, 0, 0);
    CASE(seL4_TCB_Resume(thread->tcb), "resume");
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    notes_print("no scheduling context");
    CASE(seL4_SchedContext_Bind(raw, thread->tcb), "one that is not configured");
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    notes_print("not configured");
    CASE(seL4_SchedContext_Unbind(raw), "unbind it");
    CASE(seL4_SchedContext_Bind(context, thread->tcb), "one with time");
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    notes_print("with time");
    thread = thread_make("waits", receive, &workers[0], PRIORITY_HIGH, context_make(), 0);
    CASE(seL4_TCB_SetSchedParams(thread->tcb, SELF, 200, 200, seL4_CapNull, 0), "takes its context away");
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    notes_print("a message without time for it");
    CASE(seL4_SchedContext_Bind(context_make(), thread->tcb), "a context later");
    notes_print("then");
}

static void nothing(void *argument)
{
    note("%lu", ((const struct worker *)argument)->number);
}

static void test_order_of_equals(void)
{
    section("equals");
    for (seL4_Word i = 0; i < 4; i++) {
        workers[i].number = i;
        workers[i].thread = thread_make("equal", nothing, &workers[i], PRIORITY_LOW, context_make(), 0);
    }
    let_run();
    notes_print("as they were made");
    for (seL4_Word i = 0; i < 4; i++) {
        workers[i].thread = thread_make("equal", nothing, &workers[i], PRIORITY_LOW, context_make(), 0);
    }
    CASE(seL4_TCB_SetPriority(workers[1].thread->tcb, SELF, PRIORITY_LOW), "1: the priority it has");
    CASE(seL4_TCB_Suspend(workers[2].thread->tcb), "2: suspend");
    CASE(seL4_TCB_Resume(workers[2].thread->tcb), "2: resume");
    let_run();
    notes_print("then");
    for (seL4_Word i = 0; i < 4; i++) {
        workers[i].thread = thread_make("equal", nothing, &workers[i], PRIORITY_SAME, context_make(), 0);
    }
    seL4_Yield();
    notes_print("the initial thread yields to equals");
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    endpoint = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    gate = make(seL4_NotificationObject);
    test_queues();
    test_yield();
    test_order_of_equals();
    test_without();
    test_periods();
    close();
    return 0;
}
