/* SPDX-License-Identifier: BSD-2-Clause */
/* Records: estates with pages of their own in the manager's address space. */
#include "record.h"

#include <selkie/host.h>

#include "container/control.h"

enum {
    PAGE = 1 << seL4_PageBits,
    RECORD_BYTES = 512 * 1024, /* the order, 32 host objects, page tables, and room */
    RECORD_SLOTS = 160,
    RECORD_WINDOW = 1 << seL4_LargePageBits /* so that no two share a page table */
};

#define RECORDS_VADDR 0x80000000ul

static struct record records[RECORDS];

bool records_init(struct sel4_util_allocator *all)
{
    for (unsigned i = 0; i < RECORDS; i++) {
        records[i].vaddr = RECORDS_VADDR + i * (seL4_Word)RECORD_WINDOW;
        if (!estate_reserve(&records[i].estate, RECORD_SLOTS)) {
            return false;
        }
    }
    /* The page directory that they all share comes from memory that stays. */
    seL4_CPtr frame = sel4_util_object_alloc(all, seL4_X86_4K, 0);
    return frame && sel4_util_map(all, all->vspace, frame, RECORDS_VADDR + RECORDS * (seL4_Word)RECORD_WINDOW,
                                  seL4_ReadWrite) == seL4_NoError;
}

struct record *record_make(void)
{
    for (unsigned i = 0; i < RECORDS; i++) {
        struct record *record = &records[i];
        if (!record->is_used) {
            record->host_count = 0;
            record->spare = seL4_CapNull;
            record->board = NULL;
            record->order = (struct order_text){NULL, 0};
            record->is_used = estate_make(&record->estate, RECORD_BYTES, 0) == seL4_NoError;
            return record->is_used ? record : NULL;
        }
    }
    return NULL;
}

void record_drop(struct record *record)
{
    estate_free(&record->estate);
    record->is_used = false;
}

seL4_CPtr record_spare(struct record *record)
{
    if (!record->spare) {
        record->spare = sel4_util_object_alloc(&record->estate.allocator, HOST_IO_TYPE, HOST_IO_BITS);
    }
    return record->spare;
}

seL4_CPtr record_find(const struct record *record, const char *name)
{
    for (unsigned i = 0; i < record->host_count; i++) {
        if (strcmp(record->host[i].name, name) == 0) {
            return record->host_cap[i];
        }
    }
    return seL4_CapNull;
}

bool record_add(struct record *record, const char *name, seL4_CPtr cap, seL4_Word kind, seL4_Word access)
{
    struct container_host *host = &record->host[record->host_count];
    size_t length = strlen(name);
    if (record->host_count == CONTAINER_HOSTS || length == 0 || length >= sizeof host->name ||
        record_find(record, name)) {
        return false;
    }
    *host = (struct container_host){.kind = (uint32_t)kind, .access = (uint32_t)access};
    memcpy(host->name, name, length + 1);
    record->host_cap[record->host_count++] = cap;
    return true;
}

bool record_give(struct record *record, const char *name, seL4_Word access)
{
    seL4_Word has = 0;
    long kind = selkie_host_object_kind(record->spare, &has);
    if (kind <= HOST_EMPTY) {
        return false;
    }
    has &= access;
    /* A capability of less access limits what is opened through it, too. */
    seL4_CapRights_t rights = seL4_CapRights_new(0, 0, (has & HOST_READ) != 0, (has & HOST_WRITE) != 0);
    seL4_CPtr cap = sel4_util_cap_mint(&record->estate.allocator, record->spare, rights, 0);
    if (!cap || !record_add(record, name, cap, (seL4_Word)kind, has)) {
        return false;
    }
    record->spare = seL4_CapNull;
    return true;
}

static seL4_CPtr page_make(struct record *record, seL4_Word vaddr)
{
    struct sel4_util_allocator *allocator = &record->estate.allocator;
    seL4_CPtr frame = sel4_util_object_alloc(allocator, seL4_X86_4K, 0);
    bool is_there =
        frame && sel4_util_map(allocator, allocator->vspace, frame, vaddr, seL4_ReadWrite) == seL4_NoError;
    return is_there ? frame : seL4_CapNull;
}

seL4_Error record_keep(struct record *record, struct order_text order)
{
    seL4_Word vaddr = record->vaddr;
    if (order.size > CONTROL_MESSAGE) {
        return seL4_InvalidArgument;
    }
    record->board_frame = page_make(record, vaddr);
    if (!record->board_frame) {
        return seL4_NotEnoughMemory;
    }
    record->board = (struct container_board *)vaddr;
    for (size_t at = 0; at < order.size; at += PAGE) {
        if (!page_make(record, vaddr + PAGE + at)) {
            return seL4_NotEnoughMemory;
        }
    }
    memcpy((void *)(vaddr + PAGE), order.text, order.size);
    record->order = (struct order_text){(const char *)(vaddr + PAGE), order.size};
    return seL4_NoError;
}
