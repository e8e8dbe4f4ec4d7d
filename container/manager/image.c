/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF images into a container's address space, page by page through a window in the manager's own. */
#include "elf.h"
#include "manager.h"

enum {
    PAGE = 1 << seL4_PageBits,
    FLAG_WRITE = 2
};

#define WINDOW_VADDR 0x0e000000ul

seL4_Error container_page(const struct container *container, seL4_Word vaddr, seL4_CapRights_t rights,
                          page_fill *fill, const void *argument)
{
    struct sel4_util_allocator *allocator = container->allocator;
    seL4_CPtr frame = sel4_util_object_alloc(allocator, seL4_X86_4K, 0);
    if (!frame) {
        return seL4_NotEnoughMemory;
    }
    if (fill) {
        seL4_Error error = sel4_util_map(allocator, allocator->vspace, frame, WINDOW_VADDR, seL4_ReadWrite);
        if (error != seL4_NoError) {
            return error;
        }
        fill(argument, vaddr, (unsigned char *)WINDOW_VADDR);
        seL4_X86_Page_Unmap(frame);
    }
    return sel4_util_map(allocator, container->vspace, frame, vaddr, rights);
}

struct source {
    const unsigned char *bytes;
    struct elf_segment segment;
};

/* What the segment's file part has of this page. */
static void segment_fill(const void *argument, seL4_Word vaddr, unsigned char *page)
{
    const struct source *source = argument;
    const struct elf_segment *segment = &source->segment;
    seL4_Word start = segment->vaddr > vaddr ? segment->vaddr : vaddr;
    seL4_Word file_end = segment->vaddr + segment->filesz;
    seL4_Word end = file_end < vaddr + PAGE ? file_end : vaddr + PAGE;
    if (start < end) {
        memcpy(page + (start - vaddr), source->bytes + segment->offset + (start - segment->vaddr),
               end - start);
    }
}

static seL4_Error segment_map(const struct container *container, const struct source *source)
{
    const struct elf_segment *segment = &source->segment;
    seL4_CapRights_t rights = segment->flags & FLAG_WRITE ? seL4_ReadWrite : seL4_CanRead;
    seL4_Error error = seL4_NoError;
    for (seL4_Word page = segment->vaddr & ~(seL4_Word)(PAGE - 1);
         !error && page < segment->vaddr + segment->memsz; page += PAGE) {
        bool has_bytes = page < segment->vaddr + segment->filesz;
        error = container_page(container, page, rights, has_bytes ? segment_fill : NULL, source);
    }
    return error;
}

seL4_Error image_map(const struct container *container, const void *image, size_t size, seL4_Word *entry)
{
    struct elf_header header;
    if (size < sizeof header) {
        return seL4_InvalidArgument;
    }
    memcpy(&header, image, sizeof header);
    if (memcmp(header.ident, "\177ELF", ELF_CLASS_AT) != 0 || header.machine != ELF_MACHINE_X86_64) {
        return seL4_InvalidArgument;
    }
    *entry = header.entry;
    seL4_Error error = seL4_NoError;
    for (unsigned i = 0; i < header.phnum && !error; i++) {
        struct source source = {.bytes = image};
        memcpy(&source.segment, source.bytes + header.phoff + i * sizeof source.segment,
               sizeof source.segment);
        if (source.segment.type == ELF_SEGMENT_LOAD) {
            error = segment_map(container, &source);
        }
    }
    return error;
}
