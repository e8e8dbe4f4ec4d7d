/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames in the address space: mapping them, and remembering which ones are the personality's own. */
#include <sel4/arch/mapping.h>
#include <sel4/sel4.h>

#include "container/linux/object.h"

#define OWN_PAGES ((struct own_page *)0x7d0f00000000ul) /* a table that grows */

static size_t own_count;

static bool structure_add(uint64_t vaddr, seL4_Word level, cap_address *table)
{
    uint64_t type = level == SEL4_MAPPING_LOOKUP_NO_PT   ? seL4_X86_PageTableObject
                    : level == SEL4_MAPPING_LOOKUP_NO_PD ? seL4_X86_PageDirectoryObject
                                                         : seL4_X86_PDPTObject;
    cap_address cap = level == SEL4_MAPPING_LOOKUP_NO_PT && *table ? *table : object_alloc(type, 0);
    if (!cap) {
        return false;
    }
    seL4_Error error;
    if (level == SEL4_MAPPING_LOOKUP_NO_PT) {
        error = seL4_X86_PageTable_Map(cap, CONTAINER_SLOT_VSPACE, vaddr, seL4_X86_Default_VMAttributes);
        *table = cap;
    } else if (level == SEL4_MAPPING_LOOKUP_NO_PD) {
        error = seL4_X86_PageDirectory_Map(cap, CONTAINER_SLOT_VSPACE, vaddr, seL4_X86_Default_VMAttributes);
    } else {
        error = seL4_X86_PDPT_Map(cap, CONTAINER_SLOT_VSPACE, vaddr, seL4_X86_Default_VMAttributes);
    }
    return error == seL4_NoError;
}

bool frame_map_in(uint32_t frame, uint64_t vaddr, bool is_writable, cap_address *table)
{
    seL4_CapRights_t rights = is_writable ? seL4_ReadWrite : seL4_CanRead;
    for (;;) {
        seL4_Error error =
            seL4_X86_Page_Map(frame, CONTAINER_SLOT_VSPACE, vaddr, rights, seL4_X86_Default_VMAttributes);
        if (error != seL4_FailedLookup) {
            return error == seL4_NoError;
        }
        if (!structure_add(vaddr, seL4_MappingFailedLookupLevel(), table)) {
            return false;
        }
    }
}

size_t own_pages(const struct own_page **pages)
{
    *pages = OWN_PAGES;
    return own_count;
}

/* Each page of the table begins with itself. */
static bool own_page_add(uint32_t frame, uint64_t vaddr)
{
    bool is_zero;
    cap_address table = 0;
    if (own_count % (PAGE_SIZE / sizeof *OWN_PAGES) == 0) {
        uint32_t page = frame_alloc(&is_zero);
        uint64_t at = (uint64_t)&OWN_PAGES[own_count];
        if (!page || !frame_map_in(page, at, true, &table)) {
            return false;
        }
        OWN_PAGES[own_count++] =
            (struct own_page){page, (uint32_t)((at - CONTAINER_PERSONALITY) / PAGE_SIZE)};
    }
    OWN_PAGES[own_count++] =
        (struct own_page){frame, (uint32_t)((vaddr - CONTAINER_PERSONALITY) / PAGE_SIZE)};
    return true;
}

bool frame_map(uint32_t frame, uint64_t vaddr, bool is_writable)
{
    cap_address table = 0;
    return (vaddr < CONTAINER_PERSONALITY || own_page_add(frame, vaddr)) &&
           frame_map_in(frame, vaddr, is_writable, &table);
}

void frame_unmap(uint32_t frame)
{
    seL4_X86_Page_Unmap(frame);
}

void table_unmap(cap_address table)
{
    seL4_X86_PageTable_Unmap(table);
}
