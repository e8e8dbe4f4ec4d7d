/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows about MCS: which system call seL4_NBSendWaitWithMRs makes, and the longest budget.
 */
#include "tests/conformance/mcs.h"

#include "tests/differences/differences.h"

enum {
    LABEL = 6,
    WORD_SENT = 0x51
};

#define LONGEST_US (~0ul / 8 / 1000)

static seL4_CPtr there, here;
static seL4_Word label_seen, word_seen;

static void listen(void *unused)
{
    (void)unused;
    seL4_MessageInfo_t info = seL4_Wait(there, NULL);
    label_seen = seL4_MessageInfo_get_label(info);
    word_seen = seL4_GetMR(0);
    seL4_Signal(here);
}

/* ReplyRecv would take the first capability for a reply object, and nobody would get the message. */
static void test_send_and_wait(void)
{
    section("NBSendWait");
    there = make(seL4_EndpointObject);
    here = make(seL4_NotificationObject);
    thread_make("listens", listen, NULL, PRIORITY_HIGH, context_make(), seL4_CapNull);
    seL4_Word word = WORD_SENT, badge = 1;
    seL4_NBSendWaitWithMRs(there, seL4_MessageInfo_new(LABEL, 0, 0, 1), here, &badge, &word, NULL, NULL, NULL);
    ROW(label_seen == LABEL && word_seen == WORD_SENT, "the message is sent");
    ROW(badge == 0, "and then the signal waited for");
}

static void test_longest_budget(void)
{
    section("the longest budget and period");
    seL4_CPtr context = context_make_unconfigured();
    ROW(seL4_SchedControl_Configure(sched_control, context, LONGEST_US, LONGEST_US, 0, 0) == seL4_NoError,
        "an eighth of what 64 bits of nanoseconds hold");
    seL4_Error error = seL4_SchedControl_Configure(sched_control, context, LONGEST_US, LONGEST_US + 1, 0, 0);
    ROW(error == seL4_RangeError && seL4_GetMR(1) == LONGEST_US, "and not more");
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    test_send_and_wait();
    test_longest_budget();
    rows_end();
    return 0;
}
