/* SPDX-License-Identifier: BSD-2-Clause */
/* TCB invocations and their errors, but for registers (tcb_registers.c) and notifications (notification.c). */
#include "conformance.h"

static seL4_TCB tcb;
static seL4_CPtr endpoint, cnode, frame, pml4;

static void test_priority(void)
{
    section("priorities");
    CASE(seL4_TCB_SetPriority(tcb, SELF, 255), "255");
    CASE(seL4_TCB_SetPriority(tcb, SELF, 256), "256");
    CASE(seL4_TCB_SetPriority(tcb, SELF, ~0ul), "all ones");
    CASE(seL4_TCB_SetPriority(tcb, endpoint, 5), "authority an endpoint");
    CASE(seL4_TCB_SetPriority(tcb, slot(), 5), "authority an empty slot");
    CASE(seL4_TCB_SetPriority(tcb, tcb, 5), "authority itself, MCP 0");
    CASE(seL4_TCB_SetPriority(tcb, tcb, 0), "authority itself, priority 0");
    CASE(seL4_TCB_SetMCPriority(tcb, SELF, 256), "MCP 256");
    CASE(seL4_TCB_SetMCPriority(tcb, endpoint, 5), "MCP, authority an endpoint");
    CASE(seL4_TCB_SetMCPriority(tcb, tcb, 1), "MCP, authority itself");
    CASE(seL4_TCB_SetMCPriority(tcb, SELF, 30), "MCP 30");
    CASE(seL4_TCB_SetPriority(tcb, tcb, 31), "authority itself, 31 of 30");
    CASE(seL4_TCB_SetPriority(tcb, tcb, 30), "authority itself, 30 of 30");
    CASE(seL4_TCB_SetMCPriority(tcb, tcb, 31), "MCP 31 of 30");
    CASE(seL4_TCB_SetMCPriority(tcb, tcb, 20), "MCP below the own priority");
    CASE(seL4_TCB_SetPriority(tcb, tcb, 21), "21 of 20");
    CASE(seL4_TCB_SetSchedParams(tcb, tcb, 21, 0), "parameters, MCP 21 of 20");
    CASE(seL4_TCB_SetSchedParams(tcb, tcb, 0, 21), "parameters, priority 21 of 20");
    CASE(seL4_TCB_SetSchedParams(tcb, tcb, 22, 21), "parameters, both");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 256, 0), "parameters, MCP 256");
    CASE(seL4_TCB_SetSchedParams(tcb, SELF, 0, 256), "parameters, priority 256");
    CASE(seL4_TCB_SetSchedParams(tcb, endpoint, 0, 0), "parameters, authority an endpoint");
    CASE(seL4_TCB_SetSchedParams(tcb, endpoint, 256, 256), "parameters, all wrong");
    CASE(seL4_TCB_SetSchedParams(tcb, tcb, 10, 20), "parameters: MCP 10, priority 20");
    CASE(seL4_TCB_SetPriority(tcb, tcb, 11), "11 of 10");
}

static void test_ipc_buffer(void)
{
    section("IPC buffer");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0x1000, frame), "an unmapped frame");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0x1400, frame), "at 1024 in it");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0x1200, frame), "at 512 in it");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0x1001, frame), "at 1 in it");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0xdead00000000000, frame), "no canonical address");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0, frame), "address 0 with a frame");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0, 0), "none");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0x1000, 0), "no frame");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0x1000, endpoint), "an endpoint");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0x1001, endpoint), "an endpoint, address 1 in it");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0, endpoint), "address 0, an endpoint");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0, slot()), "address 0, an empty slot");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0x200000, make(seL4_X86_LargePageObject)), "a large page");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0x1000, mint(frame, seL4_NoRights, 0)), "a frame without rights");
    CASE(seL4_TCB_SetIPCBuffer(tcb, 0x1000, mint(frame, seL4_CanRead, 0)), "a read-only frame");
}

static void test_space(void)
{
    section("spaces");
    seL4_CPtr empty = slot();
    CASE(seL4_TCB_SetSpace(tcb, 0, cnode, 0, VSPACE, 0), "good");
    CASE(seL4_TCB_SetSpace(tcb, ~0ul, cnode, 0, VSPACE, ~0ul), "any fault endpoint, any VSpace data");
    CASE(seL4_TCB_SetSpace(tcb, 0, endpoint, 0, VSPACE, 0), "CSpace an endpoint");
    CASE(seL4_TCB_SetSpace(tcb, 0, empty, 0, VSPACE, 0), "CSpace an empty slot");
    CASE(seL4_TCB_SetSpace(tcb, 0, cnode, 0, endpoint, 0), "VSpace an endpoint");
    CASE(seL4_TCB_SetSpace(tcb, 0, cnode, 0, empty, 0), "VSpace an empty slot");
    CASE(seL4_TCB_SetSpace(tcb, 0, cnode, 0, pml4, 0), "VSpace a PML4 without ASID");
    CASE(seL4_TCB_SetSpace(tcb, 0, endpoint, 0, endpoint, 0), "both endpoints");
    CASE(seL4_TCB_SetSpace(tcb, 0, cnode, seL4_CNode_CapData_new(0, 63).words[0], VSPACE, 0),
         "a guard of 63 bits");
    CASE(seL4_TCB_SetSpace(tcb, 0, cnode, seL4_CNode_CapData_new(0, 60).words[0], VSPACE, 0),
         "a guard of 60 bits");
    CASE(seL4_TCB_SetSpace(tcb, 0, endpoint, 7, VSPACE, 0), "CSpace an endpoint, data 7");
    CASE(seL4_TCB_SetSpace(tcb, 0, mint(endpoint, seL4_AllRights, 3), 7, VSPACE, 0),
         "a badged endpoint, data 7");

    section("configure");
    CASE(seL4_TCB_Configure(tcb, 0, cnode, 0, VSPACE, 0, 0, 0), "no buffer");
    CASE(seL4_TCB_Configure(tcb, 0, cnode, 0, VSPACE, 0, 0x1000, frame), "all good");
    CASE(seL4_TCB_Configure(tcb, 0, cnode, 0, VSPACE, 0, 0x1010, frame), "buffer not aligned");
    CASE(seL4_TCB_Configure(tcb, 0, cnode, 0, VSPACE, 0, 0x1000, endpoint), "buffer an endpoint");
    CASE(seL4_TCB_Configure(tcb, 0, endpoint, 0, VSPACE, 0, 0x1010, frame),
         "CSpace an endpoint, buffer not aligned");
    CASE(seL4_TCB_Configure(tcb, 0, cnode, 0, endpoint, 0, 0x1000, endpoint), "VSpace and buffer endpoints");
    CASE(seL4_TCB_Configure(tcb, 0, endpoint, 0, endpoint, 0, 0, 0), "CSpace and VSpace endpoints");
    CASE(seL4_TCB_Configure(tcb, 0, cnode, 0, pml4, 0, 0, 0), "VSpace a PML4 without ASID");
    CASE(seL4_TCB_Configure(tcb, 0, cnode, seL4_CNode_CapData_new(0, 63).words[0], VSPACE, 0, 0, 0),
         "a guard of 63 bits");
}

/* The fields that a CNode in use by a thread may not lose. */
static void test_cspace_slot(void)
{
    section("a TCB keeps its spaces");
    seL4_CPtr own = make_sized(seL4_CapTableObject, 4);
    CASE(seL4_TCB_SetSpace(tcb, 0, own, 0, VSPACE, 0), "set");
    CASE(discard(own), "delete the CNode's capability");
    CASE(seL4_TCB_SetSpace(tcb, 0, cnode, 0, VSPACE, 0), "set another");
    CASE(seL4_TCB_Configure(tcb, 0, cnode, 0, VSPACE, 0, 0, 0), "configure another");
    seL4_TCB other = make(seL4_TCBObject);
    own = make_sized(seL4_CapTableObject, 4);
    SEL4_UTIL_CHECK(seL4_TCB_SetSpace(other, 0, own, 0, VSPACE, 0));
    CASE(seL4_TCB_SetSpace(other, 0, cnode, 0, VSPACE, 0), "set another while the first is there");
    SEL4_UTIL_CHECK(seL4_TCB_SetSpace(other, 0, own, 0, VSPACE, 0));
    CASE(seL4_CNode_Revoke(CNODE, own, WORD), "revoke it");
    CASE(seL4_TCB_SetSpace(other, 0, cnode, 0, VSPACE, 0), "set another");
    CASE(discard(tcb), "delete the TCB with the last capability to its CNode");
    tcb = make(seL4_TCBObject);
}

static void test_flags(void)
{
    section("flags");
    static const seL4_Word words[][2] = {{0, 0},    {0, 1}, {0, 0}, {1, 0},        {0, ~0ul},
                                         {~0ul, 0}, {1, 1}, {0, 2}, {0, 1ul << 63}};
    for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
        seL4_TCB_SetFlags_t result = seL4_TCB_SetFlags(tcb, words[i][0], words[i][1]);
        CASE(result.error, "clear %lx, set %lx", words[i][0], words[i][1]);
        SAY("  flags %lx\n", result.flags);
    }
    invoke_case(tcb, TCBSetFlags, ARGUMENTS(.word_count = 2, .words = {0, 1}), "raw");
    invoke_case(tcb, TCBSetFlags, ARGUMENTS(.word_count = 2, .words = {1, 0}), "raw");
}

static volatile seL4_Word steps;

static void count(void *unused)
{
    (void)unused;
    for (;;) {
        steps++;
        seL4_Yield();
    }
}

static void wait_forever(void *cap)
{
    for (;;) {
        seL4_Recv((seL4_CPtr)cap, NULL);
        steps += 100;
    }
}

static void test_suspend(void)
{
    section("suspend and resume");
    CASE(seL4_TCB_Suspend(tcb), "suspend one that never ran");
    CASE(seL4_TCB_Suspend(tcb), "suspend it again");
    struct sel4_util_thread *thread = spawn("counter", count, NULL, PRIORITY_LOW);
    CASE(seL4_TCB_Suspend(thread->tcb), "suspend a runnable one");
    let_run();
    SAY("steps %lu\n", steps);
    CASE(seL4_TCB_Resume(thread->tcb), "resume it");
    CASE(seL4_TCB_Resume(thread->tcb), "resume it again");
    CASE(seL4_TCB_Suspend(thread->tcb), "suspend it");
    thread = spawn("waiter", wait_forever, (void *)endpoint, PRIORITY_HIGH);
    CASE(seL4_TCB_Resume(thread->tcb), "resume one that waits");
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    SAY("steps %lu\n", steps);
    CASE(seL4_TCB_Suspend(thread->tcb), "suspend one that waits");
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    SAY("steps %lu\n", steps);
    CASE(seL4_TCB_Resume(thread->tcb), "resume it: it waits again");
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    SAY("steps %lu\n", steps);
    CASE(discard(thread->tcb), "delete it");
    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    SAY("steps %lu\n", steps);
}

static void suspend_self(void *unused)
{
    (void)unused;
    seL4_TCB_Suspend((seL4_TCB)steps);
    SAY("  it went on after its own suspend\n");
}

static void test_self(void)
{
    section("oneself");
    steps = 0;
    struct sel4_util_thread *thread = spawn("self", suspend_self, NULL, PRIORITY_LOW);
    steps = thread->tcb;
    let_run();
    SAY("suspended\n");
    CASE(seL4_TCB_Resume(thread->tcb), "resume");
    let_run();
    CASE(seL4_TCB_Resume(SELF), "resume oneself");
    CASE(seL4_TCB_SetMCPriority(SELF, SELF, 254), "lower the own MCP");
    CASE(seL4_TCB_SetPriority(SELF, SELF, 255), "a priority above it");
    CASE(seL4_TCB_SetMCPriority(SELF, SELF, 255), "raise it again");
    CASE(seL4_TCB_SetMCPriority(SELF, SELF, 50), "an MCP below the own priority");
    CASE(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT), "the priority one has");
    CASE(seL4_TCB_SetPriority(SELF, SELF, 50), "a lower one");
}

int main(seL4_BootInfo *info)
{
    open(info);
    tcb = make(seL4_TCBObject);
    endpoint = make(seL4_EndpointObject);
    cnode = make_sized(seL4_CapTableObject, 4);
    frame = make(seL4_X86_4K);
    pml4 = make(seL4_X64_PML4Object);
    test_priority();
    test_ipc_buffer();
    test_space();
    test_cspace_slot();
    test_flags();
    test_suspend();
    test_self();
    close();
    return 0;
}
