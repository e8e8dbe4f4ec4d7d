/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and checking the root task's image. See image.h for what a checked image promises.
 */
#include "run/image.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/abi.h"

enum {
    PAGE_MASK = 4095
};

static int refuse(const struct image *image, struct diag *diag, const char *reason)
{
    diag_add(diag, "%s: %s", image->path, reason);
    return -ENOEXEC;
}

static int file_open(struct image *image, uint64_t *file_size, struct diag *diag)
{
    struct stat status;
    image->fd =
        open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hang the check below */
    if (image->fd < 0 || fstat(image->fd, &status) != 0) {
        return diag_errno(diag, errno, "%s", image->path);
    }
    if (S_ISDIR(status.st_mode)) {
        return refuse(image, diag, "is a directory, not an image");
    }
    if (!S_ISREG(status.st_mode)) {
        return refuse(image, diag, "is not a regular file");
    }
    if (status.st_size == 0) {
        return refuse(image, diag, "is empty");
    }
    *file_size = (uint64_t)status.st_size;
    return 0;
}

static const char *machine_name(unsigned machine)
{
    switch (machine) {
    case EM_386:
        return "i386";
    case EM_ARM:
        return "ARM";
    case EM_AARCH64:
        return "AArch64";
    case EM_RISCV:
        return "RISC-V";
    default:
        return "another processor";
    }
}

/* The identification bytes, before libelf sees the file: it reads them less strictly. */
static int ident_check(const struct image *image, struct diag *diag)
{
    unsigned char ident[EI_NIDENT];
    ssize_t got = pread(image->fd, ident, sizeof(ident), 0);
    if (got < SELFMAG || memcmp(ident, ELFMAG, SELFMAG) != 0) {
        return refuse(image, diag, "is not an ELF file");
    }
    if (got < EI_NIDENT) {
        return refuse(image, diag, "is truncated: no whole ELF header");
    }
    if (ident[EI_CLASS] == ELFCLASS32) {
        return refuse(image, diag, "is a 32-bit ELF file; give the 64-bit root task image, not the kernel");
    }
    if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB || ident[EI_VERSION] != EV_CURRENT) {
        return refuse(image, diag, "is not a 64-bit little-endian ELF file");
    }
    return 0;
}

static int header_check(const struct image *image, const GElf_Ehdr *header, struct diag *diag)
{
    if (header->e_machine != EM_X86_64) {
        diag_add(diag, "%s: is an ELF file for %s, not for x86-64", image->path,
                 machine_name(header->e_machine));
        return -ENOEXEC;
    }
    if (header->e_type == ET_REL) {
        return refuse(image, diag, "is an object file, not a linked image");
    }
    if (header->e_type == ET_DYN) {
        return refuse(
            image, diag,
            "is position-independent or dynamic; a root task is linked statically (-static -no-pie)");
    }
    if (header->e_type != ET_EXEC) {
        return refuse(image, diag, "is not an executable ELF file");
    }
    if (header->e_phnum == 0) {
        return refuse(image, diag, "has no program headers");
    }
    return 0;
}

/* Read the program header table's extent ourselves: a size that libelf would round or forgive is refused. */
static int table_check(const struct image *image, const GElf_Ehdr *header, uint64_t file_size,
                       struct diag *diag)
{
    uint64_t size = (uint64_t)header->e_phnum * sizeof(Elf64_Phdr);
    if (header->e_ehsize < sizeof(Elf64_Ehdr) || file_size < sizeof(Elf64_Ehdr)) {
        return refuse(image, diag, "is truncated: no whole ELF header");
    }
    if (header->e_phentsize != sizeof(Elf64_Phdr)) {
        return refuse(image, diag, "has program headers of a wrong size");
    }
    if (header->e_phoff > file_size || size > file_size - header->e_phoff) {
        return refuse(image, diag, "is truncated: the program headers lie outside the file");
    }
    return 0;
}

static int segment_check(const struct image *image, const GElf_Phdr *header, unsigned index,
                         uint64_t file_size, struct diag *diag)
{
    const char *reason = NULL;
    if (header->p_filesz > header->p_memsz) {
        reason = "holds more in the file than in memory";
    } else if (header->p_offset > file_size || header->p_filesz > file_size - header->p_offset) {
        reason = "lies outside the file, which is truncated or hostile";
    } else if (header->p_vaddr >= ABI_USER_TOP || header->p_memsz > ABI_USER_TOP - header->p_vaddr) {
        reason = "lies outside user space";
    }
    if (reason) {
        diag_add(diag, "%s: segment %u %s", image->path, index, reason);
        return -ENOEXEC;
    }
    return 0;
}

static int segment_compare(const void *a, const void *b)
{
    const struct image_segment *first = a;
    const struct image_segment *second = b;
    return (first->vaddr > second->vaddr) - (first->vaddr < second->vaddr);
}

static int segments_read(struct image *image, unsigned count, uint64_t file_size, struct diag *diag)
{
    for (unsigned i = 0; i < count; i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(image->elf, (int)i, &header)) {
            return refuse(image, diag, "has unreadable program headers");
        }
        if (header.p_type == PT_INTERP) { /* PT_DYNAMIC alone: some linkers leave one in a static image */
            return refuse(image, diag, "is dynamically linked; a root task is static");
        }
        if (header.p_type != PT_LOAD || header.p_memsz == 0) {
            continue;
        }
        int error = segment_check(image, &header, i, file_size, diag);
        if (error) {
            return error;
        }
        if (image->segment_count == IMAGE_MAX_SEGMENTS) {
            return refuse(image, diag, "has more than 64 segments to load");
        }
        image->segment[image->segment_count++] = (struct image_segment){
            .vaddr = header.p_vaddr,
            .memory_size = header.p_memsz,
            .file_offset = header.p_offset,
            .file_size = header.p_filesz,
        };
    }
    qsort(image->segment, image->segment_count, sizeof(image->segment[0]), segment_compare);
    return image->segment_count ? 0 : refuse(image, diag, "has nothing to load");
}

static int layout_check(struct image *image, struct diag *diag)
{
    bool has_entry = false;
    uint64_t end = 0;
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *segment = &image->segment[i];
        if (i && segment->vaddr < end) {
            diag_add(diag, "%s: two segments overlap at %#llx", image->path,
                     (unsigned long long)segment->vaddr);
            return -ENOEXEC;
        }
        end = segment->vaddr + segment->memory_size;
        has_entry = has_entry || (segment->vaddr <= image->entry && image->entry < end);
    }
    if (!has_entry) {
        diag_add(diag, "%s: the entry point %#llx lies in no segment", image->path,
                 (unsigned long long)image->entry);
        return -ENOEXEC;
    }
    image->vaddr_start = image->segment[0].vaddr & ~(uint64_t)PAGE_MASK;
    image->vaddr_end = (end + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
    return 0;
}

static int elf_check(struct image *image, uint64_t file_size, struct diag *diag)
{
    int error = ident_check(image, diag);
    if (error) {
        return error;
    }
    GElf_Ehdr header;
    (void)elf_version(EV_CURRENT);
    image->elf = elf_begin(image->fd, ELF_C_READ, NULL);
    if (!image->elf || elf_kind(image->elf) != ELF_K_ELF || !gelf_getehdr(image->elf, &header)) {
        return refuse(image, diag, "is truncated: no whole ELF header");
    }
    image->entry = header.e_entry;
    error = header_check(image, &header, diag);
    if (!error) {
        error = table_check(image, &header, file_size, diag);
    }
    if (!error) {
        error = segments_read(image, header.e_phnum, file_size, diag);
    }
    return error ? error : layout_check(image, diag);
}

int image_open(struct image *image, const char *path, struct diag *diag)
{
    uint64_t file_size = 0;
    *image = (struct image){.path = path, .fd = -1};
    int error = file_open(image, &file_size, diag);
    if (!error) {
        error = elf_check(image, file_size, diag);
    }
    if (error) {
        image_close(image);
    }
    return error;
}

static int segment_load(const struct image *image, const struct image_segment *segment, unsigned char *to,
                        struct diag *diag)
{
    uint64_t done = 0;
    while (done < segment->file_size) {
        ssize_t got =
            pread(image->fd, to + done, segment->file_size - done, (off_t)(segment->file_offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return diag_errno(diag, errno, "%s", image->path);
        }
        if (got == 0) {
            return refuse(image, diag, "shrank while it was read");
        }
        done += (uint64_t)got;
    }
    return 0;
}

int image_load(const struct image *image, unsigned char *memory, struct diag *diag)
{
    int error = 0;
    for (unsigned i = 0; !error && i < image->segment_count; i++) {
        const struct image_segment *segment = &image->segment[i];
        error = segment_load(image, segment, memory + (segment->vaddr - image->vaddr_start), diag);
    }
    return error;
}

void image_close(struct image *image)
{
    if (image->elf) {
        (void)elf_end(image->elf);
    }
    if (image->fd >= 0) {
        (void)close(image->fd);
    }
    *image = (struct image){.fd = -1};
}
