/* SPDX-License-Identifier: BSD-2-Clause */
/* Mapping ELF files: segments as file regions, what lies behind a file's part as zeros. elf(5). */
#include "container/linux/file.h"
#include "container/linux/loader.h"
#include "container/linux/open.h"
#include "container/linux/path.h"
#include "container/linux/space.h"
#include "lib/libsel4/support/elf.h"

#define PROGRAM_BASE 0x555555554000ul /* of position-independent programs, where gdb shows them too */

enum {
    TYPE_EXECUTABLE = 2,
    TYPE_SHARED = 3,
    SEGMENT_INTERPRETER = 3,
    SEGMENT_HEADERS = 6,
    FLAG_EXECUTE = 1,
    FLAG_WRITE = 2,
    FLAG_READ = 4,
    HEADERS_MAX = 64
};

struct elf {
    struct file *file;
    struct elf_header header;
    struct elf_segment segment[HEADERS_MAX];
    uint64_t low, high; /* of all that is loaded */
    uint64_t bias;
};

static bool read_exactly(struct file *file, void *to, uint64_t size, uint64_t offset)
{
    return file->kind->read && file->kind->read(file, (uint64_t)to, size, (int64_t)offset) == (long)size;
}

static long elf_open(struct elf *elf, struct file *file)
{
    *elf = (struct elf){.file = file, .low = ~0ul};
    const struct elf_header *header = &elf->header;
    if (!read_exactly(file, &elf->header, sizeof elf->header, 0) ||
        memcmp(header->ident, "\177ELF\2\1", 6) != 0 || header->machine != ELF_MACHINE_X86_64 ||
        (header->type != TYPE_EXECUTABLE && header->type != TYPE_SHARED) ||
        header->phentsize != sizeof(struct elf_segment) || header->phnum > HEADERS_MAX ||
        !read_exactly(file, elf->segment, header->phnum * sizeof(struct elf_segment), header->phoff)) {
        return -ENOEXEC;
    }
    for (unsigned i = 0; i < header->phnum; i++) {
        const struct elf_segment *segment = &elf->segment[i];
        if (segment->type != ELF_SEGMENT_LOAD) {
            continue;
        }
        if (segment->filesz > segment->memsz || segment->vaddr + segment->memsz < segment->vaddr ||
            (segment->vaddr ^ segment->offset) & PAGE_MASK) {
            return -ENOEXEC;
        }
        elf->low = page_down(segment->vaddr) < elf->low ? page_down(segment->vaddr) : elf->low;
        elf->high = page_up(segment->vaddr + segment->memsz) > elf->high
                        ? page_up(segment->vaddr + segment->memsz)
                        : elf->high;
    }
    return elf->low < elf->high ? 0 : -ENOEXEC;
}

static long segment_map(const struct elf *elf, const struct elf_segment *segment)
{
    uint64_t start = elf->bias + segment->vaddr, file_end = start + segment->filesz;
    uint64_t end = page_up(start + segment->memsz);
    uint8_t protection = (uint8_t)((segment->flags & FLAG_READ ? PROT_READ : 0) |
                                   (segment->flags & FLAG_WRITE ? PROT_WRITE : 0) |
                                   (segment->flags & FLAG_EXECUTE ? PROT_EXEC : 0));
    struct region region = {.start = page_down(start),
                            .end = page_up(file_end),
                            .protection = protection,
                            .file = elf->file,
                            .offset = page_down(segment->offset)};
    long error = segment->filesz ? space_map(&region) : 0;
    uint64_t zeros = segment->filesz ? page_up(file_end) : page_down(start);
    if (!error && zeros < end) {
        region = (struct region){.start = zeros, .end = end, .protection = protection};
        error = space_map(&region);
    }
    if (!error && segment->memsz > segment->filesz && segment->filesz && (protection & PROT_WRITE)) {
        error = user_zero(file_end, page_up(file_end) - file_end);
    }
    return error;
}

static long elf_map(struct elf *elf, uint64_t wish)
{
    uint64_t size = elf->high - elf->low;
    if (elf->header.type == TYPE_SHARED) {
        uint64_t base = space_find(wish, size);
        if (!base) {
            return -ENOMEM;
        }
        elf->bias = base - elf->low;
    } else if (elf->low < SPACE_START || elf->high > SPACE_MMAP_TOP) {
        return -ENOEXEC;
    }
    for (unsigned i = 0; i < elf->header.phnum; i++) {
        long error = elf->segment[i].type == ELF_SEGMENT_LOAD ? segment_map(elf, &elf->segment[i]) : 0;
        if (error) {
            return error;
        }
    }
    return 0;
}

/* Where the program headers lie in memory. */
static uint64_t headers_address(const struct elf *elf)
{
    for (unsigned i = 0; i < elf->header.phnum; i++) {
        const struct elf_segment *segment = &elf->segment[i];
        if (segment->type == SEGMENT_HEADERS) {
            return elf->bias + segment->vaddr;
        }
        if (segment->type == ELF_SEGMENT_LOAD && segment->offset <= elf->header.phoff &&
            elf->header.phoff < segment->offset + segment->filesz) {
            return elf->bias + segment->vaddr + (elf->header.phoff - segment->offset);
        }
    }
    return 0;
}

/* The file that the segment names. */
static long interpreter_open(const struct process *process, const struct elf_segment *segment,
                             const struct elf *elf, struct file **file)
{
    static char path[PATH_ROOM];
    memset(path, 0, sizeof path);
    if (segment->filesz >= sizeof path || !read_exactly(elf->file, path, segment->filesz, segment->offset)) {
        return -ENOEXEC;
    }
    long error = file_open_path(process, path, O_RDONLY, 0, file);
    if (error) {
        log_line("%s: the program's interpreter cannot be opened: %s", path, error_text(error));
    }
    return error;
}

static long interpreter_load(const struct process *process, const struct elf_segment *segment,
                             struct elf *elf, struct image *image)
{
    static struct elf interpreter;
    struct file *file;
    long error = interpreter_open(process, segment, elf, &file);
    if (error) {
        return error;
    }
    error = elf_open(&interpreter, file);
    error = error ? error : elf_map(&interpreter, 0);
    image->interpreter = interpreter.bias + interpreter.low;
    image->start = interpreter.bias + interpreter.header.entry;
    file_release(file);
    return error;
}

long image_check(const struct process *process, struct file *file)
{
    static struct elf elf;
    struct file *interpreter;
    long error = elf_open(&elf, file);
    for (unsigned i = 0; !error && i < elf.header.phnum; i++) {
        if (elf.segment[i].type == SEGMENT_INTERPRETER) {
            error = interpreter_open(process, &elf.segment[i], &elf, &interpreter);
            if (!error) {
                file_release(interpreter);
            }
        }
    }
    return error;
}

long image_load(const struct process *process, struct file *file, struct image *image)
{
    static struct elf elf;
    long error = elf_open(&elf, file);
    error = error ? error : elf_map(&elf, PROGRAM_BASE);
    if (error) {
        return error;
    }
    *image = (struct image){
        .entry = elf.bias + elf.header.entry,
        .start = elf.bias + elf.header.entry,
        .headers = headers_address(&elf),
        .header_count = elf.header.phnum,
        .end = elf.bias + elf.high,
    };
    for (unsigned i = 0; !error && i < elf.header.phnum; i++) {
        if (elf.segment[i].type == SEGMENT_INTERPRETER) {
            error = interpreter_load(process, &elf.segment[i], &elf, image);
        }
    }
    return error;
}
