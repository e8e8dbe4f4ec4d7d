/* SPDX-License-Identifier: BSD-2-Clause */
/* The debug system calls of a printing kernel: types of capabilities, names of threads, the scheduler's table. */
#include "conformance.h"

static void identify(const char *name, seL4_CPtr cap)
{
    SAY("%s: %lx\n", name, kind(cap));
}

static void test_identify(void)
{
    section("identify");
    seL4_CPtr handler = slot(), port = slot();
    SEL4_UTIL_CHECK(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, handler, WORD, 0, 3, 0, 0, 3));
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x2f8, 0x2ff, CNODE, port, WORD));
    identify("empty", slot());
    identify("null", seL4_CapNull);
    identify("nowhere", NO_CAP);
    identify("untyped", make_sized(seL4_UntypedObject, 4));
    identify("endpoint", make(seL4_EndpointObject));
    identify("notification", make(seL4_NotificationObject));
    identify("CNode", CNODE);
    identify("TCB", SELF);
    identify("IRQ control", seL4_CapIRQControl);
    identify("IRQ handler", handler);
    identify("domain", seL4_CapDomain);
    identify("frame", make(seL4_X86_4K));
    identify("large page", make(seL4_X86_LargePageObject));
    identify("page table", make(seL4_X86_PageTableObject));
    identify("page directory", make(seL4_X86_PageDirectoryObject));
    identify("PDPT", make(seL4_X86_PDPTObject));
    identify("PML4", VSPACE);
    identify("ASID control", seL4_CapASIDControl);
    identify("ASID pool", seL4_CapInitThreadASIDPool);
    identify("I/O ports", port);
    identify("I/O port control", seL4_CapIOPortControl);
    identify("I/O space", seL4_CapIOSpace);
    for (seL4_CPtr cap = 0; cap <= seL4_NumInitialCaps; cap++) {
        SAY("initial capability %lu: %lx\n", cap, kind(cap));
    }
}

static void crash(void *address)
{
    *(volatile seL4_Word *)address = 1;
}

static void test_names(void)
{
    section("names");
    spawn("a name", crash, (void *)0xdead0000, PRIORITY_HIGH);
    struct sel4_util_thread *thread = spawn("", crash, (void *)0xdead0010, PRIORITY_LOW);
    seL4_DebugNameThread(thread->tcb, "named twice, with some blanks  ");
    let_run();
    thread = spawn("x", crash, (void *)0xdead0020, PRIORITY_LOW);
    seL4_DebugNameThread(
        thread->tcb,
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
        "89012345678901234567890123456789");
    let_run();
    seL4_TCB tcb = make(seL4_TCBObject);
    seL4_UserContext registers = {.rip = 0x10};
    SEL4_UTIL_CHECK(seL4_TCB_SetSpace(tcb, 0, CNODE, 0, VSPACE, 0));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(tcb, SELF, PRIORITY_HIGH));
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 1, 0, 20, &registers));
    seL4_DebugNameThread(SELF, "parent");
    tcb = make(seL4_TCBObject);
    SEL4_UTIL_CHECK(seL4_TCB_SetSpace(tcb, 0, CNODE, 0, VSPACE, 0));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(tcb, SELF, PRIORITY_HIGH));
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 1, 0, 20, &registers));
    seL4_DebugNameThread(SELF, "rootserver");
}

static void receive(void *cap)
{
    seL4_Recv((seL4_CPtr)cap, NULL);
}

static void send(void *cap)
{
    seL4_Send((seL4_CPtr)cap, seL4_MessageInfo_new(0, 0, 0, 0));
}

static void call(void *cap)
{
    seL4_Call((seL4_CPtr)cap, seL4_MessageInfo_new(0, 0, 0, 0));
}

static void test_scheduler(void)
{
    section("scheduler");
    seL4_CPtr one = make(seL4_EndpointObject), two = make(seL4_EndpointObject);
    spawn("receiver", receive, (void *)one, PRIORITY_HIGH);
    spawn("waiter", receive, (void *)make(seL4_NotificationObject), PRIORITY_HIGH + 1);
    spawn("sender", send, (void *)two, PRIORITY_HIGH + 2);
    seL4_CPtr third = make(seL4_EndpointObject);
    spawn("caller", call, (void *)third, PRIORITY_HIGH + 3);
    seL4_Recv(third, NULL);
    spawn("ready", send, (void *)two, PRIORITY_LOW);
    make(seL4_TCBObject);
    seL4_DebugDumpScheduler();
}

int main(seL4_BootInfo *info)
{
    open(info);
    test_identify();
    test_names();
    test_scheduler();
    close();
    return 0;
}
