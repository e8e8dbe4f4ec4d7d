/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every process begins with: the personality's image, its stack, IPC buffer and order, and the program that lies
 * in memory where there is no root directory. What nobody writes is there once and mapped in all of them, and so is the page of times; the rest is
 * made anew for the first process and copied for a child. The capabilities lie in the leaf of the CSpace that is the
 * server's, each page in the same slot everywhere.
 */
#include "container/server/server.h"

#include "lib/libsel4/support/elf.h"

enum {
    PAGES = (1 << CONTAINER_LEAF_BITS) - 64,
    FLAG_WRITE = 2
};

struct page {
    uint64_t vaddr;
    const unsigned char *bytes;
    uint32_t size;
    uint32_t shared;  /* the frame of what is there once; 0: each process has its own */
    bool is_writable; /* though it is there once */
};

extern const unsigned char image_personality_start[], image_personality_end[];

static struct page pages[PAGES];
static unsigned page_count, ipc_page;
static uint64_t entry;

static void page_add(uint64_t vaddr, const void *bytes, uint64_t size, bool is_shared)
{
    if (page_count == PAGES) {
        broken("the personality is too large");
    }
    struct page *page = &pages[page_count++];
    *page = (struct page){.vaddr = vaddr, .bytes = bytes, .size = (uint32_t)size};
    if (!is_shared) {
        return;
    }
    bool is_zero;
    cap_address window = 0x7d2000400000ul;
    page->shared = frame_alloc(&is_zero);
    if (!page->shared || !frame_map_in(page->shared, window, true, &(cap_address){0})) {
        broken("not enough memory for the personality");
    }
    memset((void *)window, 0, PAGE_SIZE);
    memcpy((void *)window, bytes, size);
    frame_unmap(page->shared);
}

static void bytes_add(uint64_t vaddr, const unsigned char *bytes, uint64_t size)
{
    for (uint64_t at = 0; at < size; at += PAGE_SIZE) {
        page_add(vaddr + at, bytes + at, size - at < PAGE_SIZE ? size - at : PAGE_SIZE, true);
    }
}

/* Segments begin at a page: their addresses and offsets agree below that, and nobody minds what is around them. */
static void segment_add(const struct elf_segment *segment)
{
    uint64_t start = page_down(segment->vaddr), skipped = segment->vaddr - start;
    const unsigned char *bytes = image_personality_start + segment->offset - skipped;
    uint64_t file_size = segment->filesz ? segment->filesz + skipped : 0;
    for (uint64_t at = 0; at < segment->memsz + skipped; at += PAGE_SIZE) {
        uint64_t left = file_size > at ? file_size - at : 0;
        page_add(start + at, bytes + at, left < PAGE_SIZE ? left : PAGE_SIZE, !(segment->flags & FLAG_WRITE));
    }
}

void image_init(const struct container_order *order)
{
    const struct elf_header *header = (const struct elf_header *)image_personality_start;
    entry = header->entry;
    for (unsigned i = 0; i < header->phnum; i++) {
        struct elf_segment segment;
        memcpy(&segment, image_personality_start + header->phoff + i * sizeof segment, sizeof segment);
        if (segment.type == ELF_SEGMENT_LOAD) {
            segment_add(&segment);
        }
    }
    for (unsigned i = 1; i <= CONTAINER_STACK_PAGES; i++) {
        page_add(CONTAINER_STACK_TOP - i * PAGE_SIZE, NULL, 0, false);
    }
    ipc_page = page_count;
    page_add(CONTAINER_IPC_BUFFER, NULL, 0, false);
    page_add(CONTAINER_TIMES, "", 0, true);
    pages[page_count - 1].is_writable = true;
    bytes_add(CONTAINER_ORDER, (const unsigned char *)order, sizeof *order + order->text_size);
    bytes_add(order->program, (const unsigned char *)order->program, order->program_size);
}

uint64_t image_entry(void)
{
    return entry;
}

cap_address image_ipc_frame(void)
{
    return IMAGE_SLOT + ipc_page;
}

uint64_t image_end(void)
{
    return IMAGE_SLOT + page_count;
}

static bool shared_map(struct process *process, unsigned index)
{
    cap_address frame = slot_alloc();
    bool is_writable = pages[index].is_writable;
    seL4_CapRights_t rights = is_writable ? seL4_ReadWrite : seL4_CanRead;
    bool is_good = frame &&
                   seL4_CNode_Copy(CONTAINER_SLOT_CNODE, frame, seL4_WordBits, CONTAINER_SLOT_CNODE,
                                   pages[index].shared, seL4_WordBits, rights) == seL4_NoError &&
                   process_map(process, frame, pages[index].vaddr, is_writable) &&
                   seL4_CNode_Move(process->cnode, IMAGE_SLOT + index, seL4_WordBits, CONTAINER_SLOT_CNODE,
                                   frame, seL4_WordBits) == seL4_NoError;
    if (frame) {
        seL4_CNode_Delete(CONTAINER_SLOT_CNODE, frame, seL4_WordBits);
        slot_free(frame);
    }
    return is_good;
}

bool image_map(struct process *process, const struct image_source *source)
{
    const struct process *from = source ? source->process : NULL;
    struct page_copy batch[WINDOW_PAGES];
    unsigned count = 0;
    for (unsigned i = 0; i < page_count; i++) {
        if (pages[i].shared) {
            if (!shared_map(process, i)) {
                return false;
            }
            continue;
        }
        batch[count++] = (struct page_copy){.vaddr = pages[i].vaddr,
                                            .slot = IMAGE_SLOT + i,
                                            .bytes = pages[i].bytes,
                                            .size = pages[i].size,
                                            .is_blank = source && pages[i].vaddr >= source->scratch_start &&
                                                        pages[i].vaddr < source->scratch_end};
        if (count == WINDOW_PAGES) {
            if (!pages_copy(process, from, batch, count)) {
                return false;
            }
            count = 0;
        }
    }
    return pages_copy(process, from, batch, count);
}
