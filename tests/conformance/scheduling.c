/* SPDX-License-Identifier: BSD-2-Clause */
/* Who runs when: priorities, the order within a priority, yielding, and what IPC does to the order. */
#include "conformance.h"

static char log_text[256];
static volatile unsigned log_length;

static void note(char c)
{
    log_text[log_length++] = c;
}

static void log_show(const char *name)
{
    log_text[log_length] = 0;
    SAY("%s: %s\n", name, log_text);
    log_length = 0;
}

/* A few notes of the own letter with a yield after each. */
static void yielder(void *letter)
{
    for (int i = 0; i < 3; i++) {
        note((char)(seL4_Word)letter);
        seL4_Yield();
    }
}

static void once(void *letter)
{
    note((char)(seL4_Word)letter);
}

static struct sel4_util_thread *start(char letter, void (*entry)(void *), seL4_Word priority)
{
    return spawn("thread", entry, (void *)(seL4_Word)letter, priority);
}

static void test_order(void)
{
    section("order");
    for (char c = 'a'; c < 'e'; c++) {
        start(c, once, PRIORITY_LOW);
    }
    let_run();
    log_show("four of one priority");
    start('a', once, PRIORITY_LOW);
    start('b', once, PRIORITY_LOW + 2);
    start('c', once, PRIORITY_LOW + 1);
    start('d', once, PRIORITY_LOW + 2);
    let_run();
    log_show("of three priorities");
    for (char c = 'a'; c < 'd'; c++) {
        start(c, yielder, PRIORITY_LOW);
    }
    let_run();
    log_show("yielding");
    start('a', yielder, PRIORITY_LOW);
    start('b', yielder, PRIORITY_LOW + 1);
    let_run();
    log_show("yielding with a lower one");
    start('h', once, PRIORITY_HIGH);
    note('r');
    start('s', once, PRIORITY_SAME);
    note('r');
    seL4_Yield();
    note('r');
    log_show("starting a higher one, one of the same priority");
}

static void test_changes(void)
{
    section("changes of those that are ready");
    struct sel4_util_thread *a = start('a', once, PRIORITY_LOW), *b = start('b', once, PRIORITY_LOW);
    struct sel4_util_thread *c = start('c', once, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(b->tcb, SELF, PRIORITY_LOW));
    let_run();
    log_show("the priority it has, b");
    a = start('a', once, PRIORITY_LOW), b = start('b', once, PRIORITY_LOW),
    c = start('c', once, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(b->tcb, SELF, PRIORITY_LOW + 1));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(b->tcb, SELF, PRIORITY_LOW));
    let_run();
    log_show("up and down, b");
    a = start('a', once, PRIORITY_LOW), b = start('b', once, PRIORITY_LOW),
    c = start('c', once, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(b->tcb));
    SEL4_UTIL_CHECK(seL4_TCB_Resume(b->tcb));
    let_run();
    log_show("suspended and resumed, b");
    a = start('a', once, PRIORITY_LOW), b = start('b', once, PRIORITY_LOW),
    c = start('c', once, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(a->tcb));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(c->tcb, SELF, PRIORITY_LOW + 1));
    let_run();
    log_show("a suspended, c raised");
    SEL4_UTIL_CHECK(seL4_TCB_Resume(a->tcb));
    let_run();
    log_show("a resumed");
    struct sel4_util_thread *d = start('d', once, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(d->tcb, SELF, PRIORITY_HIGH));
    note('r');
    log_show("raised above the caller");
    d = start('d', once, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(d->tcb, SELF, PRIORITY_SAME));
    note('r');
    seL4_Yield();
    log_show("raised to the caller's");
    d = start('d', once, PRIORITY_SAME);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT));
    note('r');
    seL4_Yield();
    log_show("the caller sets the priority it has");
    start('e', once, PRIORITY_SAME);
    seL4_TCB_SetSchedParams(SELF, SELF, 255, PRIORITY_ROOT + 1);
    note('r');
    seL4_TCB_SetSchedParams(SELF, SELF, 255, PRIORITY_ROOT);
    note('r');
    seL4_Yield();
    log_show("the caller goes up and down");
}

static seL4_CPtr endpoint, notification;

static void wait_then_note(void *letter)
{
    seL4_Wait(notification, NULL);
    note((char)(seL4_Word)letter);
}

static void receive_then_note(void *letter)
{
    seL4_Recv(endpoint, NULL);
    note((char)(seL4_Word)letter);
}

static void serve(void *letter)
{
    seL4_Recv(endpoint, NULL);
    for (int i = 0; i < 3; i++) {
        note((char)(seL4_Word)letter);
        seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), NULL);
    }
    note('!');
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    note((char)((seL4_Word)letter - 32));
}

static void send_then_note(void *letter)
{
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    note((char)(seL4_Word)letter);
}

static void test_ipc(void)
{
    section("messages");
    static const seL4_Word priorities[] = {PRIORITY_HIGH, PRIORITY_SAME, PRIORITY_LOW};
    static const char *const names[] = {"higher", "the same", "lower"};
    for (int i = 0; i < 3; i++) {
        SAY("%s priority\n", names[i]);
        for (char c = 'a'; c < 'c'; c++) {
            start(c, wait_then_note, priorities[i]);
        }
        let_run();
        seL4_Signal(notification);
        note('r');
        seL4_Signal(notification);
        note('r');
        let_run();
        log_show(" signals");
        for (char c = 'a'; c < 'c'; c++) {
            start(c, receive_then_note, priorities[i]);
        }
        let_run();
        seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
        note('r');
        seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
        note('r');
        let_run();
        log_show(" sends");
        start('s', serve, priorities[i]);
        let_run();
        for (int call = 0; call < 4; call++) {
            seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
            note('r');
        }
        let_run();
        log_show(" calls");
        for (char c = 'a'; c < 'c'; c++) {
            start(c, send_then_note, priorities[i]);
        }
        let_run();
        seL4_Recv(endpoint, NULL);
        note('r');
        seL4_Recv(endpoint, NULL);
        note('r');
        let_run();
        log_show(" receiving from waiting senders");
    }
}

/* Three of one priority, of which one wakes the others: who goes next? */
static void waker(void *letter)
{
    seL4_Signal(notification);
    note((char)(seL4_Word)letter);
    seL4_Signal(notification);
    note((char)(seL4_Word)letter);
    seL4_Yield();
    note((char)(seL4_Word)letter);
}

static void caller(void *letter)
{
    note((char)(seL4_Word)letter);
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    note((char)(seL4_Word)letter);
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    note((char)(seL4_Word)letter);
}

static void test_peers(void)
{
    section("among equals");
    start('a', wait_then_note, PRIORITY_LOW);
    start('b', wait_then_note, PRIORITY_LOW);
    let_run();
    start('y', once, PRIORITY_LOW);
    start('w', waker, PRIORITY_LOW);
    start('z', once, PRIORITY_LOW);
    let_run();
    log_show("two are woken while two are ready");
    start('s', serve, PRIORITY_LOW);
    let_run();
    start('y', yielder, PRIORITY_LOW);
    start('c', caller, PRIORITY_LOW);
    start('z', yielder, PRIORITY_LOW);
    let_run();
    log_show("a caller and a server while two yield");
    start('d', caller, PRIORITY_LOW);
    let_run();
    log_show("the server's last calls");
}

static volatile seL4_Word counters[2];
static volatile bool stop;

static void spin(void *index)
{
    while (!stop) {
        counters[(seL4_Word)index]++;
    }
}

static void test_time_slices(void)
{
    section("time slices");
    spawn("spin 0", spin, (void *)0, PRIORITY_LOW);
    spawn("spin 1", spin, (void *)1, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_LOW));
    while (counters[0] == 0 || counters[1] == 0) {
    }
    seL4_Word first = counters[0], second = counters[1];
    while (counters[0] == first || counters[1] == second) {
    }
    stop = true;
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT));
    let_run();
    SAY("three threads that never yield took turns\n");
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    test_order();
    test_changes();
    test_ipc();
    test_peers();
    test_time_slices();
    close();
    return 0;
}
