/* SPDX-License-Identifier: BSD-2-Clause */
/* The menu of time: scheduling contexts, whose they are, and lending them. */
#include "tests/exhaustive/menu.h"

static void add_configurations(void)
{
    enum operation configure = OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS;
    ROOT("child 1/3", tiny->control, configure, WORDS(1000, 3000, 0, 7, 0), CAPS(tiny->context));
    ROOT("child 2/2", tiny->control, configure, WORDS(2000, 2000, 0, 7, 0), CAPS(tiny->context));
    ROOT("child 0.5/5, sporadic", tiny->control, configure, WORDS(500, 5000, 2, 7, 1), CAPS(tiny->context));
    ROOT("spare 1/4", tiny->control, configure, WORDS(1000, 4000, 1, 8, 0), CAPS(tiny->context_spare));
    ROOT("root 1/2", tiny->control, configure, WORDS(1000, 2000, 0, 0, 0), CAPS(ABI_SLOT_SCHED_CONTEXT));
    ROOT("too much", tiny->control, configure, WORDS(3000, 2000, 0, 0, 0), CAPS(tiny->context));
}

static void add_bindings(void)
{
    uint64_t child = tiny->context, spare = tiny->context_spare;
    ROOT("child", child, OPERATION_SCHED_CONTEXT_BIND, NO_WORDS, CAPS(tiny->thread));
    ROOT("child to spare", spare, OPERATION_SCHED_CONTEXT_BIND, NO_WORDS, CAPS(tiny->thread));
    ROOT("notification to spare", spare, OPERATION_SCHED_CONTEXT_BIND, NO_WORDS, CAPS(tiny->notification));
    ROOT("notification to child", child, OPERATION_SCHED_CONTEXT_BIND, NO_WORDS, CAPS(tiny->notification));
    ROOT("child", child, OPERATION_SCHED_CONTEXT_UNBIND, NO_WORDS, NO_CAPS);
    ROOT("spare", spare, OPERATION_SCHED_CONTEXT_UNBIND, NO_WORDS, NO_CAPS);
    ROOT("child", child, OPERATION_SCHED_CONTEXT_UNBIND_OBJECT, NO_WORDS, CAPS(tiny->thread));
    ROOT("spare", spare, OPERATION_SCHED_CONTEXT_UNBIND_OBJECT, NO_WORDS, CAPS(tiny->notification));
    ROOT("child, spare", tiny->thread, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(10, 10),
         CAPS(ABI_SLOT_TCB, spare, tiny->endpoint));
    ROOT("child, nothing", tiny->thread, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(10, 9),
         CAPS(ABI_SLOT_TCB, 0, 0));
}

void add_time(void)
{
    if (!is_mcs)
        return;
    add(STEP_WAIT, "5 ms pass")->time_ns = 5000000;
    add_configurations();
    add_bindings();
    ROOT("child", tiny->context, OPERATION_SCHED_CONTEXT_CONSUMED, NO_WORDS, NO_CAPS);
    ROOT("child", tiny->context, OPERATION_SCHED_CONTEXT_YIELD_TO, NO_WORDS, NO_CAPS);
    ROOT("spare", tiny->context_spare, OPERATION_SCHED_CONTEXT_YIELD_TO, NO_WORDS, NO_CAPS);
    ROOT("child", tiny->thread, OPERATION_TCB_SET_TIMEOUT_ENDPOINT, NO_WORDS, CAPS(tiny->endpoint));
    ROOT("context", ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(tiny->context, 64), NO_CAPS);
    ROOT("reply", ABI_SLOT_CNODE, OPERATION_CNODE_REVOKE, WORDS(tiny->reply, 64), NO_CAPS);
    ROOT("child down", tiny->thread, OPERATION_TCB_SET_PRIORITY, WORDS(9), CAPS(ABI_SLOT_TCB));
    ROOT("child", tiny->thread, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS);
    ROOT("child", tiny->thread, OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS);
    add_syscall(ACTOR_CHILD, SYSCALL_YIELD, "", 0, 0, 0);
    add_syscall(ACTOR_ROOT, SYSCALL_YIELD, "", 0, 0, 0);
    add_syscall(ACTOR_CHILD, SYSCALL_CALL, "endpoint", 1, 8, 2);
    add_syscall(ACTOR_ROOT, SYSCALL_RECV, "endpoint", tiny->endpoint, 0, 0);
}
