/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel with four domains and a hundred entries of the schedule: every argument of the domain invocations,
 * and who runs when. Only domain 0 has a turn for long, so that the program goes on; the others get one entry
 * now and then.
 */
#include "conformance.h"

enum {
    DOMAINS = 4,
    SCHEDULE = 100,
    TURNS = 3,
    TICKS = 50 /* of a turn, long enough for a busy machine */
};

static seL4_CPtr done;
static seL4_Word seen[16];
static volatile unsigned seen_count;

static void configure(seL4_Word index, seL4_Word domain, seL4_Word duration)
{
    CASE(seL4_DomainSet_ScheduleConfigure(seL4_CapDomain, index, (seL4_Uint8)domain, duration),
         "configure %lx, domain %lu, %lx", index, domain, duration);
}

static void arguments(void)
{
    static const seL4_Word indices[] = {0,        1,   2,   SCHEDULE - 3, SCHEDULE - 2, SCHEDULE - 1,
                                        SCHEDULE, 255, 256, 1ul << 32,    ~0ul};
    static const seL4_Word durations[] = {0, 1, (1ul << 56) - 1, 1ul << 56, ~0ul};
    seL4_CPtr endpoint = make(seL4_EndpointObject);
    seL4_TCB tcb = make(seL4_TCBObject);

    section("set");
    for (seL4_Word domain = 0; domain < DOMAINS + 2; domain++) {
        CASE(seL4_DomainSet_Set(seL4_CapDomain, (seL4_Uint8)domain, tcb), "domain %lu", domain);
        CASE(seL4_DomainSet_Set(seL4_CapDomain, (seL4_Uint8)domain, endpoint), "domain %lu, an endpoint",
             domain);
    }
    CASE(seL4_DomainSet_Set(seL4_CapDomain, 255, tcb), "domain 255");
    invoke_case(seL4_CapDomain, DomainSetSet,
                ARGUMENTS(.cap_count = 1, .caps = {tcb}, .word_count = 1, .words = {256}), "domain 256");
    invoke_case(seL4_CapDomain, DomainSetSet, ARGUMENTS(.word_count = 1, .words = {3}), "no capability");
    invoke_case(seL4_CapDomain, DomainSetSet, ARGUMENTS(.word_count = 1, .words = {4}),
                "domain 4, no capability");

    section("configure");
    for (unsigned i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
        configure(indices[i], 0, 5);
        configure(indices[i], 0, 0);
        configure(indices[i], 4, 0);
    }
    for (unsigned i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
        for (seL4_Word domain = 0; domain < DOMAINS + 2; domain++) {
            configure(50, domain, durations[i]);
        }
    }
    configure(50, 255, 1);
    configure(0, 0, ~0ul);
    configure(SCHEDULE, 4, ~0ul);
    invoke_case(seL4_CapDomain, DomainScheduleConfigure, ARGUMENTS(.word_count = 3, .words = {60, 256, 1}),
                "domain 256");
    invoke_case(seL4_CapDomain, DomainScheduleConfigure, ARGUMENTS(.word_count = 3, .words = {60, 257, 1}),
                "domain 257");
    for (unsigned count = 0; count < 5; count++) {
        invoke_case(seL4_CapDomain, DomainScheduleConfigure,
                    ARGUMENTS(.word_count = count, .words = {60, 1, 1}), "configure, %u words", count);
    }
    configure(0, 0, 100000);

    section("start");
    for (unsigned i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
        CASE(seL4_DomainSet_ScheduleSetStart(seL4_CapDomain, indices[i]), "start %lx", indices[i]);
    }
    invoke_case(seL4_CapDomain, DomainScheduleSetStart, ARGUMENTS(.word_count = 0), "no word");
    configure(7, 0, 100000);
    CASE(seL4_DomainSet_ScheduleSetStart(seL4_CapDomain, 7), "start 7");
    configure(7, 0, 0);
    configure(0, 0, 0);
    configure(7, 0, 50000);
    configure(0, 0, 100000);
    CASE(seL4_DomainSet_ScheduleSetStart(seL4_CapDomain, 0), "start 0");
    configure(7, 0, 0);
}

static void note(void *who)
{
    seen[seen_count++] = (seL4_Word)who;
    seL4_Signal(done);
    seL4_Wait(done, NULL); /* for good: nobody signals twice */
}

/* A thread in each domain; it runs once the schedule gives that domain a turn, in the order of the
 * entries. */
static void turns(const char *title, const seL4_Word *order, unsigned count)
{
    section(title);
    done = make(seL4_NotificationObject);
    seen_count = 0;
    for (seL4_Word domain = 1; domain < DOMAINS; domain++) {
        struct sel4_util_thread *thread = spawn("in a domain", note, (void *)domain, PRIORITY_LOW);
        CASE(seL4_DomainSet_Set(seL4_CapDomain, (seL4_Uint8)domain, thread->tcb), "move to %lu", domain);
    }
    for (unsigned i = 0; i < count; i++) {
        configure(i + 1, order[i], TICKS);
    }
    configure(count + 1, 0, 0);
    configure(0, 0, TICKS);
    CASE(seL4_DomainSet_ScheduleSetStart(seL4_CapDomain, 0), "start 0");
    while (seen_count < count) {
    }
    configure(0, 0, 100000);
    CASE(seL4_DomainSet_ScheduleSetStart(seL4_CapDomain, 0), "start 0");
    for (unsigned i = 0; i < seen_count; i++) {
        SAY("ran: %lu\n", seen[i]);
    }
}

int main(seL4_BootInfo *info)
{
    static const seL4_Word forwards[] = {1, 2, 3}, backwards[] = {3, 2, 1};
    open(info);
    arguments();
    turns("turns", forwards, TURNS);
    turns("turns, backwards", backwards, TURNS);
    close();
    return 0;
}
