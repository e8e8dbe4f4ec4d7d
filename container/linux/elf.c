/* SPDX-License-Identifier: BSD-2-Clause */
/* Mapping ELF files: segments as file regions, what lies behind a file's part as zeros. elf(5). */
#include "container/linux/file.h"
#include "container/linux/loader.h"
#include "container/linux/open.h"
#include "container/linux/path.h"
#include "container/linux/space.h"

#define PROGRAM_BASE 0x555555554000ul /* of position-independent programs, where gdb shows them too */

enum {
    TYPE_EXECUTABLE = 2,
    TYPE_SHARED = 3,
    MACHINE_X86_64 = 62,
    SEGMENT_LOAD = 1,
    SEGMENT_INTERPRETER = 3,
    SEGMENT_HEADERS = 6,
    FLAG_EXECUTE = 1,
    FLAG_WRITE = 2,
    FLAG_READ = 4,
    HEADERS_MAX = 64
};

struct elf_header {
    unsigned char ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, headers, sections;
    uint32_t flags;
    uint16_t size, header_size, header_count, section_size, section_count, names;
};

struct segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, file_size, size, align;
};

struct elf {
    struct file *file;
    struct elf_header header;
    struct segment segment[HEADERS_MAX];
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
        memcmp(header->ident, "\177ELF\2\1", 6) != 0 || header->machine != MACHINE_X86_64 ||
        (header->type != TYPE_EXECUTABLE && header->type != TYPE_SHARED) ||
        header->header_size != sizeof(struct segment) || header->header_count > HEADERS_MAX ||
        !read_exactly(file, elf->segment, header->header_count * sizeof(struct segment), header->headers)) {
        return -ENOEXEC;
    }
    for (unsigned i = 0; i < header->header_count; i++) {
        const struct segment *segment = &elf->segment[i];
        if (segment->type != SEGMENT_LOAD) {
            continue;
        }
        if (segment->file_size > segment->size || segment->vaddr + segment->size < segment->vaddr ||
            (segment->vaddr ^ segment->offset) & PAGE_MASK) {
            return -ENOEXEC;
        }
        elf->low = page_down(segment->vaddr) < elf->low ? page_down(segment->vaddr) : elf->low;
        elf->high = page_up(segment->vaddr + segment->size) > elf->high
                        ? page_up(segment->vaddr + segment->size)
                        : elf->high;
    }
    return elf->low < elf->high ? 0 : -ENOEXEC;
}

static long segment_map(const struct elf *elf, const struct segment *segment)
{
    uint64_t start = elf->bias + segment->vaddr, file_end = start + segment->file_size;
    uint64_t end = page_up(start + segment->size);
    uint8_t protection = (uint8_t)((segment->flags & FLAG_READ ? PROT_READ : 0) |
                                   (segment->flags & FLAG_WRITE ? PROT_WRITE : 0) |
                                   (segment->flags & FLAG_EXECUTE ? PROT_EXEC : 0));
    struct region region = {.start = page_down(start),
                            .end = page_up(file_end),
                            .protection = protection,
                            .file = elf->file,
                            .offset = page_down(segment->offset)};
    long error = segment->file_size ? space_map(&region) : 0;
    uint64_t zeros = segment->file_size ? page_up(file_end) : page_down(start);
    if (!error && zeros < end) {
        region = (struct region){.start = zeros, .end = end, .protection = protection};
        error = space_map(&region);
    }
    if (!error && segment->size > segment->file_size && segment->file_size && (protection & PROT_WRITE)) {
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
    for (unsigned i = 0; i < elf->header.header_count; i++) {
        long error = elf->segment[i].type == SEGMENT_LOAD ? segment_map(elf, &elf->segment[i]) : 0;
        if (error) {
            return error;
        }
    }
    return 0;
}

/* Where the program headers lie in memory. */
static uint64_t headers_address(const struct elf *elf)
{
    for (unsigned i = 0; i < elf->header.header_count; i++) {
        const struct segment *segment = &elf->segment[i];
        if (segment->type == SEGMENT_HEADERS) {
            return elf->bias + segment->vaddr;
        }
        if (segment->type == SEGMENT_LOAD && segment->offset <= elf->header.headers &&
            elf->header.headers < segment->offset + segment->file_size) {
            return elf->bias + segment->vaddr + (elf->header.headers - segment->offset);
        }
    }
    return 0;
}

/* The file that the segment names. */
static long interpreter_open(const struct process *process, const struct segment *segment,
                             const struct elf *elf, struct file **file)
{
    static char path[PATH_ROOM];
    memset(path, 0, sizeof path);
    if (segment->file_size >= sizeof path ||
        !read_exactly(elf->file, path, segment->file_size, segment->offset)) {
        return -ENOEXEC;
    }
    long error = file_open_path(process, path, O_RDONLY, 0, file);
    if (error) {
        log_line("%s: the program's interpreter cannot be opened: error %ld", path, -error);
    }
    return error;
}

static long interpreter_load(const struct process *process, const struct segment *segment, struct elf *elf,
                             struct image *image)
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
    for (unsigned i = 0; !error && i < elf.header.header_count; i++) {
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
        .header_count = elf.header.header_count,
        .end = elf.bias + elf.high,
    };
    for (unsigned i = 0; !error && i < elf.header.header_count; i++) {
        if (elf.segment[i].type == SEGMENT_INTERPRETER) {
            error = interpreter_load(process, &elf.segment[i], &elf, image);
        }
    }
    return error;
}
