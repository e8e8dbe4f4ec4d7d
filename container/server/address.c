/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages of processes: mapping them there, and copying them from one process to another through two windows in the
 * server's own address space. Nothing of the processes is looked at but these pages.
 */
#include <sel4/arch/mapping.h>

#include "container/server/server.h"

enum {
    LEAF_MASK = (1 << CONTAINER_LEAF_BITS) - 1,
    NODE_DEPTH = CONTAINER_GUARD_BITS + CONTAINER_ROOT_BITS
};

/* Both in the reach of one page table, so that all pages can be unmapped by one invocation. */
#define WINDOW_FROM 0x7d2000000000ul
#define WINDOW_TO   (WINDOW_FROM + WINDOW_PAGES * PAGE_SIZE)

static cap_address window_from[WINDOW_PAGES], window_to[WINDOW_PAGES], window_table;

static bool structure_add(struct process *process, uint64_t vaddr, seL4_Word level)
{
    uint64_t type = level == SEL4_MAPPING_LOOKUP_NO_PT   ? seL4_X86_PageTableObject
                    : level == SEL4_MAPPING_LOOKUP_NO_PD ? seL4_X86_PageDirectoryObject
                                                         : seL4_X86_PDPTObject;
    cap_address cap = process_object(process, type, 0, seL4_PageBits);
    if (!cap) {
        return false;
    }
    seL4_Error error;
    if (level == SEL4_MAPPING_LOOKUP_NO_PT) {
        error = seL4_X86_PageTable_Map(cap, process->vspace, vaddr, seL4_X86_Default_VMAttributes);
    } else if (level == SEL4_MAPPING_LOOKUP_NO_PD) {
        error = seL4_X86_PageDirectory_Map(cap, process->vspace, vaddr, seL4_X86_Default_VMAttributes);
    } else {
        error = seL4_X86_PDPT_Map(cap, process->vspace, vaddr, seL4_X86_Default_VMAttributes);
    }
    /* Kept where no slot of the server is needed for as long as the process lives. */
    if (error == seL4_NoError && seL4_CNode_Move(process->cnode, process_slot_next(process), seL4_WordBits,
                                                 CONTAINER_SLOT_CNODE, cap, seL4_WordBits) != seL4_NoError) {
        return false;
    }
    slot_free(cap);
    return error == seL4_NoError;
}

bool process_map(struct process *process, cap_address frame, uint64_t vaddr, bool is_writable)
{
    seL4_CapRights_t rights = is_writable ? seL4_ReadWrite : seL4_CanRead;
    for (;;) {
        seL4_Error error =
            seL4_X86_Page_Map(frame, process->vspace, vaddr, rights, seL4_X86_Default_VMAttributes);
        if (error != seL4_FailedLookup) {
            return error == seL4_NoError;
        }
        if (!structure_add(process, vaddr, seL4_MappingFailedLookupLevel())) {
            return false;
        }
    }
}

bool process_leaf(struct process *process, uint64_t slot)
{
    uint64_t leaf = slot >> CONTAINER_LEAF_BITS;
    if (leaf >= 1ul << CONTAINER_ROOT_BITS) {
        return false;
    }
    if (process->leaves[leaf / 64] >> leaf % 64 & 1) {
        return true;
    }
    if (!process_retype(process, seL4_CapTableObject, CONTAINER_LEAF_BITS,
                        CONTAINER_LEAF_BITS + seL4_SlotBits, process->root, 0, 0, leaf, 1)) {
        return false;
    }
    process->leaves[leaf / 64] |= 1ul << leaf % 64;
    return true;
}

long process_leaf_new(struct process *process)
{
    for (uint64_t leaf = 1; leaf < IMAGE_SLOT >> CONTAINER_LEAF_BITS; leaf++) {
        if (!(process->leaves[leaf / 64] >> leaf % 64 & 1)) {
            return process_leaf(process, leaf << CONTAINER_LEAF_BITS) ? (long)leaf : -ENOMEM;
        }
    }
    return -ENOMEM;
}

/* A second capability to a page of a process, and the page in a window. */
static bool window_open(const struct process *process, uint64_t slot, cap_address *window, uint64_t vaddr,
                        bool is_writable)
{
    *window = *window ? *window : slot_alloc();
    if (!*window || seL4_CNode_Copy(CONTAINER_SLOT_CNODE, *window, seL4_WordBits, process->cnode, slot,
                                    seL4_WordBits, seL4_AllRights) != seL4_NoError) {
        return false;
    }
    return frame_map_in((uint32_t)*window, vaddr, is_writable, &window_table);
}

static void windows_close(cap_address *window, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (window[i]) {
            seL4_CNode_Delete(CONTAINER_SLOT_CNODE, window[i], seL4_WordBits);
        }
    }
}

static bool page_is_zero(const uint64_t *page)
{
    for (unsigned i = 0; i < PAGE_SIZE / sizeof *page; i += 4) {
        if (page[i] | page[i + 1] | page[i + 2] | page[i + 3]) {
            return false;
        }
    }
    return true;
}

/* A new frame in the process' slot, mapped. */
static bool page_make(struct process *to, uint64_t slot, uint64_t vaddr)
{
    if (!process_leaf(to, slot)) {
        return false;
    }
    cap_address frame = process_object(to, seL4_X86_4K, 0, seL4_PageBits);
    bool is_good = frame && process_map(to, frame, vaddr, true) &&
                   seL4_CNode_Move(to->cnode, slot, seL4_WordBits, CONTAINER_SLOT_CNODE, frame,
                                   seL4_WordBits) == seL4_NoError;
    if (frame) {
        seL4_CNode_Delete(CONTAINER_SLOT_CNODE, frame, seL4_WordBits);
        slot_free(frame);
    }
    return is_good;
}

/* Where the contents of a page are: in a window, in the server, nowhere. Windows are opened before any is looked at,
 * so that they become one mapping. */
static const void *page_source(const struct process *from, const struct page_copy *page, unsigned at)
{
    const uint64_t *window = (const uint64_t *)(WINDOW_FROM + at * PAGE_SIZE);
    if (page->is_blank) {
        return NULL;
    }
    if (from) {
        return page_is_zero(window) ? NULL : window;
    }
    return page->size ? page->bytes : NULL;
}

static bool pages_fill(const struct process *to, const struct process *from, const struct page_copy *pages,
                       unsigned count)
{
    const void *source[WINDOW_PAGES];
    unsigned filled = 0;
    for (unsigned i = 0; i < count; i++) {
        source[i] = page_source(from, &pages[i], i);
        if (source[i]) {
            if (!window_open(to, pages[i].slot, &window_to[filled], WINDOW_TO + filled * PAGE_SIZE, true)) {
                return false;
            }
            filled++;
        }
    }
    filled = 0;
    for (unsigned i = 0; i < count; i++) {
        if (source[i]) {
            memcpy((void *)(WINDOW_TO + filled * PAGE_SIZE), source[i], from ? PAGE_SIZE : pages[i].size);
            filled++;
        }
    }
    return true;
}

bool pages_copy(struct process *to, const struct process *from, const struct page_copy *pages, unsigned count)
{
    bool is_good = count <= WINDOW_PAGES;
    for (unsigned i = 0; i < count && is_good; i++) {
        is_good = page_make(to, pages[i].slot, pages[i].vaddr) &&
                  (!from || pages[i].is_blank ||
                   window_open(from, pages[i].slot, &window_from[i], WINDOW_FROM + i * PAGE_SIZE, false));
    }
    is_good = is_good && pages_fill(to, from, pages, count);
    if (window_table) {
        table_unmap(window_table);
    }
    windows_close(window_from, count);
    windows_close(window_to, count);
    return is_good;
}
