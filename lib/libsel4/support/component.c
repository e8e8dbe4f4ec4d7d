/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading a program into an address space of its own.
 *
 * Each page of the image is filled through a window in the loader's own address
 * space, then mapped where it belongs. All objects come from one allocator, so a
 * carved one can take the whole component back.
 */
#include "elf.h"
#include "internal.h"

enum {
    PAGE = 1 << seL4_PageBits,
    FLAGS_RESERVED_BIT = 0x2,
    /* Addresses that images do not use: the loader's window and the component's IPC buffer. */
    WINDOW_VADDR = 0x0f000000,
    IPC_BUFFER_VADDR = 0x0f000000
};

struct image {
    const unsigned char *bytes;
    size_t size;
    struct elf_header header;
};

/* Read from the image, which may lie at any alignment. */
static bool image_read(const struct image *image, void *to, seL4_Word offset, size_t size)
{
    if (offset > image->size || size > image->size - offset) {
        return false;
    }
    memcpy(to, image->bytes + offset, size);
    return true;
}

static bool image_open(struct image *image, const void *bytes, size_t size)
{
    *image = (struct image){.bytes = bytes, .size = size};
    return image_read(image, &image->header, 0, sizeof(image->header)) &&
           memcmp(image->header.ident, "\177ELF", ELF_CLASS_AT) == 0 &&
           image->header.ident[ELF_CLASS_AT] == ELF_CLASS_64 && image->header.machine == ELF_MACHINE_X86_64;
}

static bool header_read(const struct image *image, unsigned index, seL4_Uint32 type,
                        struct elf_segment *segment)
{
    seL4_Word at = image->header.phoff + (seL4_Word)index * image->header.phentsize;
    return image_read(image, segment, at, sizeof(*segment)) && segment->type == type &&
           segment->offset <= image->size && segment->filesz <= image->size - segment->offset;
}

static bool segment_read(const struct image *image, unsigned index, struct elf_segment *segment)
{
    return header_read(image, index, ELF_SEGMENT_LOAD, segment) && segment->filesz <= segment->memsz &&
           segment->vaddr < IPC_BUFFER_VADDR && segment->memsz <= IPC_BUFFER_VADDR - segment->vaddr;
}

/* Copy what every segment has of this page to `to`, which is zeroed. True if any has something there. */
static bool page_fill(const struct image *image, seL4_Word page, unsigned char *to)
{
    bool is_used = false;
    for (unsigned i = 0; i < image->header.phnum; i++) {
        struct elf_segment segment;
        if (!segment_read(image, i, &segment) || segment.vaddr >= page + PAGE ||
            segment.vaddr + segment.memsz <= page) {
            continue;
        }
        is_used = true;
        seL4_Word start = segment.vaddr > page ? segment.vaddr : page;
        seL4_Word file_end = segment.vaddr + segment.filesz;
        seL4_Word end = file_end < page + PAGE ? file_end : page + PAGE;
        if (to && start < end) {
            memcpy(to + (start - page), image->bytes + segment.offset + (start - segment.vaddr), end - start);
        }
    }
    return is_used;
}

static void page_note(const struct image *image, seL4_Word page, unsigned char *to)
{
    for (unsigned i = 0; i < image->header.phnum; i++) {
        struct elf_segment notes;
        if (header_read(image, i, ELF_SEGMENT_NOTE, &notes)) {
            sel4_util_entry_pass(image->bytes + notes.offset, notes.filesz, page, to);
        }
    }
}

static seL4_Error page_load(const struct sel4_util_component *component, const struct image *image,
                            seL4_Word page)
{
    struct sel4_util_allocator *allocator = component->allocator;
    seL4_CPtr frame = sel4_util_object_alloc(allocator, seL4_X86_4K, 0);
    if (!frame) {
        return seL4_NotEnoughMemory;
    }
    seL4_Error error = sel4_util_map(allocator, allocator->vspace, frame, WINDOW_VADDR, seL4_ReadWrite);
    if (error != seL4_NoError) {
        return error;
    }
    page_fill(image, page, (unsigned char *)WINDOW_VADDR);
    page_note(image, page, (unsigned char *)WINDOW_VADDR);
    error = seL4_X86_Page_Unmap(frame);
    if (error != seL4_NoError) {
        return error;
    }
    return sel4_util_map(allocator, component->vspace, frame, page, seL4_ReadWrite);
}

static seL4_Error image_load(const struct sel4_util_component *component, const struct image *image)
{
    seL4_Word start = IPC_BUFFER_VADDR;
    seL4_Word end = 0;
    for (unsigned i = 0; i < image->header.phnum; i++) {
        struct elf_segment segment;
        if (segment_read(image, i, &segment)) {
            start = segment.vaddr < start ? segment.vaddr : start;
            end = segment.vaddr + segment.memsz > end ? segment.vaddr + segment.memsz : end;
        }
    }
    seL4_Error error = start < end ? seL4_NoError : seL4_InvalidArgument;
    for (seL4_Word page = start & ~(seL4_Word)(PAGE - 1); !error && page < end; page += PAGE) {
        if (page_fill(image, page, NULL)) {
            error = page_load(component, image, page);
        }
    }
    return error;
}

static seL4_Error objects_make(struct sel4_util_component *component)
{
    struct sel4_util_allocator *allocator = component->allocator;
    component->tcb = sel4_util_object_alloc(allocator, seL4_TCBObject, 0);
    component->cnode = sel4_util_object_alloc(allocator, seL4_CapTableObject, SEL4_UTIL_COMPONENT_CNODE_BITS);
    component->vspace = sel4_util_object_alloc(allocator, seL4_X64_PML4Object, 0);
    if (!component->tcb || !component->cnode || !component->vspace) {
        return seL4_NotEnoughMemory;
    }
    return seL4_X86_ASIDPool_Assign(allocator->asid_pool, component->vspace);
}

static seL4_Error thread_configure(struct sel4_util_component *component,
                                   const struct sel4_util_component_config *config)
{
    struct sel4_util_allocator *allocator = component->allocator;
    seL4_CPtr frame = sel4_util_object_alloc(allocator, seL4_X86_4K, 0);
    if (!frame) {
        return seL4_NotEnoughMemory;
    }
    component->ipc_buffer = IPC_BUFFER_VADDR;
    seL4_Error error = sel4_util_map(allocator, component->vspace, frame, IPC_BUFFER_VADDR, seL4_ReadWrite);
    if (error != seL4_NoError) {
        return error;
    }
    seL4_Word guard_bits = seL4_WordBits - SEL4_UTIL_COMPONENT_CNODE_BITS;
    error = sel4_util_tcb_configure(allocator, component->tcb,
                                    &(struct sel4_util_tcb_spaces){
                                        .fault_endpoint = config->fault_endpoint,
                                        .cnode = component->cnode,
                                        .cnode_data = seL4_CNode_CapData_new(0, guard_bits).words[0],
                                        .vspace = component->vspace,
                                        .ipc_buffer = IPC_BUFFER_VADDR,
                                        .ipc_frame = frame,
                                        .priority = config->priority,
                                    });
    sel4_util_tcb_name(component->tcb, config->name);
    return error;
}

seL4_Error sel4_util_component_load(struct sel4_util_component *component,
                                    struct sel4_util_allocator *allocator,
                                    const struct sel4_util_component_config *config)
{
    struct image image;
    if (!image_open(&image, config->image, config->image_size)) {
        return seL4_InvalidArgument;
    }
    *component = (struct sel4_util_component){.allocator = allocator, .entry = image.header.entry};
    seL4_Error error = objects_make(component);
    if (error == seL4_NoError) {
        error = image_load(component, &image);
    }
    if (error == seL4_NoError) {
        error = thread_configure(component, config);
    }
    if (error == seL4_NoError) {
        error = sel4_util_component_give(component, SEL4_UTIL_COMPONENT_SLOT_TCB, component->tcb,
                                         seL4_AllRights, 0);
    }
    return error;
}

seL4_Error sel4_util_component_give(const struct sel4_util_component *component, seL4_Word slot,
                                    seL4_CPtr cap, seL4_CapRights_t rights, seL4_Word badge)
{
    return seL4_CNode_Mint(component->cnode, slot, SEL4_UTIL_COMPONENT_CNODE_BITS,
                           component->allocator->cnode, cap, seL4_WordBits, rights, badge);
}

seL4_Error sel4_util_component_start(const struct sel4_util_component *component, seL4_Word a, seL4_Word b,
                                     seL4_Word c, seL4_Word d)
{
    seL4_UserContext registers = {
        .rip = component->entry,
        .rflags = FLAGS_RESERVED_BIT,
        .rdi = component->ipc_buffer,
        .rsi = SEL4_UTIL_COMPONENT_SLOT_TCB,
        .rdx = a,
        .rcx = b,
        .r8 = c,
        .r9 = d,
    };
    return seL4_TCB_WriteRegisters(component->tcb, 1, 0, sizeof(registers) / sizeof(seL4_Word), &registers);
}
