/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames and paging structures: mapping at each level, its errors, rights, and what deleting takes away. */
#include "conformance.h"

/* PML4 entry 1 is for these tests. */
#define BASE          0x8000000000ul
#define NO_ATTRIBUTES ((seL4_X86_VMAttributes)0)

static seL4_CPtr frame, large, huge, table, directory, pdpt, pml4, endpoint, vacant;

static seL4_Error map(seL4_CPtr cap, seL4_Word vaddr)
{
    return (seL4_Error)seL4_X86_Page_Map(cap, VSPACE, vaddr, seL4_ReadWrite, NO_ATTRIBUTES);
}

static void test_structures(void)
{
    section("structures, from the top");
    static const seL4_Word vaddrs[] = {BASE + 0x123456, 0xffff800000000000, 0x800000000000,
                                       0x7ffffffff000,  0xffffffffffffffff, 0x400000};
    CASE(map(frame, BASE), "frame, no PDPT");
    CASE(map(large, BASE), "large page, no PDPT");
    CASE(map(huge, BASE), "huge page, no PDPT");
    CASE(seL4_X86_PageTable_Map(table, VSPACE, BASE, NO_ATTRIBUTES), "page table, no PDPT");
    CASE(seL4_X86_PageDirectory_Map(directory, VSPACE, BASE, NO_ATTRIBUTES), "page directory, no PDPT");
    CASE(seL4_X86_PDPT_Map(pdpt, pml4, BASE, NO_ATTRIBUTES), "PDPT into a PML4 without ASID");
    CASE(seL4_X86_PDPT_Map(pdpt, endpoint, BASE, NO_ATTRIBUTES), "PDPT into an endpoint");
    CASE(seL4_X86_PDPT_Map(pdpt, vacant, BASE, NO_ATTRIBUTES), "PDPT into an empty slot");
    CASE(seL4_X86_PDPT_Map(pdpt, endpoint, ~0ul, NO_ATTRIBUTES), "PDPT into an endpoint, address too high");
    for (unsigned i = 1; i < 5; i++) {
        if (vaddrs[i] != 0x7ffffffff000) {
            CASE(seL4_X86_PDPT_Map(pdpt, VSPACE, vaddrs[i], NO_ATTRIBUTES), "PDPT at %lx", vaddrs[i]);
        }
    }
    CASE(seL4_X86_PDPT_Map(pdpt, VSPACE, 0x400000, NO_ATTRIBUTES), "PDPT where one is");
    CASE(seL4_X86_PDPT_Map(pdpt, VSPACE, vaddrs[0], NO_ATTRIBUTES), "PDPT");
    CASE(seL4_X86_PDPT_Map(pdpt, VSPACE, vaddrs[0], NO_ATTRIBUTES), "PDPT again");
    CASE(seL4_X86_PDPT_Map(pdpt, VSPACE, BASE * 2, NO_ATTRIBUTES), "PDPT elsewhere, is mapped");
    CASE(seL4_X86_PDPT_Map(copy(pdpt), VSPACE, BASE * 2, NO_ATTRIBUTES), "a copy of it elsewhere");

    CASE(map(frame, BASE), "frame, no page directory");
    CASE(map(large, BASE), "large page, no page directory");
    CASE(seL4_X86_PageTable_Map(table, VSPACE, BASE, NO_ATTRIBUTES), "page table, no page directory");
    CASE(seL4_X86_PageDirectory_Map(directory, pml4, BASE, NO_ATTRIBUTES),
         "directory into a PML4 without ASID");
    CASE(seL4_X86_PageDirectory_Map(directory, endpoint, BASE, NO_ATTRIBUTES), "directory into an endpoint");
    CASE(seL4_X86_PageDirectory_Map(directory, pdpt, BASE, NO_ATTRIBUTES), "directory into a PDPT");
    CASE(seL4_X86_PageDirectory_Map(directory, VSPACE, 0xffff800000000000, NO_ATTRIBUTES),
         "directory too high");
    CASE(seL4_X86_PageDirectory_Map(directory, VSPACE, 0x400000, NO_ATTRIBUTES), "directory where one is");
    CASE(seL4_X86_PageDirectory_Map(directory, VSPACE, vaddrs[0], NO_ATTRIBUTES), "directory");
    CASE(seL4_X86_PageDirectory_Map(directory, VSPACE, vaddrs[0], NO_ATTRIBUTES), "directory again");
    CASE(seL4_X86_PageDirectory_Map(make(seL4_X86_PageDirectoryObject), VSPACE, BASE, NO_ATTRIBUTES),
         "another directory");
    CASE(map(huge, BASE), "huge page over the directory");

    CASE(map(frame, BASE), "frame, no page table");
    CASE(seL4_X86_PageTable_Map(table, pml4, BASE, NO_ATTRIBUTES), "table into a PML4 without ASID");
    CASE(seL4_X86_PageTable_Map(table, endpoint, BASE, NO_ATTRIBUTES), "table into an endpoint");
    CASE(seL4_X86_PageTable_Map(table, VSPACE, 0xffff800000000000, NO_ATTRIBUTES), "table too high");
    CASE(seL4_X86_PageTable_Map(table, VSPACE, 0x400000, NO_ATTRIBUTES), "table where one is");
    CASE(seL4_X86_PageTable_Map(table, VSPACE, vaddrs[0], NO_ATTRIBUTES), "table");
    CASE(seL4_X86_PageTable_Map(table, VSPACE, vaddrs[0], NO_ATTRIBUTES), "table again");
    CASE(seL4_X86_PageTable_Map(make(seL4_X86_PageTableObject), VSPACE, BASE, NO_ATTRIBUTES),
         "another table");
}

static void test_frames(void)
{
    section("frames");
    CASE(map(frame, BASE + 1), "not aligned");
    CASE(map(large, BASE + 0x1000), "large page not aligned");
    CASE(map(huge, BASE + 0x200000), "huge page not aligned");
    CASE(map(frame, 0xffff800000000000), "too high");
    CASE(map(frame, 0x7ffffffff000), "at the end of user space");
    CASE(map(large, 0x7fffffe00000), "large page over the end of user space");
    CASE(map(frame, 0x800000000000), "past the lower half");
    CASE(map(frame, ~0ul), "too high and not aligned");
    CASE(seL4_X86_Page_Map(frame, endpoint, BASE, seL4_ReadWrite, NO_ATTRIBUTES), "into an endpoint");
    CASE(seL4_X86_Page_Map(frame, pml4, BASE, seL4_ReadWrite, NO_ATTRIBUTES), "into a PML4 without ASID");
    CASE(seL4_X86_Page_Map(frame, pdpt, BASE, seL4_ReadWrite, NO_ATTRIBUTES), "into a PDPT");
    CASE(seL4_X86_Page_Map(frame, endpoint, ~0ul, seL4_ReadWrite, NO_ATTRIBUTES),
         "into an endpoint, too high");
    CASE(map(large, BASE), "large page over a page table");
    CASE(map(huge, BASE), "huge page over a page directory");
    CASE(map(frame, BASE), "map");
    *(volatile seL4_Word *)BASE = 0x1111;
    CASE(map(frame, BASE), "map again");
    CASE(map(frame, BASE + 0x1000), "map elsewhere while mapped");
    CASE(seL4_X86_Page_Map(frame, endpoint, BASE, seL4_ReadWrite, NO_ATTRIBUTES),
         "into an endpoint while mapped");
    seL4_CPtr twin = copy(frame);
    CASE(map(twin, BASE + 0x1000), "a copy elsewhere");
    SAY("  %lx\n", *(volatile seL4_Word *)(BASE + 0x1000));
    CASE(seL4_X86_Page_Unmap(twin), "unmap the copy");
    CASE(map(twin, BASE + 0x2000), "map it somewhere else");
    seL4_CPtr other = make(seL4_X86_4K);
    CASE(map(other, BASE), "another frame over the first");
    SAY("  %lx\n", *(volatile seL4_Word *)BASE);
    CASE(seL4_X86_Page_Unmap(frame), "unmap the frame that was there before");
    SAY("  %lx\n", *(volatile seL4_Word *)BASE);
    CASE(seL4_X86_Page_Unmap(frame), "unmap it again");
    CASE(discard(other), "delete the other");
    CASE(map(frame, BASE), "map the first again");
    SAY("  %lx\n", *(volatile seL4_Word *)BASE);
    for (seL4_Word attributes = 0; attributes < 16; attributes++) {
        CASE(seL4_X86_Page_Map(frame, VSPACE, BASE, seL4_ReadWrite, (seL4_X86_VMAttributes)attributes),
             "attributes %lx", attributes);
    }
    CASE(seL4_X86_Page_Map(frame, VSPACE, BASE, seL4_ReadWrite, (seL4_X86_VMAttributes)~0ul),
         "all attributes");
    SEL4_UTIL_CHECK(map(frame, BASE));
}

static volatile seL4_Word reached;
static seL4_CPtr fault_endpoint;

static void touch(void *address)
{
    reached = 1;
    reached = *(volatile seL4_Word *)address + 2;
    *(volatile seL4_Word *)address = reached;
    reached = 0xffff;
}

/* What a thread can do at an address: nothing, read, or read and write. */
static void access_show(const char *name, seL4_Word vaddr)
{
    struct sel4_util_thread *thread =
        spawn_faulting("toucher", touch, (void *)vaddr, PRIORITY_HIGH, fault_endpoint);
    seL4_Word badge = 0;
    seL4_NBRecv(fault_endpoint, &badge);
    SAY("  %s: %s", name, reached == 0xffff ? "read and write" : reached == 1 ? "no access" : "read only");
    if (badge) {
        SAY(", address %lx, status %lx", seL4_GetMR(seL4_VMFault_Addr), seL4_GetMR(seL4_VMFault_FSR));
    }
    SAY("\n");
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
}

static void test_rights(void)
{
    section("rights");
    for (seL4_Word cap_rights = 0; cap_rights < 4; cap_rights++) {
        seL4_CPtr cap = mint(make(seL4_X86_4K), (seL4_CapRights_t){{cap_rights}}, 0);
        for (seL4_Word rights = 0; rights < 4; rights++) {
            CASE(seL4_X86_Page_Map(cap, VSPACE, BASE + 0x3000, (seL4_CapRights_t){{rights}}, NO_ATTRIBUTES),
                 "capability with %lx, mapped with %lx", cap_rights, rights);
            access_show("touched", BASE + 0x3000);
        }
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(cap));
    }
    seL4_CPtr cap = make(seL4_X86_4K);
    SEL4_UTIL_CHECK(seL4_X86_Page_Map(cap, VSPACE, BASE + 0x3000, seL4_ReadWrite, NO_ATTRIBUTES));
    access_show("mapped", BASE + 0x3000);
    SEL4_UTIL_CHECK(seL4_X86_Page_Map(cap, VSPACE, BASE + 0x3000, seL4_CanRead, NO_ATTRIBUTES));
    access_show("with fewer rights", BASE + 0x3000);
    SEL4_UTIL_CHECK(seL4_X86_Page_Map(cap, VSPACE, BASE + 0x3000, seL4_ReadWrite, NO_ATTRIBUTES));
    access_show("with all again", BASE + 0x3000);
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(cap));
    access_show("unmapped", BASE + 0x3000);
}

static void test_sizes(void)
{
    section("large and huge pages");
    seL4_X86_Page_GetAddress_t address = seL4_X86_Page_GetAddress(large);
    SAY("large page at a multiple of its size: %d\n", (address.paddr & 0x1fffff) == 0);
    CASE(map(large, BASE + 0x200000), "map a large page");
    CASE(map(frame, BASE + 0x200000), "a mapped frame into it");
    seL4_CPtr small = make(seL4_X86_4K);
    CASE(map(small, BASE + 0x200000), "a frame into it");
    CASE(seL4_X86_PageTable_Map(make(seL4_X86_PageTableObject), VSPACE, BASE + 0x200000, NO_ATTRIBUTES),
         "a table into it");
    access_show("its last word", BASE + 0x3ffff8);
    CASE(map(make(seL4_X86_LargePageObject), BASE + 0x200000), "another large page over it");
    CASE(seL4_X86_Page_Unmap(large), "unmap the first");
    access_show("its last word", BASE + 0x3ffff8);
    CASE(map(huge, BASE + 0x40000000), "map a huge page");
    CASE(map(small, BASE + 0x40000000), "a frame into it");
    CASE(map(large, BASE + 0x40000000), "a large page into it");
    CASE(seL4_X86_PageDirectory_Map(make(seL4_X86_PageDirectoryObject), VSPACE, BASE + 0x40000000,
                                    NO_ATTRIBUTES),
         "a directory into it");
    access_show("its last word", BASE + 0x7ffffff8);
    CASE(seL4_X86_Page_Unmap(huge), "unmap it");
    access_show("its last word", BASE + 0x7ffffff8);
}

static void test_address(void)
{
    section("addresses");
    seL4_Untyped untyped = make_sized(seL4_UntypedObject, 14);
    seL4_CPtr first = slot();
    for (int i = 0; i < 3; i++) {
        slot();
    }
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(untyped, seL4_X86_4K, 0, CNODE, 0, 0, first, 4));
    seL4_Word start = seL4_X86_Page_GetAddress(first).paddr;
    for (seL4_CPtr i = 0; i < 4; i++) {
        seL4_X86_Page_GetAddress_t answer = seL4_X86_Page_GetAddress(first + i);
        SAY("frame %lu of an untyped: error %d, +%lx\n", i, answer.error, answer.paddr - start);
    }
    seL4_MessageInfo_t info = invoke(first, X86PageGetAddress, ARGUMENTS(.word_count = 0));
    SAY("raw: label %lx, %lu words\n", seL4_MessageInfo_get_label(info), seL4_MessageInfo_get_length(info));
}

static void test_unmap(void)
{
    section("unmapping structures");
    SEL4_UTIL_CHECK(map(frame, BASE));
    seL4_CPtr twin = copy(table);
    CASE(seL4_X86_PageTable_Unmap(table), "a table of which there is a copy");
    CASE(discard(twin), "delete the copy");
    access_show("through the table", BASE);
    CASE(seL4_X86_PageTable_Unmap(table), "the table, a frame in it");
    access_show("after that", BASE);
    CASE(seL4_X86_PageTable_Unmap(table), "again");
    CASE(map(frame, BASE), "the frame, still thought mapped");
    CASE(seL4_X86_Page_Unmap(frame), "unmap the frame");
    CASE(seL4_X86_PageTable_Map(table, VSPACE, BASE, NO_ATTRIBUTES), "the table again");
    CASE(map(frame, BASE), "the frame again");
    access_show("mapped", BASE);
    twin = copy(directory);
    CASE(seL4_X86_PageDirectory_Unmap(directory), "a directory of which there is a copy");
    SEL4_UTIL_CHECK(discard(twin));
    CASE(seL4_X86_PageDirectory_Unmap(directory), "the directory");
    access_show("after that", BASE);
    CASE(seL4_X86_PageDirectory_Unmap(directory), "again");
    CASE(seL4_X86_PageTable_Unmap(table), "the table below it");
    CASE(seL4_X86_PDPT_Unmap(pdpt), "the PDPT of which there is a copy");
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(CNODE, pdpt, WORD));
    CASE(seL4_X86_PDPT_Unmap(pdpt), "the PDPT");
    CASE(seL4_X86_PDPT_Unmap(pdpt), "again");
    CASE(seL4_X86_Page_Unmap(frame), "the frame");
    CASE(seL4_X86_PDPT_Map(pdpt, VSPACE, BASE, NO_ATTRIBUTES), "all again: PDPT");
    CASE(seL4_X86_PageDirectory_Map(directory, VSPACE, BASE, NO_ATTRIBUTES), "directory");
    CASE(seL4_X86_PageTable_Map(table, VSPACE, BASE, NO_ATTRIBUTES), "table");
    CASE(map(frame, BASE), "frame");
    access_show("mapped", BASE);
    CASE(discard(table), "delete the table");
    access_show("after that", BASE);
    CASE(discard(pdpt), "delete the PDPT");
    CASE(seL4_X86_PageDirectory_Unmap(directory), "unmap the directory");
    CASE(discard(frame), "delete the frame");
    CASE(discard(directory), "delete the directory");
}

int main(seL4_BootInfo *info)
{
    open(info);
    section("objects (a huge page is cleared, which takes a while)");
    endpoint = make(seL4_EndpointObject);
    fault_endpoint = mint(make(seL4_EndpointObject), seL4_AllRights, 0xf);
    frame = make(seL4_X86_4K);
    large = make(seL4_X86_LargePageObject);
    huge = make(seL4_X64_HugePageObject);
    table = make(seL4_X86_PageTableObject);
    directory = make(seL4_X86_PageDirectoryObject);
    pdpt = make(seL4_X86_PDPTObject);
    pml4 = make(seL4_X64_PML4Object);
    vacant = slot();
    test_structures();
    test_frames();
    test_rights();
    test_sizes();
    test_address();
    test_unmap();
    close();
    return 0;
}
