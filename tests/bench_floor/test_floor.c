/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floors: each is there, plausible, ended in time, and leaves no trace in the caller. The
 * bounds are wide on purpose: the machine that runs this may be busy.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/floor/floor.h"
#include "host/timer.h"
#include "tests/check.h"

static const char *const measured[] = {
    "call_cross_vspace", "notification_cross_vspace",
    "null_invocation",   "null_invocation_trapped",
    "user_exception",    "map_touch_unmap",
    "map_unmap",         "map_run_64",
    "integer_loop",      "memory_loop",
    "memory_loop_large", "float_loop",
    "macro_compute",
};

enum {
    MEASURED = sizeof(measured) / sizeof(measured[0]),
    ORPHANS_PATIENCE_US = 2000000,
};

static bool measure(const char *benchmark, struct floor_way *result)
{
    uint64_t start_ns = host_now_ns();
    struct floor_ways ways = {0};
    *result = (struct floor_way){0};
    bool holds = CHECK_EQ(floor_measure(benchmark, -1, &ways), 0) && CHECK(floor_cheapest(&ways) != NULL);
    double elapsed_ms = (double)(host_now_ns() - start_ns) / 1e6;
    if (holds)
        *result = *floor_cheapest(&ways);
    printf("%-26s %-10s median %10.1f ns, min %10.1f ns, %u runs, took %.0f ms\n", benchmark,
           result->name ? result->name : "-", result->median_ns, result->min_ns, result->runs, elapsed_ms);
    fflush(stdout);
    return CHECK(elapsed_ms < 15000) && holds;
}

static bool name_is(const struct floor_way *result, const char *name)
{
    return strcmp(result->name, name) == 0;
}

static void test_each_floor_is_plausible(void)
{
    for (unsigned i = 0; i < MEASURED; i++) {
        struct floor_way result;
        if (!measure(measured[i], &result))
            continue;
        CHECK(result.runs >= 9);
        CHECK(result.min_ns > 1 && result.min_ns <= result.median_ns);
        CHECK(result.median_ns < 1e9);
    }
}

static void test_names_say_what_was_measured(void)
{
    struct floor_way result;
    if (measure("call_cross_vspace", &result))
        CHECK(name_is(&result, "futex") || name_is(&result, "yield") || name_is(&result, "asymmetric"));
    if (measure("null_invocation", &result))
        CHECK_STR_EQ(result.name, "getppid");
    if (measure("null_invocation_trapped", &result))
        CHECK_STR_EQ(result.name, "sigsys");
    if (measure("user_exception", &result))
        CHECK_STR_EQ(result.name, "sigsegv");
    if (measure("map_unmap", &result))
        CHECK_STR_EQ(result.name, "mmap");
    if (measure("memory_loop", &result))
        CHECK_STR_EQ(result.name, "same code");
}

/* If system calls were carried out instead of dispatched, the trap would cost no more than they do. */
static void test_what_does_more_costs_more(void)
{
    struct floor_way call, trap, untouched, touched, run;
    if (measure("null_invocation", &call) && measure("null_invocation_trapped", &trap))
        CHECK(trap.min_ns > 2 * call.min_ns);
    if (measure("map_touch_unmap", &touched) && measure("map_run_64", &run))
        CHECK(run.min_ns > touched.min_ns);
    if (measure("map_unmap", &untouched) && measure("map_touch_unmap", &touched))
        CHECK(touched.min_ns > untouched.min_ns);
}

static void test_no_floor_is_enoent(void)
{
    static const char *const without[] = {"yield_alone", "notification_pingpong", "macro_calls", "nonsense",
                                          ""};
    for (unsigned i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        struct floor_ways ways = {.count = 1, .ways = {{.name = "untouched", .median_ns = 1, .runs = 9}}};
        CHECK_EQ(floor_measure(without[i], -1, &ways), -ENOENT);
        CHECK_EQ(ways.count, 1);
        CHECK_STR_EQ(floor_cheapest(&ways)->name, "untouched");
    }
}

static void test_nothing_has_no_cheapest(void)
{
    struct floor_ways ways = {0};
    CHECK(floor_cheapest(&ways) == NULL);
}

/* Futex and yield work wherever this runs; real-time priorities may be forbidden. */
static void test_a_handover_has_several_ways(void)
{
    struct floor_ways ways = {0};
    CHECK_EQ(floor_measure("call_cross_vspace", -1, &ways), 0);
    CHECK(ways.count >= 2 && ways.count <= FLOOR_WAYS_MAX);
    CHECK_STR_EQ(ways.ways[0].name, "futex");
    CHECK_STR_EQ(ways.ways[1].name, "yield");
    for (unsigned i = 0; i < ways.count; i++)
        CHECK(ways.ways[i].median_ns >= floor_cheapest(&ways)->median_ns);
}

static void test_a_second_time_keeps_the_smaller_median(void)
{
    struct floor_ways ways = {0};
    CHECK_EQ(floor_measure("null_invocation", -1, &ways), 0);
    double first_ns = ways.ways[0].median_ns;
    CHECK_EQ(floor_measure("null_invocation", -1, &ways), 0);
    CHECK(ways.count == 1 && ways.ways[0].median_ns <= first_ns);

    ways.ways[0] = (struct floor_way){.name = "getppid", .median_ns = 1e9, .min_ns = 1e9, .runs = 9};
    CHECK_EQ(floor_measure("null_invocation", -1, &ways), 0);
    CHECK(ways.count == 1 && ways.ways[0].median_ns < 1e9);
    ways.ways[0] = (struct floor_way){.name = "getppid", .median_ns = 0.5, .min_ns = 0.5, .runs = 9};
    CHECK_EQ(floor_measure("null_invocation", -1, &ways), 0);
    CHECK(ways.count == 1 && ways.ways[0].median_ns < 1);
}

static void test_caller_is_left_alone(void)
{
    cpu_set_t before, after;
    sigset_t blocked, mask;
    struct sigaction segv_before, segv_after, sys_after;
    struct floor_way result;
    sigaction(SIGSEGV, NULL, &segv_before); /* a sanitizer's, perhaps */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGSYS);
    sigaddset(&blocked, SIGSEGV);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    sched_getaffinity(0, sizeof(before), &before);
    for (unsigned i = 0; i < MEASURED; i++)
        measure(measured[i], &result);

    sigaction(SIGSEGV, NULL, &segv_after);
    sigaction(SIGSYS, NULL, &sys_after);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sched_getaffinity(0, sizeof(after), &after);
    CHECK(segv_after.sa_sigaction == segv_before.sa_sigaction);
    CHECK(sys_after.sa_handler == SIG_DFL);
    CHECK(sigismember(&mask, SIGSYS) && sigismember(&mask, SIGSEGV));
    CHECK(CPU_EQUAL(&before, &after));
    CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
    CHECK(waitpid(-1, NULL, __WALL) < 0 && errno == ECHILD);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
}

static void test_caller_may_ignore_its_children(void)
{
    struct floor_way result;
    signal(SIGCHLD, SIG_IGN);
    measure("null_invocation", &result);
    measure("call_cross_vspace", &result);
    signal(SIGCHLD, SIG_DFL);
}

static _Noreturn void measure_for_ever(const char *benchmark)
{
    struct floor_ways ways = {0};
    setpgid(0, 0);
    while (floor_measure(benchmark, -1, &ways) == 0)
        ;
    _exit(1);
}

/* Takes what the group left behind until nothing is left; as a subreaper we are given every orphan. */
static bool group_is_gone(pid_t group)
{
    for (unsigned waited_us = 0; waited_us < ORPHANS_PATIENCE_US; waited_us += 1000) {
        while (waitpid(-group, NULL, __WALL | WNOHANG) > 0)
            ;
        if (kill(-group, 0) < 0)
            return errno == ESRCH;
        usleep(1000);
    }
    kill(-group, SIGKILL);
    return false;
}

static void test_children_die_with_the_caller(void)
{
    CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    for (unsigned i = 0; i < 20; i++) {
        pid_t caller = fork();
        if (caller == 0)
            measure_for_ever(measured[i % MEASURED]);
        if (!CHECK(caller > 0))
            return;
        setpgid(caller, caller);
        usleep(5000 + i * 3000);
        kill(caller, SIGKILL);
        CHECK(group_is_gone(caller));
    }
}

CHECK_MAIN(CHECK_TEST(test_each_floor_is_plausible), CHECK_TEST(test_names_say_what_was_measured),
           CHECK_TEST(test_what_does_more_costs_more), CHECK_TEST(test_no_floor_is_enoent),
           CHECK_TEST(test_nothing_has_no_cheapest), CHECK_TEST(test_a_handover_has_several_ways),
           CHECK_TEST(test_a_second_time_keeps_the_smaller_median), CHECK_TEST(test_caller_is_left_alone),
           CHECK_TEST(test_caller_may_ignore_its_children), CHECK_TEST(test_children_die_with_the_caller))
