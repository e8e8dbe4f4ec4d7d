/* SPDX-License-Identifier: BSD-2-Clause */
/* See mcs.h and classic_calls.h. */
#include "mcs.h"

#include "classic_calls.h"

#undef seL4_TCB_Configure
#undef seL4_TCB_SetSchedParams

enum {
    LOG_SIZE = 4096,
    PRIORITY_WAITING = 1 /* of threads that are being made */
};

seL4_CPtr sched_control;

static char text[LOG_SIZE];
static size_t used;
static __thread seL4_CPtr reply;
static seL4_TCB probe; /* has no scheduling context and never runs */

void mcs_open(const seL4_BootInfo *info)
{
    open(info);
    sched_control = info->schedcontrol.start;
    SEL4_UTIL_CHECK(
        seL4_SchedControl_ConfigureFlags(sched_control, OWN_CONTEXT, LONG_US, LONG_US, 0, 0, 0));
    probe = make(seL4_TCBObject);
}

seL4_CPtr context_make_unconfigured(void)
{
    return make_sized(seL4_SchedContextObject, seL4_MinSchedContextBits);
}

seL4_CPtr context_make_periodic(seL4_Time budget_us, seL4_Time period_us, seL4_Word badge)
{
    seL4_CPtr context = context_make_unconfigured();
    SEL4_UTIL_CHECK(
        seL4_SchedControl_ConfigureFlags(sched_control, context, budget_us, period_us, 0, badge, 0));
    return context;
}

seL4_CPtr context_make(void)
{
    return context_make_periodic(LONG_US, LONG_US, 0);
}

struct sel4_util_thread *thread_make(const char *name, void (*entry)(void *), void *argument,
                                     seL4_Word priority, seL4_CPtr context, seL4_CPtr fault_endpoint)
{
    struct sel4_util_thread *thread = spawn(name, entry, argument, PRIORITY_WAITING);
    SEL4_UTIL_CHECK(
        seL4_TCB_SetSchedParams(thread->tcb, SELF, priority, PRIORITY_WAITING, seL4_CapNull, fault_endpoint));
    if (context) {
        SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context, thread->tcb));
    }
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(thread->tcb, SELF, priority));
    return thread;
}

struct sel4_util_thread *passive_make(const char *name, void (*entry)(void *), void *argument,
                                      seL4_Word priority)
{
    seL4_CPtr context = context_make();
    struct sel4_util_thread *thread = thread_make(name, entry, argument, priority, context, seL4_CapNull);
    let_run();
    SEL4_UTIL_CHECK(seL4_SchedContext_Unbind(context));
    return thread;
}

char *note_begin(void)
{
    if (used + 1 + NOTE_MAX > LOG_SIZE) {
        sel4_util_panic("the log is full\n");
    }
    text[used++] = ' ';
    return text + used;
}

void note_end(int length)
{
    used += (size_t)length;
}

void notes_print(const char *title)
{
    SAY("%s:%s\n", title, used ? text : " nothing");
    used = 0;
}

const char *context_state(seL4_CPtr context)
{
    if (seL4_SchedContext_Bind(context, probe) != seL4_NoError) {
        return "in use";
    }
    SEL4_UTIL_CHECK(seL4_SchedContext_UnbindObject(context, probe));
    return "free";
}

seL4_CPtr own_reply(void)
{
    if (!reply) {
        reply = make(seL4_ReplyObject);
    }
    return reply;
}

seL4_Error classic_tcb_configure(seL4_TCB tcb, seL4_CPtr fault_endpoint, seL4_CNode cnode,
                                 seL4_Word cnode_data, seL4_CPtr vspace, seL4_Word vspace_data,
                                 seL4_Word buffer, seL4_CPtr frame)
{
    sched_control = boot->schedcontrol.start;
    (void)seL4_SchedContext_Bind(context_make(), tcb); /* refused if it has one */
    seL4_Error error = seL4_TCB_Configure(tcb, cnode, cnode_data, vspace, vspace_data, buffer, frame);
    if (error != seL4_NoError || !fault_endpoint) {
        return error;
    }
    return seL4_TCB_SetSpace(tcb, fault_endpoint, cnode, cnode_data, vspace, vspace_data);
}

/* A thread that has a fault handler keeps it: the parameters are set one by one. */
seL4_Error classic_set_sched_params(seL4_TCB tcb, seL4_TCB authority, seL4_Word mcp, seL4_Word priority)
{
    seL4_Error error = seL4_TCB_SetMCPriority(tcb, authority, mcp);
    return error == seL4_NoError ? seL4_TCB_SetPriority(tcb, authority, priority) : error;
}
