/* SPDX-License-Identifier: BSD-2-Clause */
/* Mapping frames, with whatever paging structures that takes. */
#include "internal.h"

#include <sel4/arch/mapping.h>

/* Make and map the paging structure that the last mapping lacked. */
static seL4_Error structure_add(struct sel4_util_allocator *allocator, seL4_CPtr vspace, seL4_Word vaddr,
                                seL4_Word level)
{
    seL4_Word type = level == SEL4_MAPPING_LOOKUP_NO_PT   ? seL4_X86_PageTableObject
                     : level == SEL4_MAPPING_LOOKUP_NO_PD ? seL4_X86_PageDirectoryObject
                                                          : seL4_X86_PDPTObject;
    seL4_CPtr structure = sel4_util_object_alloc(allocator, type, 0);
    if (!structure) {
        return seL4_NotEnoughMemory;
    }
    switch (level) {
    case SEL4_MAPPING_LOOKUP_NO_PT:
        return (seL4_Error)seL4_X86_PageTable_Map(structure, vspace, vaddr, seL4_X86_Default_VMAttributes);
    case SEL4_MAPPING_LOOKUP_NO_PD:
        return (seL4_Error)seL4_X86_PageDirectory_Map(structure, vspace, vaddr,
                                                      seL4_X86_Default_VMAttributes);
    default:
        return (seL4_Error)seL4_X86_PDPT_Map(structure, vspace, vaddr, seL4_X86_Default_VMAttributes);
    }
}

seL4_Error sel4_util_map(struct sel4_util_allocator *allocator, seL4_CPtr vspace, seL4_CPtr frame,
                         seL4_Word vaddr, seL4_CapRights_t rights)
{
    for (;;) {
        seL4_Error error = seL4_X86_Page_Map(frame, vspace, vaddr, rights, seL4_X86_Default_VMAttributes);
        if (error != seL4_FailedLookup) {
            return error;
        }
        /* The kernel names the highest structure that is missing; at most three are. */
        error = structure_add(allocator, vspace, vaddr, seL4_MappingFailedLookupLevel());
        if (error != seL4_NoError) {
            return error;
        }
    }
}

void *sel4_util_pages_alloc(struct sel4_util_allocator *allocator, unsigned pages)
{
    seL4_Word start = allocator->vaddr_next + LIBSEL4_BIT(seL4_PageBits);
    for (unsigned i = 0; i < pages; i++) {
        seL4_CPtr frame = sel4_util_object_alloc(allocator, seL4_X86_4K, 0);
        seL4_Word vaddr = start + i * LIBSEL4_BIT(seL4_PageBits);
        if (!frame ||
            sel4_util_map(allocator, allocator->vspace, frame, vaddr, seL4_ReadWrite) != seL4_NoError) {
            return NULL;
        }
    }
    allocator->vaddr_next = start + pages * LIBSEL4_BIT(seL4_PageBits);
    return (void *)start;
}
