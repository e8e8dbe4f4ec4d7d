/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuring scheduling contexts: every limit, in the order in which the kernel looks, and what it does to a thread. */
#include "mcs.h"

static void configure(seL4_CPtr context, seL4_Time budget, seL4_Time period, seL4_Word extra, seL4_Word flags)
{
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, context, budget, period, extra, 0x77, flags),
         "budget %lx, period %lx, extra %lx, flags %lx", budget, period, extra, flags);
}

static void test_ranges(void)
{
    section("ranges");
    seL4_CPtr context = context_make_unconfigured();
    static const seL4_Time times[] = {0,
                                      1,
                                      18,
                                      19,
                                      20,
                                      21,
                                      1000,
                                      0x1000000000000,
                                      0x20c49ba5e353f8,
                                      0x7fffffffffffffff,
                                      0xffffffffffffffff};
    for (unsigned i = 0; i < sizeof(times) / sizeof(*times); i++) {
        configure(context, times[i], 1000, 0, 0);
        configure(context, 1000, times[i], 0, 0);
        configure(context, times[i], times[i], 0, 0);
    }
    configure(context, 999, 1000, 0, 0);
    configure(context, 1001, 1000, 0, 0);
}

static void test_order(void)
{
    section("order");
    seL4_CPtr context = context_make_unconfigured(), endpoint = make(seL4_EndpointObject);
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, endpoint, 1000, 1000, 0, 0, 0), "an endpoint");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, seL4_CapNull, 1000, 1000, 0, 0, 0), "nothing");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, slot(), 1000, 1000, 0, 0, 0), "an empty slot");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, SELF, 1000, 1000, 0, 0, 0), "a thread");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, endpoint, 0, 1000, 0, 0, 0),
         "an endpoint, budget 0");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, endpoint, 1000, 0, 0, 0, 0),
         "an endpoint, period 0");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, endpoint, 0, 0, 0, 0, 0), "an endpoint, both 0");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, endpoint, 1001, 1000, 0, 0, 0),
         "an endpoint, budget above the period");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, endpoint, 1000, 1000, 1000, 0, 0),
         "an endpoint, too many refills");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, context, 1001, 1000, 1000, 0, 0),
         "budget above the period, too many refills");
    CASE(seL4_SchedControl_ConfigureFlags(SELF, context, 1000, 1000, 0, 0, 0), "through a thread");
    CASE(seL4_SchedControl_ConfigureFlags(context, context, 1000, 1000, 0, 0, 0), "through itself");
    CASE(seL4_SchedControl_ConfigureFlags(slot(), context, 1000, 1000, 0, 0, 0), "through an empty slot");
    CASE(seL4_SchedControl_ConfigureFlags(copy(sched_control), context, 1000, 1000, 0, 0, 0),
         "through a copy");
    for (unsigned words = 0; words <= 5; words++) {
        invoke_case(sched_control, SchedControlConfigureFlags,
                    &(struct arguments){1, {context}, words, {1000, 1000, 0, 0, 0}}, "%u words", words);
    }
    invoke_case(sched_control, SchedControlConfigureFlags, ARGUMENTS(0, {0}, 5, {1000, 1000, 0, 0, 0}),
                "no capability");
    invoke_case(sched_control, SchedControlConfigureFlags, ARGUMENTS(0, {0}, 5, {0, 0, 0, 0, 0}),
                "no capability, budget 0");
}

static void test_refills(void)
{
    section("refills by size");
    for (seL4_Word bits = seL4_MinSchedContextBits; bits <= 12; bits++) {
        seL4_CPtr context = make_sized(seL4_SchedContextObject, bits);
        seL4_Word most = ((seL4_Word)1 << bits) / 16;
        SAY("size %lu\n", bits);
        configure(context, 1000, 2000, most, 0);
        configure(context, 1000, 2000, most - 8, 0);
        configure(context, 1000, 2000, most - 7, 0);
        configure(context, 1000, 1000, most - 8, 0);
        configure(context, 1000, 1000, most - 7, 0);
        configure(context, 1000, 2000, ~(seL4_Word)0, 0);
        configure(context, 1000, 2000, (seL4_Word)1 << 32, 0);
    }
}

static void test_flags(void)
{
    section("flags");
    seL4_CPtr context = context_make_unconfigured();
    static const seL4_Word flags[] = {0, 1, 2, 3, 0x80000000, ~(seL4_Word)0};
    for (unsigned i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        configure(context, 1000, 2000, 0, flags[i]);
    }
    CASE(seL4_SchedControl_Configure(sched_control, context, 1000, 2000, 0, 0), "without flags");
}

static void count(void *counter)
{
    note("ran");
    ++*(volatile int *)counter;
}

static void test_threads(void)
{
    section("of a thread");
    int counter = 0;
    seL4_CPtr context = context_make_unconfigured();
    struct sel4_util_thread *thread = thread_make("a", count, &counter, PRIORITY_HIGH, seL4_CapNull, 0);
    notes_print("no scheduling context");
    CASE(seL4_SchedContext_Bind(context, thread->tcb), "bind, not configured");
    notes_print("not configured");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, context, LONG_US, LONG_US, 0, 0, 0), "configure");
    notes_print("configured");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, context, LONG_US, LONG_US, 0, 0, 0),
         "of one that stopped");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, OWN_CONTEXT, LONG_US, LONG_US, 0, 0, 0),
         "one's own");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, OWN_CONTEXT, 1000, 2000, 0, 0, 0),
         "one's own, half");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, OWN_CONTEXT, LONG_US, LONG_US, 0, 0, 1),
         "one's own, sporadic");
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, OWN_CONTEXT, 5000, 5000, 0, 0, 0),
         "one's own, as it was");
    thread = thread_make("b", count, &counter, PRIORITY_LOW, context_make(), 0);
    notes_print("a lower one");
    seL4_CPtr low = context_make();
    thread = thread_make("c", count, &counter, PRIORITY_LOW, low, 0);
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, low, LONG_US / 2, LONG_US, 0, 0, 0),
         "of one that is ready");
    let_run();
    notes_print("both");
    SAY("%d runs\n", counter);
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    test_ranges();
    test_order();
    test_refills();
    test_flags();
    test_threads();
    close();
    return 0;
}
