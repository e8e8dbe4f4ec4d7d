/* SPDX-License-Identifier: BSD-2-Clause */
/* As much of the ELF format as the helpers read. */
#ifndef SEL4_UTIL_ELF_H
#define SEL4_UTIL_ELF_H

#include <sel4/simple_types.h>

enum {
    ELF_CLASS_AT = 4, /* index into ident */
    ELF_CLASS_64 = 2,
    ELF_MACHINE_X86_64 = 62,
    ELF_SEGMENT_LOAD = 1,
    ELF_SEGMENT_NOTE = 4,
    ELF_SEGMENT_TLS = 7
};

struct elf_header {
    unsigned char ident[16];
    seL4_Uint16 type, machine;
    seL4_Uint32 version;
    seL4_Uint64 entry, phoff, shoff;
    seL4_Uint32 flags;
    seL4_Uint16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
    seL4_Uint32 type, flags;
    seL4_Uint64 offset, vaddr, paddr, filesz, memsz, align;
};

#endif
