/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread-local storage, x86-64 style: the image lies just below the thread
 * pointer, and the word at the thread pointer holds its own address.
 */
#include "elf.h"
#include "internal.h"

enum {
    THREAD_POINTER_ALIGN = 64
};

/* The linker's name for the start of this image. */
extern const struct elf_header __ehdr_start __attribute__((visibility("hidden")));

static const struct elf_segment *tls_header(void)
{
    const struct elf_segment *headers =
        (const struct elf_segment *)((const char *)&__ehdr_start + __ehdr_start.phoff);
    for (unsigned i = 0; i < __ehdr_start.phnum; i++) {
        if (headers[i].type == ELF_SEGMENT_TLS) {
            return &headers[i];
        }
    }
    return NULL;
}

/* Bytes between the start of the image and the thread pointer. */
static size_t tls_image_span(const struct elf_segment *tls)
{
    size_t align = tls->align ? tls->align : 1;
    return (tls->memsz + align - 1) & ~(align - 1);
}

size_t sel4_util_tls_size(void)
{
    const struct elf_segment *tls = tls_header();
    return (tls ? tls_image_span(tls) : 0) + sizeof(seL4_Word) + THREAD_POINTER_ALIGN;
}

seL4_Word sel4_util_tls_write(void *area, size_t size)
{
    const struct elf_segment *tls = tls_header();
    seL4_Word pointer = ((seL4_Word)area + size - sizeof(seL4_Word)) & ~((seL4_Word)THREAD_POINTER_ALIGN - 1);
    if (tls) {
        char *image = (char *)pointer - tls_image_span(tls);
        memset(image, 0, tls_image_span(tls));
        memcpy(image, (const void *)tls->vaddr, tls->filesz);
    }
    *(seL4_Word *)pointer = pointer;
    return pointer;
}
