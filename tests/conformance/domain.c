/* SPDX-License-Identifier: BSD-2-Clause */
/* The domain capability of a kernel with one domain. */
#include "conformance.h"

int main(seL4_BootInfo *info)
{
    open(info);
    seL4_CPtr endpoint = make(seL4_EndpointObject);
    seL4_TCB tcb = make(seL4_TCBObject);

    section("set");
    CASE(seL4_DomainSet_Set(seL4_CapDomain, 0, tcb), "domain 0");
    CASE(seL4_DomainSet_Set(seL4_CapDomain, 0, SELF), "domain 0, oneself");
    CASE(seL4_DomainSet_Set(seL4_CapDomain, 1, tcb), "domain 1");
    CASE(seL4_DomainSet_Set(seL4_CapDomain, 255, tcb), "domain 255");
    CASE(seL4_DomainSet_Set(seL4_CapDomain, 0, endpoint), "an endpoint");
    CASE(seL4_DomainSet_Set(seL4_CapDomain, 1, endpoint), "domain 1, an endpoint");
    CASE(seL4_DomainSet_Set(seL4_CapDomain, 0, slot()), "an empty slot");
    invoke_case(seL4_CapDomain, DomainSetSet, ARGUMENTS(.word_count = 1), "no capability");
    invoke_case(seL4_CapDomain, DomainSetSet, ARGUMENTS(.word_count = 1, .words = {1}),
                "domain 1, no capability");
    invoke_case(seL4_CapDomain, DomainSetSet, ARGUMENTS(.cap_count = 1, .caps = {tcb}), "no word");
    invoke_case(seL4_CapDomain, DomainSetSet,
                ARGUMENTS(.cap_count = 1, .caps = {tcb}, .word_count = 1, .words = {256}), "domain 256");

    section("schedule");
    for (seL4_Word index = 0; index < 3; index++) {
        for (seL4_Uint8 domain = 0; domain < 2; domain++) {
            CASE(seL4_DomainSet_ScheduleConfigure(seL4_CapDomain, index, domain, 10),
                 "configure %lu, domain %u", index, domain);
        }
    }
    static const seL4_Word indices[] = {0, 1, 2, 31, 100, 255, 256, 257, 1000, ~0ul};
    for (unsigned i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
        CASE(seL4_DomainSet_ScheduleConfigure(seL4_CapDomain, indices[i], 0, 0), "configure %lx, no time",
             indices[i]);
        CASE(seL4_DomainSet_ScheduleSetStart(seL4_CapDomain, indices[i]), "start %lx", indices[i]);
    }
    CASE(seL4_DomainSet_ScheduleConfigure(seL4_CapDomain, 0, 0, ~0ul), "configure 0, for all time");
    CASE(seL4_DomainSet_ScheduleConfigure(seL4_CapDomain, 1000, 1, 0), "configure, all wrong");
    CASE(seL4_DomainSet_ScheduleSetStart(seL4_CapDomain, 0), "start 0");
    invoke_case(seL4_CapDomain, DomainScheduleConfigure, ARGUMENTS(.word_count = 2), "configure, two words");
    invoke_case(seL4_CapDomain, DomainScheduleSetStart, ARGUMENTS(.word_count = 0), "start, no word");

    section("capability");
    seL4_CPtr twin = copy(seL4_CapDomain);
    CASE(seL4_DomainSet_Set(twin, 0, tcb), "a copy works");
    CASE(discard(seL4_CapDomain), "delete the original");
    CASE(seL4_DomainSet_Set(twin, 0, tcb), "the copy works");
    close();
    return 0;
}
