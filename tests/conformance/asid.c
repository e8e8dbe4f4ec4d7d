/* SPDX-License-Identifier: BSD-2-Clause */
/* ASID control and pools: making pools out of untyped memory, assigning address spaces, and running out of both. */
#include "conformance.h"

static seL4_CPtr endpoint;
static seL4_Untyped page;

static void test_make_pool(void)
{
    section("making pools");
    seL4_CPtr pool_cap = slot(), child = slot();
    seL4_Untyped large = make_sized(seL4_UntypedObject, 13), small = make_sized(seL4_UntypedObject, 11);
    seL4_Untyped used = make_sized(seL4_UntypedObject, 12);
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(used, seL4_EndpointObject, 0, CNODE, 0, 0, child, 1));
    seL4_CPtr control = seL4_CapASIDControl;
    CASE(seL4_X86_ASIDControl_MakePool(control, endpoint, CNODE, pool_cap, WORD), "of an endpoint");
    CASE(seL4_X86_ASIDControl_MakePool(control, slot(), CNODE, pool_cap, WORD), "of an empty slot");
    CASE(seL4_X86_ASIDControl_MakePool(control, large, CNODE, pool_cap, WORD), "of 2^13 bytes");
    CASE(seL4_X86_ASIDControl_MakePool(control, small, CNODE, pool_cap, WORD), "of 2^11 bytes");
    CASE(seL4_X86_ASIDControl_MakePool(control, used, CNODE, pool_cap, WORD), "of memory with a child");
    CASE(seL4_X86_ASIDControl_MakePool(control, used, endpoint, pool_cap, WORD), "of that, root an endpoint");
    CASE(seL4_X86_ASIDControl_MakePool(control, endpoint, endpoint, pool_cap, 0),
         "of an endpoint, root an endpoint");
    CASE(seL4_X86_ASIDControl_MakePool(control, page, endpoint, pool_cap, WORD), "root an endpoint");
    CASE(seL4_X86_ASIDControl_MakePool(control, page, slot(), pool_cap, WORD), "root an empty slot");
    CASE(seL4_X86_ASIDControl_MakePool(control, page, CNODE, pool_cap, 0), "depth 0");
    CASE(seL4_X86_ASIDControl_MakePool(control, page, CNODE, pool_cap, 65), "depth 65");
    CASE(seL4_X86_ASIDControl_MakePool(control, page, CNODE, pool_cap, 11), "depth 11");
    CASE(seL4_X86_ASIDControl_MakePool(control, page, CNODE, endpoint, WORD), "to an occupied slot");
    CASE(seL4_X86_ASIDControl_MakePool(control, page, CNODE, pool_cap, WORD), "good");
    SAY("  %lx\n", kind(pool_cap));
    CASE(seL4_X86_ASIDControl_MakePool(control, page, CNODE, slot(), WORD), "of the same memory again");
    CASE(seL4_Untyped_Retype(page, seL4_EndpointObject, 0, CNODE, 0, 0, slot(), 1),
         "retype the memory of a pool");
    CASE(seL4_CNode_Revoke(CNODE, page, WORD), "revoke the memory");
    SAY("  %lx\n", kind(pool_cap));
}

static void test_assign(void)
{
    section("assigning");
    seL4_CPtr pml4 = make(seL4_X64_PML4Object), pdpt = make(seL4_X86_PDPTObject);
    seL4_CPtr pool_cap = slot();
    SEL4_UTIL_CHECK(seL4_X86_ASIDControl_MakePool(seL4_CapASIDControl, page, CNODE, pool_cap, WORD));
    CASE(seL4_X86_ASIDPool_Assign(pool_cap, endpoint), "an endpoint");
    CASE(seL4_X86_ASIDPool_Assign(pool_cap, slot()), "an empty slot");
    CASE(seL4_X86_ASIDPool_Assign(pool_cap, pdpt), "a PDPT");
    CASE(seL4_X86_ASIDPool_Assign(pool_cap, VSPACE), "the initial thread's");
    CASE(seL4_X86_ASIDPool_Assign(pool_cap, pml4), "a PML4");
    CASE(seL4_X86_ASIDPool_Assign(pool_cap, pml4), "it again");
    CASE(seL4_X86_PDPT_Map(pdpt, copy(pml4), 0, 0), "use a copy of it");
    CASE(discard(pool_cap), "delete the pool");
    CASE(seL4_X86_PDPT_Unmap(pdpt), "unmap from the PML4 without pool");
    CASE(seL4_X86_PDPT_Map(pdpt, pml4, 0, 0), "map into the PML4 without pool");
    CASE(seL4_X86_PDPT_Map(pdpt, pml4, ~0ul, 0), "map too high into it");
    CASE(seL4_X86_PageDirectory_Map(make(seL4_X86_PageDirectoryObject), pml4, 0, 0), "a directory into it");
    CASE(seL4_X86_PageTable_Map(make(seL4_X86_PageTableObject), pml4, 0, 0), "a page table into it");
    CASE(seL4_X86_Page_Map(make(seL4_X86_4K), pml4, 0, seL4_AllRights, 0), "a frame into it");
    CASE(seL4_X86_Page_Map(make(seL4_X86_4K), pml4, 1, seL4_AllRights, 0), "a frame into it, not aligned");
    CASE(seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, pml4), "assign it anew");
    CASE(seL4_TCB_SetSpace(make(seL4_TCBObject), 0, CNODE, 0, pml4, 0), "run a thread in it");
    CASE(discard(pml4), "delete it");
}

static void test_exhaustion(void)
{
    section("exhaustion");
    seL4_CPtr pools[16];
    seL4_Word count = 0;
    seL4_Error error;
    do {
        pools[count] = slot();
        error = (seL4_Error)seL4_X86_ASIDControl_MakePool(
            seL4_CapASIDControl, make_sized(seL4_UntypedObject, 12), CNODE, pools[count], WORD);
    } while (error == seL4_NoError && ++count < 15);
    SAY("%lu pools, ", count);
    CASE(error, "then");
    CASE(seL4_X86_ASIDControl_MakePool(seL4_CapASIDControl, endpoint, CNODE, pools[count], WORD),
         "and of an endpoint");
    CASE(discard(pools[count - 1]), "delete one");
    CASE(seL4_X86_ASIDControl_MakePool(seL4_CapASIDControl, make_sized(seL4_UntypedObject, 12), CNODE,
                                       pools[count - 1], WORD),
         "make one more");
    seL4_Word assigned = 0;
    seL4_CPtr pml4 = 0;
    do {
        pml4 = make(seL4_X64_PML4Object);
        error = (seL4_Error)seL4_X86_ASIDPool_Assign(pools[0], pml4);
    } while (error == seL4_NoError && ++assigned < 1000);
    SAY("%lu in one pool, ", assigned);
    CASE(error, "then");
    CASE(seL4_X86_ASIDPool_Assign(pools[0], endpoint), "and an endpoint");
    CASE(discard(pml4 - 1), "delete one");
    CASE(seL4_X86_ASIDPool_Assign(pools[0], pml4), "one more");
    CASE(seL4_X86_ASIDPool_Assign(pools[0], make(seL4_X64_PML4Object)), "and one more");
}

/* A thread in an address space of its own: it faults at once, for there is nothing in it. */
static void test_empty_space(void)
{
    section("an empty address space");
    seL4_CPtr pml4 = make(seL4_X64_PML4Object),
              fault_endpoint = mint(make(seL4_EndpointObject), seL4_AllRights, 0xf);
    seL4_TCB tcb = make(seL4_TCBObject);
    SEL4_UTIL_CHECK(seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, pml4));
    SEL4_UTIL_CHECK(seL4_TCB_Configure(tcb, fault_endpoint, CNODE, 0, pml4, 0, 0, 0));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(tcb, SELF, PRIORITY_HIGH));
    seL4_UserContext registers = {.rip = 0x400000, .rsp = 0x500000};
    CASE(seL4_TCB_WriteRegisters(tcb, 1, 0, 20, &registers), "start a thread");
    seL4_MessageInfo_t info = seL4_Recv(fault_endpoint, NULL);
    SAY("fault %lx: ip %lx, address %lx, status %lx\n", seL4_MessageInfo_get_label(info), seL4_GetMR(0),
        seL4_GetMR(1), seL4_GetMR(3));
    CASE(discard(pml4), "delete the address space");
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    info = seL4_Recv(fault_endpoint, NULL);
    SAY("fault %lx: ip %lx, address %lx, status %lx\n", seL4_MessageInfo_get_label(info), seL4_GetMR(0),
        seL4_GetMR(1), seL4_GetMR(3));
    SEL4_UTIL_CHECK(seL4_TCB_SetSpace(tcb, 0, CNODE, 0, VSPACE, 0));
    registers.rip = 8;
    CASE(seL4_TCB_WriteRegisters(tcb, 1, 0, 1, &registers), "another address space, without fault endpoint");
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    page = make_sized(seL4_UntypedObject, 12);
    test_make_pool();
    test_assign();
    test_empty_space();
    test_exhaustion();
    close();
    return 0;
}
