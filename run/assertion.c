/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a run by an assertion.
 */
#include "run/assertion.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "host/guard.h"
#include "kernel/assert.h"
#include "run/input.h"
#include "run/run.h"
#include "run/say.h"

static const struct kernel *watched;

void assertion_watch(const struct kernel *kernel)
{
    watched = kernel;
}

_Noreturn void kernel_assert_failed(const char *expression, const char *file, int line)
{
    static bool is_failing;
    char words[256];
    (void)snprintf(words, sizeof(words), "assertion failed: %s (%s:%d)", expression, file, line);
    guard_leave(words); /* if a guest may have caused it */
    input_restore_terminal();
    say("assertion failed: %s (%s:%d); this is a bug in Selkie", expression, file, line);
    if (watched && watched->state && !is_failing) {
        is_failing = true; /* asking the kernel may fail again */
        struct kernel kernel = *watched;
        struct next next = kernel_next(&kernel, 0);
        if (next.kind == NEXT_RUN) {
            say("running was the thread with its TCB at %#llx, at address %#llx",
                (unsigned long long)next.tcb, (unsigned long long)next.context->reg[REG_FAULT_IP]);
        }
    }
    _exit(RUN_ASSERTION);
}
