/* SPDX-License-Identifier: BSD-2-Clause */
/* What Copy, Mint, Mutate and Move make of each kind of capability: the errors, and what the new slot holds. */
#include "conformance.h"

static seL4_CPtr target;

/* All four on one capability; the source is as before afterwards. */
static void derive(const char *name, seL4_CPtr cap)
{
    SAY("%s is %lx\n", name, kind(cap));
    CASE(seL4_CNode_Copy(CNODE, target, WORD, CNODE, cap, WORD, seL4_AllRights), "copy %s", name);
    SAY("  %lx\n", kind(target));
    SEL4_UTIL_CHECK(discard(target));
    CASE(seL4_CNode_Copy(CNODE, target, WORD, CNODE, cap, WORD, seL4_NoRights), "copy %s without rights",
         name);
    SAY("  %lx\n", kind(target));
    SEL4_UTIL_CHECK(discard(target));
    CASE(seL4_CNode_Mint(CNODE, target, WORD, CNODE, cap, WORD, seL4_AllRights, 5), "mint %s, data 5", name);
    SAY("  %lx\n", kind(target));
    SEL4_UTIL_CHECK(discard(target));
    CASE(seL4_CNode_Mutate(CNODE, target, WORD, CNODE, cap, WORD, 5), "mutate %s, data 5", name);
    SAY("  %lx\n", kind(target));
    if (kind(target)) {
        SEL4_UTIL_CHECK(seL4_CNode_Move(CNODE, cap, WORD, CNODE, target, WORD));
    }
    CASE(seL4_CNode_Move(CNODE, target, WORD, CNODE, cap, WORD), "move %s", name);
    SAY("  %lx\n", kind(target));
    if (kind(target)) {
        SEL4_UTIL_CHECK(seL4_CNode_Move(CNODE, cap, WORD, CNODE, target, WORD));
    }
}

static void test_objects(void)
{
    section("objects");
    derive("an untyped", make_sized(seL4_UntypedObject, 12));
    seL4_Untyped parent = make_sized(seL4_UntypedObject, 12);
    seL4_CPtr child = slot();
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(parent, seL4_EndpointObject, 0, CNODE, 0, 0, child, 1));
    derive("an untyped with a child", parent);
    SEL4_UTIL_CHECK(discard(child));
    derive("an untyped that had a child", parent);
    derive("an endpoint", make(seL4_EndpointObject));
    derive("a badged endpoint", mint(make(seL4_EndpointObject), seL4_AllRights, 1));
    derive("a notification", make(seL4_NotificationObject));
    derive("a badged notification", mint(make(seL4_NotificationObject), seL4_AllRights, 1));
    derive("a TCB", make(seL4_TCBObject));
    derive("a CNode", make_sized(seL4_CapTableObject, 2));
    derive("an empty slot", slot());
}

static void test_singletons(void)
{
    section("singletons");
    derive("IRQ control", seL4_CapIRQControl);
    derive("ASID control", seL4_CapASIDControl);
    derive("the ASID pool", seL4_CapInitThreadASIDPool);
    derive("I/O port control", seL4_CapIOPortControl);
    derive("domain", seL4_CapDomain);
    derive("the boot information frame", seL4_CapBootInfoFrame);
    seL4_CPtr handler = slot(), port = slot();
    SEL4_UTIL_CHECK(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, handler, WORD, 0, 3, 0, 0, 3));
    derive("an IRQ handler", handler);
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x2f8, 0x2ff, CNODE, port, WORD));
    derive("I/O ports", port);
    CASE(seL4_CNode_Revoke(CNODE, seL4_CapIRQControl, WORD), "revoke IRQ control");
    SAY("handler %lx\n", kind(handler));
    CASE(seL4_CNode_Revoke(CNODE, seL4_CapIOPortControl, WORD), "revoke I/O port control");
    SAY("ports %lx\n", kind(port));
}

static void test_memory(void)
{
    section("frames and paging structures");
    const seL4_Word vaddr = 0x8000000000;
    seL4_CPtr frame = make(seL4_X86_4K);
    derive("a frame", frame);
    derive("a large page", make(seL4_X86_LargePageObject));
    seL4_CPtr table = make(seL4_X86_PageTableObject), directory = make(seL4_X86_PageDirectoryObject);
    seL4_CPtr pdpt = make(seL4_X86_PDPTObject), pml4 = make(seL4_X64_PML4Object);
    derive("an unmapped page table", table);
    derive("an unmapped page directory", directory);
    derive("an unmapped PDPT", pdpt);
    derive("a PML4 without ASID", pml4);
    SEL4_UTIL_CHECK(seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, pml4));
    derive("a PML4 with ASID", pml4);
    derive("the initial thread's PML4", VSPACE);
    SEL4_UTIL_CHECK(seL4_X86_PDPT_Map(pdpt, VSPACE, vaddr, 0));
    SEL4_UTIL_CHECK(seL4_X86_PageDirectory_Map(directory, VSPACE, vaddr, 0));
    SEL4_UTIL_CHECK(seL4_X86_PageTable_Map(table, VSPACE, vaddr, 0));
    SEL4_UTIL_CHECK(seL4_X86_Page_Map(frame, VSPACE, vaddr, seL4_ReadWrite, 0));
    derive("a mapped frame", frame);
    derive("a mapped page table", table);
    derive("a mapped page directory", directory);
    derive("a mapped PDPT", pdpt);
    *(volatile seL4_Word *)vaddr = 1234;
    SAY("the page after all that: %lu\n", *(volatile seL4_Word *)vaddr);
}

int main(seL4_BootInfo *info)
{
    open(info);
    target = slot();
    test_objects();
    test_singletons();
    test_memory();
    close();
    return 0;
}
