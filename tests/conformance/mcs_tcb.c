/* SPDX-License-Identifier: BSD-2-Clause */
/* The invocations of threads that MCS has in a form of its own: each error, and the order in which the kernel looks. */
#include "mcs.h"

static seL4_CPtr endpoint;
static seL4_TCB tcb;
static seL4_CPtr frame;

/* Capabilities to one endpoint with each set of rights: which may be a handler? */
static const struct {
    const char *name;
    bool write, read, grant, grant_reply;
} rights[] = {
    {"no rights", 0, 0, 0, 0},          {"write", 1, 0, 0, 0},        {"grant", 0, 0, 1, 0},
    {"grant reply", 0, 0, 0, 1},        {"write, read", 1, 1, 0, 0},  {"read, grant", 0, 1, 1, 0},
    {"write, grant reply", 1, 0, 0, 1}, {"write, grant", 1, 0, 1, 0}, {"all", 1, 1, 1, 1},
};
enum {
    RIGHTS = sizeof(rights) / sizeof(*rights)
};

static seL4_CPtr handler(unsigned i)
{
    return mint(endpoint,
                seL4_CapRights_new(rights[i].grant_reply, rights[i].grant, rights[i].read, rights[i].write),
                7);
}

static void test_configure(void)
{
    section("configure");
    CASE(seL4_TCB_Configure(tcb, CNODE, 0, VSPACE, 0, 0, seL4_CapNull), "no buffer");
    CASE(seL4_TCB_Configure(tcb, CNODE, 0, VSPACE, 0, 0, frame), "buffer at 0 with a frame");
    CASE(seL4_TCB_Configure(tcb, CNODE, 0, VSPACE, 0, 0x1000, seL4_CapNull), "buffer without a frame");
    CASE(seL4_TCB_Configure(tcb, CNODE, 0, VSPACE, 0, 0x1000, endpoint), "buffer an endpoint");
    CASE(seL4_TCB_Configure(tcb, CNODE, 0, VSPACE, 0, 0x1008, frame), "buffer not aligned");
    CASE(seL4_TCB_Configure(tcb, CNODE, 0, VSPACE, 0, 0x1400, frame), "good");
    CASE(seL4_TCB_Configure(tcb, endpoint, 0, VSPACE, 0, 0, 0), "CSpace an endpoint");
    CASE(seL4_TCB_Configure(tcb, seL4_CapNull, 0, VSPACE, 0, 0, 0), "CSpace nothing");
    CASE(seL4_TCB_Configure(tcb, CNODE, 0, endpoint, 0, 0, 0), "VSpace an endpoint");
    CASE(seL4_TCB_Configure(tcb, CNODE, 0, seL4_CapNull, 0, 0, 0), "VSpace nothing");
    CASE(seL4_TCB_Configure(tcb, CNODE, 0, make(seL4_X64_PML4Object), 0, 0, 0), "VSpace without ASID");
    CASE(seL4_TCB_Configure(tcb, endpoint, 0, endpoint, 0, 0x1008, frame), "all wrong");
    CASE(seL4_TCB_Configure(tcb, endpoint, 0, endpoint, 0, 0, 0), "both spaces wrong");
    CASE(seL4_TCB_Configure(tcb, CNODE, ~(seL4_Word)0, VSPACE, 0, 0, 0), "CSpace data all ones");
    CASE(seL4_TCB_Configure(tcb, CNODE, 0, VSPACE, 1, 0, 0), "VSpace data 1");
    CASE(seL4_TCB_Configure(slot(), CNODE, 0, VSPACE, 0, 0, 0), "through an empty slot");
    for (unsigned words = 0; words <= 3; words++) {
        invoke_case(tcb, TCBConfigure, &(struct arguments){3, {CNODE, VSPACE, 0}, words, {0}}, "%u words",
                    words);
    }
    for (unsigned caps = 0; caps <= 3; caps++) {
        invoke_case(tcb, TCBConfigure, &(struct arguments){caps, {CNODE, VSPACE, 0}, 3, {0}},
                    "%u capabilities", caps);
    }
}

static void test_set_space(void)
{
    section("set space");
    CASE(seL4_TCB_SetSpace(tcb, seL4_CapNull, CNODE, 0, VSPACE, 0), "no handler");
    CASE(seL4_TCB_SetSpace(tcb, SELF, CNODE, 0, VSPACE, 0), "handler a thread");
    CASE(seL4_TCB_SetSpace(tcb, slot(), CNODE, 0, VSPACE, 0), "handler an empty slot");
    CASE(seL4_TCB_SetSpace(tcb, endpoint, endpoint, 0, VSPACE, 0), "CSpace an endpoint");
    CASE(seL4_TCB_SetSpace(tcb, endpoint, CNODE, 0, endpoint, 0), "VSpace an endpoint");
    CASE(seL4_TCB_SetSpace(tcb, SELF, endpoint, 0, VSPACE, 0), "handler and CSpace wrong");
    CASE(seL4_TCB_SetSpace(tcb, SELF, CNODE, 0, endpoint, 0), "handler and VSpace wrong");
    CASE(seL4_TCB_SetSpace(tcb, SELF, seL4_CapNull, 0, seL4_CapNull, 0), "all wrong");
    CASE(seL4_TCB_SetSpace(tcb, endpoint, CNODE, ~(seL4_Word)0, VSPACE, 0), "CSpace data all ones");
    for (unsigned i = 0; i < RIGHTS; i++) {
        CASE(seL4_TCB_SetSpace(tcb, handler(i), CNODE, 0, VSPACE, 0), "handler with %s", rights[i].name);
    }
    for (unsigned words = 0; words <= 2; words++) {
        invoke_case(tcb, TCBSetSpace, &(struct arguments){3, {0, CNODE, VSPACE}, words, {0}}, "%u words",
                    words);
    }
    for (unsigned caps = 0; caps <= 3; caps++) {
        invoke_case(tcb, TCBSetSpace, &(struct arguments){caps, {0, CNODE, VSPACE}, 2, {0}},
                    "%u capabilities", caps);
    }
}

static void test_set_sched_params(void)
{
    section("set scheduling parameters");
    seL4_CPtr context = context_make(), other = context_make();
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, seL4_CapNull, seL4_CapNull), "nothing");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 255, 10, seL4_CapNull, seL4_CapNull), "the highest maximum");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 256, 10, seL4_CapNull, seL4_CapNull), "maximum 256");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 256, seL4_CapNull, seL4_CapNull), "priority 256");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 20, seL4_CapNull, seL4_CapNull),
         "priority above the maximum");
    CASE(seL4_TCB_SetSchedParams(tcb, endpoint, 10, 10, seL4_CapNull, seL4_CapNull), "authority an endpoint");
    CASE(seL4_TCB_SetSchedParams(tcb, seL4_CapNull, 10, 10, seL4_CapNull, seL4_CapNull), "authority nothing");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, endpoint, seL4_CapNull), "context an endpoint");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, SELF, seL4_CapNull), "context a thread");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, OWN_CONTEXT, seL4_CapNull), "context of another thread");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, context, SELF), "handler a thread");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, endpoint, SELF), "context and handler wrong");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 256, 10, endpoint, SELF), "maximum, context and handler wrong");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 256, 256, endpoint, SELF), "all numbers wrong");
    CASE(seL4_TCB_SetSchedParams(tcb, endpoint, 256, 256, endpoint, SELF), "all wrong");
    SAY("context %s\n", context_state(context));
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, context, seL4_CapNull), "a context");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, context, seL4_CapNull), "the same context");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, other, seL4_CapNull), "another context");
    SAY("context %s, other %s\n", context_state(context), context_state(other));
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, OWN_CONTEXT, seL4_CapNull), "in use, has one");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, seL4_CapNull, endpoint), "no context any more");
    SAY("context %s\n", context_state(context));
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, context_make_unconfigured(), endpoint),
         "context not configured");
    CASE(seL4_TCB_SetSchedParams(SELF, SELF, 255, PRIORITY_ROOT, seL4_CapNull, seL4_CapNull),
         "oneself, no context");
    CASE(seL4_TCB_SetSchedParams(SELF, SELF, 255, PRIORITY_ROOT, OWN_CONTEXT, seL4_CapNull),
         "oneself, one's own");
    CASE(seL4_TCB_SetSchedParams(SELF, SELF, 255, PRIORITY_ROOT, other, seL4_CapNull), "oneself, another");
    for (unsigned i = 0; i < RIGHTS; i++) {
        CASE(seL4_TCB_SetSchedParams(tcb, SELF, 10, 10, seL4_CapNull, handler(i)), "handler with %s",
             rights[i].name);
    }
    for (unsigned words = 0; words <= 2; words++) {
        invoke_case(tcb, TCBSetSchedParams, &(struct arguments){3, {SELF, 0, 0}, words, {10, 10}}, "%u words",
                    words);
    }
    for (unsigned caps = 0; caps <= 3; caps++) {
        invoke_case(tcb, TCBSetSchedParams, &(struct arguments){caps, {SELF, 0, 0}, 2, {10, 10}},
                    "%u capabilities", caps);
    }
}

static void test_set_timeout_endpoint(void)
{
    section("set the timeout endpoint");
    CASE(seL4_TCB_SetTimeoutEndpoint(tcb, seL4_CapNull), "nothing");
    CASE(seL4_TCB_SetTimeoutEndpoint(tcb, SELF), "a thread");
    CASE(seL4_TCB_SetTimeoutEndpoint(tcb, make(seL4_NotificationObject)), "a notification");
    CASE(seL4_TCB_SetTimeoutEndpoint(tcb, endpoint), "good");
    CASE(seL4_TCB_SetTimeoutEndpoint(tcb, endpoint), "again");
    for (unsigned i = 0; i < RIGHTS; i++) {
        CASE(seL4_TCB_SetTimeoutEndpoint(tcb, handler(i)), "with %s", rights[i].name);
    }
    invoke_case(tcb, TCBSetTimeoutEndpoint, ARGUMENTS(0, {0}, 3, {0}), "no capability");
    CASE(seL4_TCB_SetTimeoutEndpoint(SELF, endpoint), "one's own");
    CASE(seL4_TCB_SetTimeoutEndpoint(SELF, seL4_CapNull), "one's own, none");
}

static void test_priorities(void)
{
    section("priorities");
    CASE(seL4_TCB_SetPriority(tcb, SELF, 255), "priority 255");
    CASE(seL4_TCB_SetPriority(tcb, SELF, 256), "priority 256");
    CASE(seL4_TCB_SetPriority(tcb, endpoint, 1), "priority by an endpoint");
    CASE(seL4_TCB_SetMCPriority(tcb, SELF, 255), "maximum 255");
    CASE(seL4_TCB_SetMCPriority(tcb, SELF, 256), "maximum 256");
    CASE(seL4_TCB_SetMCPriority(tcb, endpoint, 1), "maximum by an endpoint");
    CASE(seL4_TCB_SetMCPriority(tcb, SELF, 20), "maximum 20");
    CASE(seL4_TCB_SetPriority(SELF, tcb, 21), "priority above another's maximum");
    CASE(seL4_TCB_SetMCPriority(SELF, tcb, 21), "maximum above another's maximum");
    CASE(seL4_TCB_SetSchedParams(SELF, tcb, 21, 20, OWN_CONTEXT, 0), "parameters above another's maximum");
    CASE(seL4_TCB_SetSchedParams(SELF, tcb, 20, 21, OWN_CONTEXT, 0),
         "priority above another's maximum, parameters");
}

static void test_labels(void)
{
    section("every label on a thread, without arguments");
    for (seL4_Word label = TCBReadRegisters; label <= TCBSetFlags + 1; label++) {
        invoke_case(tcb, label, ARGUMENTS(0, {0}, 0, {0}), "label %lu", label);
    }
    section("handlers are copies");
    seL4_CPtr badged = mint(endpoint, seL4_AllRights, 9);
    CASE(seL4_TCB_SetTimeoutEndpoint(tcb, badged), "timeout handler");
    CASE(seL4_TCB_SetSpace(tcb, badged, CNODE, 0, VSPACE, 0), "fault handler");
    CASE(seL4_CNode_Revoke(CNODE, endpoint, WORD), "revoke their endpoint");
    CASE(seL4_TCB_SetTimeoutEndpoint(tcb, endpoint), "the timeout handler again");
    CASE(discard(endpoint), "delete the endpoint");
    CASE(discard(tcb), "delete the thread");
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    endpoint = make(seL4_EndpointObject);
    tcb = make(seL4_TCBObject);
    frame = make(seL4_X86_4K);
    test_configure();
    test_set_space();
    test_set_sched_params();
    test_set_timeout_endpoint();
    test_priorities();
    test_labels();
    close();
    return 0;
}
