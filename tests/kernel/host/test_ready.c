/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watching: one event per watch, the order of the ready list, who is signalled,
 * and what happens to all that when something of it goes. Each test runs on both personalities.
 */
#include "tests/kernel/host/host_rig.h"

#include "kernel/mcs/sched_context.h"
#include "kernel/state.h"

enum {
    EVENTS = IMAGE + 2 * PAGE,
    IN = 1,
    OUT = 4,
    HANG_UP = 16,
    BADGE = 0x40
};

static bool is_mcs;

struct ready_rig {
    struct rig rig;
    uint64_t set, notification, badged;
};

static struct ready_rig ready_open_with(struct sim_options options)
{
    options.is_mcs = is_mcs;
    struct ready_rig r = {.rig = host_rig_open_with(options)};
    r.set = host_new_set(&r.rig);
    r.notification = rig_new(&r.rig, OBJECT_NOTIFICATION, 0);
    r.badged = rig_free_slot(&r.rig);
    CHECK_OK(rig_mint(&r.rig, r.badged, r.notification, RIGHTS_ALL, BADGE));
    CHECK_EQ(host_result(host_invoke(&r.rig, r.set, HOST_READY_BIND, NO_WORDS, CAPS(r.badged))), 0);
    return r;
}

static struct ready_rig ready_open(void)
{
    return ready_open_with((struct sim_options){.release = 16});
}

static int64_t watch(struct ready_rig *r, uint64_t file, uint64_t events, uint64_t token)
{
    return host_result(host_invoke(&r->rig, file, HOST_FILE_WATCH, WORDS(events, token), CAPS(r->set)));
}

static int64_t unwatch(struct ready_rig *r, uint64_t file)
{
    return host_result(host_invoke(&r->rig, file, HOST_FILE_WATCH, WORDS(0, 0), NO_CAPS));
}

static bool event(struct ready_rig *r, uint64_t file, uint32_t events)
{
    return sim_host_event(r->rig.sim, host_object_of(&r->rig, file)->handle, events);
}

/* Take up to `room` events; they are these (pairs of token and events), and no more. */
#define CHECK_TAKE(r, room, ...) check_take(r, room, WORDS(__VA_ARGS__), __LINE__)
static void check_take(struct ready_rig *r, uint64_t room, const uint64_t *words, size_t count, int line)
{
    int64_t taken = host_result(host_invoke(&r->rig, r->set, HOST_READY_TAKE, WORDS(EVENTS, room), NO_CAPS));
    const uint64_t *found = host_get(&r->rig, EVENTS);
    check_report_eq((uint64_t)taken, count / 2, __FILE__, line, "events taken");
    for (size_t i = 0; i < count && i < (size_t)taken * 2; i++)
        check_report_eq(found[i], words[i], __FILE__, line, i % 2 ? "events" : "token");
}

static void check_take_none(struct ready_rig *r)
{
    CHECK_EQ(host_result(host_invoke(&r->rig, r->set, HOST_READY_TAKE, WORDS(EVENTS, 9), NO_CAPS)), 0);
}

/* What was signalled since the last look; 0 is nothing. */
static uint64_t signals(struct ready_rig *r)
{
    if (is_mcs)
        rig_syscall(&r->rig, SYSCALL_NB_WAIT, r->notification, 0, NO_WORDS, NO_CAPS);
    else
        rig_nb_recv(&r->rig, r->notification);
    return rig_answer(&r->rig).badge;
}

static void test_one_event(void)
{
    struct ready_rig r = ready_open();
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
    uint32_t handle = host_object_of(&r.rig, file)->handle;
    CHECK_EQ(watch(&r, file, IN | HANG_UP, 77), 0);
    CHECK_EQ(r.rig.sim->host.watch[handle].events, IN | HANG_UP);
    CHECK_EQ(r.rig.sim->host.watch[handle].cookie, rig_cap(&r.rig, file).paddr);
    check_take_none(&r);
    CHECK(!event(&r, file, OUT));
    CHECK_EQ(signals(&r), 0);
    CHECK(event(&r, file, IN));
    CHECK_EQ(signals(&r), BADGE);
    CHECK(!event(&r, file, IN)); /* one shot */
    CHECK_EQ(signals(&r), 0);
    CHECK_TAKE(&r, 9, 77, IN);
    check_take_none(&r);
    CHECK_EQ(watch(&r, file, IN, 78), 0);
    CHECK(event(&r, file, IN));
    CHECK_TAKE(&r, 9, 78, IN);
    rig_close(&r.rig);
}

static void test_order(void)
{
    struct ready_rig r = ready_open();
    uint64_t file[5];
    for (unsigned i = 0; i < 5; i++) {
        file[i] = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
        CHECK_EQ(watch(&r, file[i], IN, i), 0);
    }
    static const unsigned order[] = {3, 0, 4, 2};
    for (unsigned i = 0; i < 4; i++)
        CHECK(event(&r, file[order[i]], IN));
    CHECK_TAKE(&r, 2, 3, IN, 0, IN);
    CHECK(event(&r, file[1], IN));
    CHECK_EQ(watch(&r, file[3], IN, 33), 0); /* the first comes again */
    CHECK(event(&r, file[3], IN));
    CHECK_TAKE(&r, 9, 4, IN, 2, IN, 1, IN, 33, IN);
    rig_close(&r.rig);
}

/* A watch that is renewed forgets the event that nobody took: it will come again if it is still true. */
static void test_watch_again_before_taking(void)
{
    struct ready_rig r = ready_open();
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
    CHECK_EQ(watch(&r, file, IN, 1), 0);
    CHECK_EQ(watch(&r, file, OUT, 2), 0);
    CHECK(!event(&r, file, IN));
    CHECK(event(&r, file, OUT));
    CHECK_EQ(watch(&r, file, IN, 3), 0);
    check_take_none(&r);
    CHECK(event(&r, file, IN));
    CHECK_TAKE(&r, 9, 3, IN);
    rig_close(&r.rig);
}

static void test_unwatch(void)
{
    struct ready_rig r = ready_open();
    uint64_t a = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY)), b = host_open_timer(&r.rig);
    CHECK_EQ(watch(&r, a, IN, 1), 0);
    CHECK_EQ(watch(&r, b, IN, 2), 0);
    CHECK_EQ(unwatch(&r, a), 0);
    CHECK(!event(&r, a, IN));
    CHECK(event(&r, b, IN));
    uint64_t calls = r.rig.sim->host.watch_calls;
    CHECK_EQ(unwatch(&r, b), 0); /* off the ready list; the host has no watch any more */
    CHECK_EQ(unwatch(&r, b), 0);
    CHECK_EQ(r.rig.sim->host.watch_calls, calls);
    check_take_none(&r);
    rig_close(&r.rig);
}

static void test_refused_by_the_host(void)
{
    struct ready_rig r = ready_open();
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
    uint32_t handle = host_object_of(&r.rig, file)->handle;
    r.rig.sim->host.watch_result = -1;
    CHECK_EQ(watch(&r, file, IN, 1), -1);
    CHECK_EQ(host_object_of(&r.rig, file)->watch, HOST_IDLE);
    r.rig.sim->host.watch_result = 0;
    CHECK_EQ(watch(&r, file, IN, 1), 0);
    r.rig.sim->host.watch_result = -12;
    CHECK_EQ(watch(&r, file, OUT, 1), -12); /* the old watch is gone on both sides */
    CHECK_EQ(host_object_of(&r.rig, file)->watch, HOST_IDLE);
    CHECK_EQ(r.rig.sim->host.watch[handle].events, 0);
    rig_close(&r.rig);
}

static void test_other_set(void)
{
    struct ready_rig r = ready_open();
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY)), first = r.set;
    CHECK_EQ(watch(&r, file, IN, 1), 0);
    r.set = host_new_set(&r.rig);
    CHECK_EQ(watch(&r, file, IN, 2), 0);
    CHECK(event(&r, file, IN));
    CHECK_EQ(signals(&r), 0); /* the second has no notification */
    CHECK_TAKE(&r, 9, 2, IN);
    r.set = first;
    check_take_none(&r);
    rig_close(&r.rig);
}

static void test_somebody_waits(void)
{
    struct ready_rig r = ready_open();
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
    uint64_t waiter = rig_thread(&r.rig, 255, 0);
    CHECK_EQ(watch(&r, file, IN, 1), 0);
    rig_yield_to(&r.rig, waiter);
    rig_syscall(&r.rig, is_mcs ? SYSCALL_WAIT : SYSCALL_RECV, r.notification, 0, NO_WORDS, NO_CAPS);
    CHECK(rig_root_runs(&r.rig));
    CHECK_EQ(rig_state(&r.rig, waiter), THREAD_BLOCKED_ON_NOTIFICATION);
    CHECK(event(&r, file, IN));
    CHECK_EQ(rig_state(&r.rig, waiter), THREAD_RUNNING);
    rig_yield_to(&r.rig, waiter);
    CHECK_EQ(rig_answer(&r.rig).badge, BADGE);
    rig_close(&r.rig);
}

/* With nothing to run, an event wakes the system up. */
static void test_wakes_from_idle(void)
{
    struct ready_rig r = ready_open();
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
    CHECK_EQ(watch(&r, file, IN, 1), 0);
    rig_syscall(&r.rig, is_mcs ? SYSCALL_WAIT : SYSCALL_RECV, r.notification, 0, NO_WORDS, NO_CAPS);
    CHECK_EQ(r.rig.sim->next.kind, NEXT_IDLE);
    CHECK(event(&r, file, IN));
    CHECK(rig_root_runs(&r.rig));
    CHECK_EQ(rig_answer(&r.rig).badge, BADGE);
    rig_close(&r.rig);
}

/* What is ready before there is a notification is not forgotten. */
static void test_bind_late(void)
{
    struct ready_rig r = ready_open();
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
    CHECK_EQ(host_result(host_invoke(&r.rig, r.set, HOST_READY_BIND, NO_WORDS, NO_CAPS)), 0);
    CHECK(slot_is_empty(&host_object_of(&r.rig, r.set)->slot));
    CHECK_EQ(watch(&r, file, IN, 1), 0);
    CHECK(event(&r, file, IN));
    CHECK_EQ(signals(&r), 0);
    CHECK_EQ(host_result(host_invoke(&r.rig, r.set, HOST_READY_BIND, NO_WORDS, CAPS(r.badged))), 0);
    CHECK_EQ(signals(&r), BADGE);
    rig_close(&r.rig);
}

static void test_bind_refusals(void)
{
    struct ready_rig r = ready_open();
    uint64_t reader = host_with_rights(&r.rig, r.notification, RIGHT_READ);
    uint64_t writer = host_with_rights(&r.rig, r.set, RIGHT_WRITE);
    CHECK_REFUSED(host_invoke(&r.rig, r.set, HOST_READY_BIND, NO_WORDS, CAPS(reader)), ABI_INVALID_CAPABILITY,
                  0);
    CHECK_REFUSED(host_invoke(&r.rig, r.set, HOST_READY_BIND, NO_WORDS, CAPS(ABI_SLOT_TCB)),
                  ABI_INVALID_CAPABILITY, 0);
    CHECK_EQ(host_result(host_invoke(&r.rig, writer, HOST_READY_BIND, NO_WORDS, CAPS(r.badged))),
             -HOST_ERROR_ACCESS);
    CHECK_EQ(host_object_of(&r.rig, r.set)->slot.cap.badge, BADGE);
    rig_close(&r.rig);
}

/* --- when something goes --- */

static void test_revoke_of_the_notification(void)
{
    struct ready_rig r = ready_open();
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
    CHECK_EQ(watch(&r, file, IN, 1), 0);
    CHECK_OK(rig_revoke(&r.rig, r.notification));
    CHECK(slot_is_empty(&host_object_of(&r.rig, r.set)->slot));
    CHECK(event(&r, file, IN));
    CHECK_EQ(signals(&r), 0);
    CHECK_TAKE(&r, 9, 1, IN);
    rig_close(&r.rig);
}

/* The set may hold the last capability to its notification. */
static void test_last_notification(void)
{
    struct ready_rig r = ready_open();
    uint64_t waiter = rig_thread(&r.rig, 255, 0);
    rig_yield_to(&r.rig, waiter);
    rig_syscall(&r.rig, is_mcs ? SYSCALL_WAIT : SYSCALL_RECV, r.notification, 0, NO_WORDS, NO_CAPS);
    CHECK_OK(rig_delete(&r.rig, r.badged));
    CHECK_OK(rig_delete(&r.rig, r.notification));
    CHECK_EQ(rig_state(&r.rig, waiter), THREAD_BLOCKED_ON_NOTIFICATION);
    CHECK_OK(rig_delete(&r.rig, r.set));
    CHECK(rig_state(&r.rig, waiter) == THREAD_RESTART || rig_runs(&r.rig, waiter));
    rig_close(&r.rig);
}

static void test_delete_of_a_file(void)
{
    struct ready_rig r = ready_open();
    uint64_t file[3];
    for (unsigned i = 0; i < 3; i++) {
        file[i] = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
        CHECK_EQ(watch(&r, file[i], IN, i), 0);
    }
    CHECK(event(&r, file[0], IN));
    CHECK(event(&r, file[2], IN));
    uint64_t cookie = rig_cap(&r.rig, file[1]).paddr;
    CHECK_OK(rig_delete(&r.rig, file[1])); /* armed */
    CHECK_OK(rig_delete(&r.rig, file[2])); /* ready */
    CHECK_EQ(r.rig.sim->host.close_calls, 2);
    CHECK_EQ(signals(&r), BADGE);
    sim_trap(r.rig.sim, (struct trap){.kind = TRAP_HOST, .address = cookie, .status = IN});
    CHECK_EQ(signals(&r), 0);
    CHECK_TAKE(&r, 9, 0, IN);
    rig_close(&r.rig);
}

static void test_delete_of_a_set(void)
{
    struct ready_rig r = ready_open();
    uint64_t file[4], other = r.set;
    r.set = host_new_set(&r.rig);
    for (unsigned i = 0; i < 4; i++) {
        file[i] = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
        CHECK_EQ(watch(&r, file[i], IN, i), 0);
    }
    CHECK(event(&r, file[1], IN));
    CHECK_EQ(host_result(host_invoke(&r.rig, r.set, HOST_READY_BIND, NO_WORDS, CAPS(r.badged))), 0);
    CHECK_OK(rig_delete(&r.rig, r.set));
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(host_object_of(&r.rig, file[i])->watch, HOST_IDLE);
        CHECK(!event(&r, file[i], IN));
    }
    CHECK_EQ(r.rig.sim->host.close_calls, 0);
    r.set = other;
    CHECK_EQ(watch(&r, file[0], IN, 7), 0);
    CHECK(event(&r, file[0], IN));
    CHECK_TAKE(&r, 9, 7, IN);
    rig_close(&r.rig);
}

/* A large set ends in steps; between two of them events still arrive, but nothing new can be watched. */
static void test_delete_is_preempted(void)
{
    struct ready_rig r = ready_open_with((struct sim_options){.work_units = 1});
    enum {
        FILES = 20
    };
    uint64_t file[FILES];
    for (unsigned i = 0; i < FILES; i++) {
        file[i] = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
        CHECK_EQ(watch(&r, file[i], IN, i), 0);
    }
    r.rig.sim->preempt_countdown = 5;
    rig_syscall(&r.rig, SYSCALL_CALL, ABI_SLOT_CNODE,
                rig_info(rig_label(&r.rig, OPERATION_CNODE_DELETE), 0, 2), WORDS(r.set, 64), NO_CAPS);
    CHECK(sim_is_restarted(r.rig.sim));
    unsigned armed = 0;
    for (unsigned i = 0; i < FILES; i++)
        armed += host_object_of(&r.rig, file[i])->watch == HOST_ARMED;
    CHECK_EQ(armed, FILES - 5);
    sim_host_event(r.rig.sim, host_object_of(&r.rig, file[FILES - 1])->handle, IN);
    r.rig.sim->preempt_countdown = 0;
    CHECK_REFUSED(host_invoke(&r.rig, file[0], HOST_FILE_WATCH, WORDS(IN, 0), CAPS(r.set)),
                  ABI_INVALID_CAPABILITY, 0);
    CHECK_EQ(unwatch(&r, file[FILES - 2]), 0);
    CHECK_OK(rig_delete(&r.rig, r.set));
    for (unsigned i = 0; i < FILES; i++)
        CHECK_EQ(host_object_of(&r.rig, file[i])->watch, HOST_IDLE);
    rig_close(&r.rig);
}

/* Files, set and notification go together with their memory, in whatever order that is. */
static void test_revoke_of_everything(void)
{
    for (unsigned order = 0; order < 2; order++) {
        struct ready_rig r = ready_open();
        uint64_t untyped = rig_new_small_untyped(&r.rig, 12), first = r.rig.next_slot;
        CHECK_OK(host_retype(&r.rig, untyped, first, 3));
        CHECK_OK(rig_retype(&r.rig, untyped, OBJECT_NOTIFICATION, 0, first + 3, 1));
        r.rig.next_slot += 4;
        r.set = first + (order ? 0 : 2);
        CHECK_EQ(host_result(host_invoke(&r.rig, r.set, HOST_OBJECT_MAKE_READY_SET, NO_WORDS, NO_CAPS)), 0);
        CHECK_EQ(host_result(host_invoke(&r.rig, r.set, HOST_READY_BIND, NO_WORDS, CAPS(first + 3))), 0);
        for (unsigned i = 0; i < 2; i++) {
            uint64_t timer = first + i + (order ? 1 : 0);
            CHECK_EQ(host_result(host_invoke(&r.rig, host_root(&r.rig, ROOT_CLOCK), HOST_CLOCK_TIMER,
                                             WORDS(1), CAPS(timer))),
                     0);
            CHECK_EQ(watch(&r, timer, IN, i), 0);
            if (i)
                CHECK(event(&r, timer, IN));
        }
        CHECK_OK(rig_revoke(&r.rig, untyped));
        CHECK_EQ(r.rig.sim->host.close_calls, 2);
        rig_close(&r.rig);
    }
}

/* Events for what is no watched object do nothing. */
static void test_stray_events(void)
{
    struct ready_rig r = ready_open();
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
    uint64_t cookies[] = {0,
                          1,
                          UINT64_MAX,
                          r.rig.k->memory_size,
                          rig_cap(&r.rig, file).paddr,
                          rig_cap(&r.rig, r.set).paddr,
                          rig_cap(&r.rig, file).paddr + 8,
                          rig_cap(&r.rig, host_root(&r.rig, ROOT_INPUT)).paddr -
                              1, /* where it may look armed */
                          KERNEL_PADDR};
    for (unsigned i = 0; i < sizeof cookies / sizeof *cookies; i++)
        sim_trap(r.rig.sim, (struct trap){.kind = TRAP_HOST, .address = cookies[i], .status = IN});
    CHECK_EQ(signals(&r), 0);
    check_take_none(&r);
    rig_close(&r.rig);
    struct rig plain = is_mcs ? rig_open_mcs() : rig_open();
    sim_trap(plain.sim, (struct trap){.kind = TRAP_HOST, .address = plain.root, .status = IN});
    CHECK(rig_root_runs(&plain));
    rig_close(&plain);
}

/* --- taking --- */

static void test_take_at_the_edge_of_memory(void)
{
    struct ready_rig r = ready_open();
    uint64_t file[3];
    for (unsigned i = 0; i < 3; i++) {
        file[i] = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
        CHECK_EQ(watch(&r, file[i], IN, 100 + i), 0);
        CHECK(event(&r, file[i], IN));
    }
    host_unmap(&r.rig, 4);
    uint64_t end = IMAGE + 4 * PAGE;
    CHECK_EQ(host_result(host_invoke(&r.rig, r.set, HOST_READY_TAKE, WORDS(end - 15, 9), NO_CAPS)),
             -HOST_ERROR_FAULT);
    CHECK_EQ(host_result(host_invoke(&r.rig, r.set, HOST_READY_TAKE, WORDS(end - 40, 9), NO_CAPS)), 2);
    const uint64_t *found = host_get(&r.rig, end - 40);
    CHECK_EQ(found[0], 100);
    CHECK_EQ(found[2], 101);
    CHECK_EQ(host_result(host_invoke(&r.rig, r.set, HOST_READY_TAKE, WORDS(end, 0), NO_CAPS)), 0);
    CHECK_EQ(
        host_result(host_invoke(&r.rig, r.set, HOST_READY_TAKE, WORDS(IMAGE + 3 * PAGE - 7, 9), NO_CAPS)), 1);
    uint64_t token;
    memcpy(&token, host_get(&r.rig, IMAGE + 3 * PAGE - 7), 7);
    memcpy((char *)&token + 7, host_get(&r.rig, IMAGE + 3 * PAGE), 1);
    CHECK_EQ(token, 102);
    rig_close(&r.rig);
}

static void test_take_rights(void)
{
    struct ready_rig r = ready_open();
    uint64_t writer = host_with_rights(&r.rig, r.set, RIGHT_WRITE);
    CHECK_EQ(host_result(host_invoke(&r.rig, writer, HOST_READY_TAKE, WORDS(EVENTS, 9), NO_CAPS)),
             -HOST_ERROR_ACCESS);
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY)), set = r.set;
    r.set = writer; /* enough to put a file into it */
    CHECK_EQ(watch(&r, file, IN, 4), 0);
    CHECK(event(&r, file, IN));
    r.set = set;
    CHECK_TAKE(&r, 1, 4, IN);
    rig_close(&r.rig);
}

/* Like an interrupt, it takes time from whoever runs; who has none left, runs no more. */
static void test_time_is_charged(void)
{
    is_mcs = true;
    struct ready_rig r = ready_open();
    uint64_t file = host_open(&r.rig, host_root(&r.rig, ROOT_DIRECTORY));
    uint64_t waiter = rig_thread(&r.rig, 200, 0);
    CHECK_EQ(watch(&r, file, IN, 1), 0);
    r.rig.sim->now_ns += 1000 * NS_PER_US;
    CHECK(event(&r, file, IN));
    CHECK_EQ(r.rig.k->state->mcs.now_ns, r.rig.sim->now_ns);
    CHECK(rig_root_runs(&r.rig));
    CHECK_EQ(watch(&r, file, IN, 1), 0);
    uint64_t budget = rig_context(&r.rig, ABI_SLOT_SCHED_CONTEXT)->budget_ns;
    CHECK_EQ(
        rig_configure(&r.rig, ABI_SLOT_SCHED_CONTEXT, budget / NS_PER_US, budget / NS_PER_US * 10, 0, 0, 0),
        0);
    r.rig.sim->now_ns += 2 * budget;
    CHECK(event(&r, file, IN));
    CHECK(rig_runs(&r.rig, waiter));
    rig_close(&r.rig);
}

ON_BOTH(test_one_event)
ON_BOTH(test_order)
ON_BOTH(test_watch_again_before_taking)
ON_BOTH(test_unwatch)
ON_BOTH(test_refused_by_the_host)
ON_BOTH(test_other_set)
ON_BOTH(test_somebody_waits)
ON_BOTH(test_wakes_from_idle)
ON_BOTH(test_bind_late)
ON_BOTH(test_bind_refusals)
ON_BOTH(test_revoke_of_the_notification)
ON_BOTH(test_last_notification)
ON_BOTH(test_delete_of_a_file)
ON_BOTH(test_delete_of_a_set)
ON_BOTH(test_delete_is_preempted)
ON_BOTH(test_revoke_of_everything)
ON_BOTH(test_stray_events)
ON_BOTH(test_take_at_the_edge_of_memory)
ON_BOTH(test_take_rights)

CHECK_MAIN(BOTH_TESTS(test_one_event), BOTH_TESTS(test_order), BOTH_TESTS(test_watch_again_before_taking),
           BOTH_TESTS(test_unwatch), BOTH_TESTS(test_refused_by_the_host), BOTH_TESTS(test_other_set),
           BOTH_TESTS(test_somebody_waits), BOTH_TESTS(test_wakes_from_idle), BOTH_TESTS(test_bind_late),
           BOTH_TESTS(test_bind_refusals), BOTH_TESTS(test_revoke_of_the_notification),
           BOTH_TESTS(test_last_notification), BOTH_TESTS(test_delete_of_a_file),
           BOTH_TESTS(test_delete_of_a_set), BOTH_TESTS(test_delete_is_preempted),
           BOTH_TESTS(test_revoke_of_everything), BOTH_TESTS(test_stray_events),
           BOTH_TESTS(test_take_at_the_edge_of_memory), BOTH_TESTS(test_take_rights),
           CHECK_TEST(test_time_is_charged))
