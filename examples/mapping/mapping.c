/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping: an address space is a tree of objects that the program builds itself.
 * The kernel says which level is missing, and sends a message when a thread touches
 * what is not there; the receiver can map it and let the thread go on.
 * Manual: chapter "Address Spaces and Virtual Memory".
 */
#include <sel4_util.h>

#include <sel4/arch/mapping.h>

enum {
    PAGE = 1 << seL4_PageBits,
    WORKER_PRIORITY = 100,
    DEMAND_PAGES = 3,
    FSR_PRESENT = 1,
    FSR_WRITE = 2
};

/* Far from everything else: nothing of these trees exists yet. */
static const seL4_Word FIRST_VADDR = 0x123456789000;
static const seL4_Word ALIAS_VADDR = 0x12345678a000;
static const seL4_Word LARGE_VADDR = 0x123440000000;
static const seL4_Word DEMAND_VADDR = 0x20000000000;

static struct sel4_util_allocator allocator;
static const seL4_CPtr vspace = seL4_CapInitThreadVSpace;
static seL4_CPtr frame;
static seL4_CPtr fault_endpoint;

static void heading(const char *text)
{
    sel4_util_printf("\n%s\n", text);
}

static void show(const char *what, seL4_Word error)
{
    sel4_util_printf("  %-56s %s\n", what, sel4_util_error_name(error));
}

static seL4_Error map(seL4_CPtr page, seL4_Word vaddr, seL4_CapRights_t rights)
{
    return (seL4_Error)seL4_X86_Page_Map(page, vspace, vaddr, rights, seL4_X86_Default_VMAttributes);
}

static volatile seL4_Word *word_at(seL4_Word vaddr)
{
    return (volatile seL4_Word *)vaddr;
}

/* Map the frame; while a level of the tree is missing, make it. This is what sel4_util_map does. */
static void demonstrate_levels(void)
{
    heading("One page, and the tree above it");
    frame = sel4_util_object_alloc(&allocator, seL4_X86_4K, 0);
    for (;;) {
        seL4_Error error = map(frame, FIRST_VADDR, seL4_ReadWrite);
        show("map the frame", error);
        if (error != seL4_FailedLookup) {
            break;
        }
        switch (seL4_MappingFailedLookupLevel()) {
        case SEL4_MAPPING_LOOKUP_NO_PDPT:
            show("  add a page-directory-pointer table: 512 GiB",
                 (seL4_Word)seL4_X86_PDPT_Map(sel4_util_object_alloc(&allocator, seL4_X86_PDPTObject, 0),
                                              vspace, FIRST_VADDR, seL4_X86_Default_VMAttributes));
            break;
        case SEL4_MAPPING_LOOKUP_NO_PD:
            show("  add a page directory: 1 GiB",
                 (seL4_Word)seL4_X86_PageDirectory_Map(
                     sel4_util_object_alloc(&allocator, seL4_X86_PageDirectoryObject, 0), vspace, FIRST_VADDR,
                     seL4_X86_Default_VMAttributes));
            break;
        default:
            show("  add a page table: 2 MiB",
                 (seL4_Word)seL4_X86_PageTable_Map(
                     sel4_util_object_alloc(&allocator, seL4_X86_PageTableObject, 0), vspace, FIRST_VADDR,
                     seL4_X86_Default_VMAttributes));
            break;
        }
    }
    sel4_util_printf("  new memory is zero: %lu\n", *word_at(FIRST_VADDR));
    *word_at(FIRST_VADDR) = 42;
    sel4_util_printf("  and holds what is written to it: %lu\n", *word_at(FIRST_VADDR));
}

static void demonstrate_sharing(void)
{
    heading("The same frame at a second address");
    show("map the same capability there", map(frame, ALIAS_VADDR, seL4_ReadWrite));
    seL4_CPtr alias = sel4_util_cap_mint(&allocator, frame, seL4_AllRights, 0);
    show("map a copy of the capability there", map(alias, ALIAS_VADDR, seL4_ReadWrite));
    *word_at(ALIAS_VADDR) = 43;
    sel4_util_printf("  write 43 through the second, read the first: %lu\n", *word_at(FIRST_VADDR));
    seL4_X86_Page_GetAddress_t a = seL4_X86_Page_GetAddress(frame);
    seL4_X86_Page_GetAddress_t b = seL4_X86_Page_GetAddress(alias);
    sel4_util_printf("  one physical address: %s\n", a.paddr == b.paddr ? "yes" : "no");
    show("delete the copy, which unmaps it",
         (seL4_Word)seL4_CNode_Delete(allocator.cnode, alias, seL4_WordBits));
}

static void demonstrate_large_page(void)
{
    heading("Large pages");
    seL4_CPtr large = sel4_util_object_alloc(&allocator, seL4_X86_LargePageObject, 0);
    seL4_CPtr small = sel4_util_object_alloc(&allocator, seL4_X86_4K, 0);
    SEL4_UTIL_CHECK(sel4_util_map(&allocator, vspace, large, LARGE_VADDR, seL4_ReadWrite));
    seL4_Word last = LARGE_VADDR + LIBSEL4_BIT(seL4_LargePageBits) - sizeof(seL4_Word);
    *word_at(last) = 44;
    sel4_util_printf("  2 MiB in one mapping, its last word: %lu\n", *word_at(last));
    show("map a small page into the same 2 MiB", map(small, LARGE_VADDR, seL4_ReadWrite));
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(large));
    show("unmap the large one, and try again",
         sel4_util_map(&allocator, vspace, small, LARGE_VADDR, seL4_ReadWrite));
}

static void demonstrate_refusals(void)
{
    heading("What the kernel refuses");
    seL4_CPtr other = sel4_util_object_alloc(&allocator, seL4_X86_4K, 0);
    seL4_CPtr table = sel4_util_object_alloc(&allocator, seL4_X86_PageTableObject, 0);
    show("an address in the middle of a page", map(other, ALIAS_VADDR + 8, seL4_ReadWrite));
    show("an address of the kernel", map(other, 0xffffff8000000000, seL4_ReadWrite));
    show("a page table where there is one",
         (seL4_Word)seL4_X86_PageTable_Map(table, vspace, FIRST_VADDR, seL4_X86_Default_VMAttributes));
    show("a frame as if it were an address space",
         (seL4_Word)seL4_X86_Page_Map(other, frame, ALIAS_VADDR, seL4_ReadWrite,
                                      seL4_X86_Default_VMAttributes));
    show("unmap what is not mapped", (seL4_Word)seL4_X86_Page_Unmap(other));
}

/* The worker touches memory that is not there, or not to be written, and notices nothing. */
static void worker(void *argument)
{
    (void)argument;
    *word_at(FIRST_VADDR) = 45;
    for (unsigned i = 0; i < DEMAND_PAGES; i++) {
        if (*word_at(DEMAND_VADDR + i * PAGE) == 0) {
            *word_at(DEMAND_VADDR + i * PAGE) = 100 + i;
        }
    }
    seL4_Send(fault_endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
}

static void fault_resolve(seL4_Word vaddr, seL4_Word status)
{
    sel4_util_printf("  fault: %s of %lx, which is %s\n", status & FSR_WRITE ? "write" : "read", vaddr,
                     status & FSR_PRESENT ? "protected" : "not mapped");
    if (vaddr == FIRST_VADDR) {
        show("    map the same frame again, now for writing", map(frame, FIRST_VADDR, seL4_ReadWrite));
        return;
    }
    seL4_CPtr page = sel4_util_object_alloc(&allocator, seL4_X86_4K, 0);
    show("    map a new frame there",
         sel4_util_map(&allocator, vspace, page, vaddr & ~(seL4_Word)(PAGE - 1), seL4_ReadWrite));
}

static void demonstrate_page_faults(void)
{
    heading("Page faults: memory on demand");
    fault_endpoint = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    show("map the first page again, for reading only", map(frame, FIRST_VADDR, seL4_CanRead));
    struct sel4_util_thread thread;
    SEL4_UTIL_CHECK(
        sel4_util_thread_start(&thread, &allocator,
                               &(struct sel4_util_thread_config){.name = "worker",
                                                                 .entry = worker,
                                                                 .priority = WORKER_PRIORITY,
                                                                 .fault_endpoint = fault_endpoint}));
    for (;;) {
        seL4_MessageInfo_t message = seL4_Recv(fault_endpoint, NULL);
        if (!seL4_isVMFault_tag(message)) {
            break;
        }
        fault_resolve(seL4_GetMR(seL4_VMFault_Addr), seL4_GetMR(seL4_VMFault_FSR));
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    }
    sel4_util_printf("  the worker is done; it wrote %lu, %lu, %lu and %lu\n", *word_at(FIRST_VADDR),
                     *word_at(DEMAND_VADDR), *word_at(DEMAND_VADDR + PAGE),
                     *word_at(DEMAND_VADDR + 2 * PAGE));
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    sel4_util_printf("mapping: frames in an address space\n");
    demonstrate_levels();
    demonstrate_sharing();
    demonstrate_large_page();
    demonstrate_refusals();
    demonstrate_page_faults();
    sel4_util_printf("\nmapping: done\n");
    return 0;
}
