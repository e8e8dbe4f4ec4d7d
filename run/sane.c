/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left to do with a system whose guests can write to the kernel's heap: see whether it still makes
 * sense, and report on it without trusting it.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "check/check.h"
#include "host/guard.h"
#include "run/session.h"

/* Looks would fill the arena page by page: what is unused is most of it. */
static bool page_is_absent(const void *page)
{
    unsigned char is_there;
    return mincore((void *)(uintptr_t)page, 1, &is_there) == 0 && !(is_there & 1);
}

bool sane_look(void *world, char *why, size_t size)
{
    struct session *session = world;
    char words[DIAG_SIZE / 2] = "";
    kernel_check_page_is_absent = page_is_absent;
    bool is_sane = kernel_check_quick(&session->kernel, session->checks++, words, sizeof(words));
    if (!is_sane)
        (void)snprintf(why, size, "the kernel's heap does not make sense: %s", words);
    return is_sane;
}

struct report {
    const struct session *session;
    bool has_fault;
};

static void report_call(void *world)
{
    struct report *report = world;
    report->has_fault = report_fault(report->session);
}

bool sane_report(const struct session *session, bool *has_fault, struct diag *diag)
{
    struct report report = {.session = session};
    bool is_done = guard_call(report_call, &report, diag->text, sizeof(diag->text));
    *has_fault = report.has_fault;
    return is_done;
}
